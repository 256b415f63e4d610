/** One JSON document: the platform's parser for what is right, a slower look at what is wrong. */
import { MAX_DEPTH } from "@cadastre/domain/Validation";
import * as Either from "effect/Either";
import { syntaxError } from "./jsonSyntax.ts";
import { linesOf, type PlacedFault, type Position } from "./positions.ts";
import { type ReadText, readYaml } from "./yamlReader.ts";

/** `first`: where in its file the text starts. */
export const readJson = (text: string, first: Position): JsonText => {
  let yaml: ReadText | undefined;
  return {
    content: parse(text, first),
    // JSON is YAML: what locates the keys of one does it for the other.
    locate: (pointer) => {
      yaml ??= readYaml(text, first);
      return yaml.locate(pointer);
    },
  };
};

interface JsonText extends ReadText {
  readonly content: Either.Either<unknown, ReadonlyArray<PlacedFault>>;
}

const parse = (text: string, first: Position): Either.Either<unknown, ReadonlyArray<PlacedFault>> => {
  const fault = (offset: number, message: string) =>
    Either.left([{ path: "", message, ...linesOf(text, first).positionOf(offset) }]);

  const shape = measure(text);
  if (shape.tooDeep !== undefined) return fault(shape.tooDeep, `is nested deeper than ${MAX_DEPTH} levels: flatten it`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { offset, message } = syntaxError(text);
    return fault(offset, message);
  }
  if (shape.members === membersOf(value)) return Either.right(value);
  const { content } = readYaml(text, first);
  return content !== undefined && Either.isLeft(content)
    ? content
    : fault(0, "a key stands twice in one object: remove one");
};

interface Shape {
  /** Colons outside strings: in a JSON text, one for each member of an object. */
  readonly members: number;
  /** Where the nesting exceeds the limit. */
  readonly tooDeep: number | undefined;
}

/**
 * Cheap facts about the text. `JSON.parse` silently keeps the last of two equal keys, so it gives fewer members than the
 * text has colons.
 */
const measure = (text: string): Shape => {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i);
        break;
      case 0x3a: // :
        members++;
        break;
      case 0x7b: // {
      case 0x5b: // [
        if (++depth > MAX_DEPTH) return { members, tooDeep: i };
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth--;
    }
  }
  return { members, tooDeep: undefined };
};

/** The offset of the quote that ends the string which starts at the offset, or the text's end. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslash = end;
    while (text.charCodeAt(backslash - 1) === 0x5c) backslash--;
    if ((end - backslash) % 2 === 0) return end;
  }
  return text.length;
};

const membersOf = (value: unknown): number => {
  let members = 0;
  if (Array.isArray(value)) for (const item of value) members += membersOf(item);
  else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) members += membersOf(item) + 1;
  }
  return members;
};
