/** One YAML document: its JSON data or its faults, and the places of its keys. */
import { MAX_FAULTS } from "@cadastre/domain/Fault";
import { MAX_NODES } from "@cadastre/domain/Validation";
import * as Either from "effect/Either";
import { Composer, type CST, type Document, isAlias, isMap, isSeq, Lexer, type Node, Parser } from "yaml";
import { type Lines, limit, linesOf, type PlacedFault, type Position, segmentsOf } from "./positions.ts";
import { type Anchors, anchorsOf, keyOf, toData } from "./yamlData.ts";
import { isTemplate, reword, UNRENDERED } from "./yamlMistakes.ts";

/** Lexical tokens. As many values as a document may have take fewer; with more, the parser would only be kept busy. */
const MAX_TOKENS = 5 * MAX_NODES;

export interface ReadText {
  /** Undefined: the document is empty. */
  readonly content: Either.Either<unknown, ReadonlyArray<PlacedFault>> | undefined;
  /** The place of what a JSON pointer leads to: of its key, or of the nearest one around it that exists. */
  readonly locate: (pointer: string) => Position;
}

/** `first`: where in its file the text starts. */
export const readYaml = (text: string, first: Position): ReadText => {
  const lines = linesOf(text, first);
  const documents = parse(text);
  const [document, second] = documents ?? [];
  const fault = (offset: number, message: string): ReadText => {
    const position = lines.positionOf(offset);
    return { content: Either.left([{ path: "", message, ...position }]), locate: () => position };
  };
  if (document === undefined) {
    return fault(0, `has more than ${MAX_TOKENS} words and signs: keep large data elsewhere and link to it`);
  }
  if (second !== undefined) return fault(second.range[0], "is more than one document: separate them by a line ---");

  const syntax = syntaxFaults(document, lines);
  let anchors: Anchors | undefined;
  const locate = (pointer: string): Position => {
    anchors ??= anchorsOf(document);
    return lines.positionOf(offsetOf(document, text, anchors, segmentsOf(pointer)));
  };
  if (syntax.length > 0) return { content: Either.left(limit(syntax)), locate };
  const content = toData(document, text, lines);
  return { content: Either.isRight(content) && content.right === null ? undefined : content, locate };
};

/** Undefined: there are too many tokens. */
const parse = (text: string): ReadonlyArray<Document.Parsed> | undefined => {
  let count = 0;
  let errors = 0;
  const tokens = function* (): Generator<CST.Token> {
    const parser = new Parser();
    for (const lexeme of new Lexer().lex(text)) {
      if (++count > MAX_TOKENS) return;
      for (const token of parser.next(lexeme)) {
        yield token;
        if (token.type === "error") errors++;
      }
      if (errors > MAX_FAULTS) break;
    }
    yield* parser.end();
  };
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    // Checked when the data is made: the library compares each key with every other.
    uniqueKeys: false,
  });
  const documents = [...composer.compose(tokens(), true, text.length)];
  return count > MAX_TOKENS ? undefined : documents;
};

/**
 * The library's errors, the first one of each line: the others of a line follow from it. Where a template engine's markup
 * is the cause, all others follow from that.
 */
const syntaxFaults = (document: Document.Parsed, lines: Lines): ReadonlyArray<PlacedFault> => {
  const faults = new Map<number, PlacedFault>();
  for (const error of [...document.errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    const position = lines.positionOf(error.pos[0]);
    const line = lines.textAt(error.pos[0]);
    if (isTemplate(line)) return [{ path: "", message: UNRENDERED, ...position }];
    if (!faults.has(position.line)) faults.set(position.line, { path: "", message: reword(error, line), ...position });
  }
  return [...faults.values()];
};

const offsetOf = (
  document: Document.Parsed,
  text: string,
  anchors: Anchors,
  segments: ReadonlyArray<string>,
): number => {
  let offset = document.contents?.range?.[0] ?? 0;
  let node: Node | null = document.contents;
  for (const segment of segments) {
    if (isAlias(node)) node = anchors.get(node.source) ?? null;
    if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find(({ key }) => keyOf(key, text, anchors) === segment);
      if (pair === undefined) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq<Node>(node)) {
      const item = node.items[Number(segment)];
      if (item === undefined) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
};
