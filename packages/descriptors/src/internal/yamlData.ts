/**
 * The library's nodes as JSON data.
 *
 * Done here and not by the library because only so the result is bounded (anchors that expand a thousandfold), is
 * nothing but JSON (tags, cycles), and duplicate keys are found in linear time.
 */
import { pointer } from "@cadastre/domain/Json";
import { MAX_CHARACTERS, MAX_DEPTH, MAX_NODES } from "@cadastre/domain/Validation";
import * as Either from "effect/Either";
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, visit, type YAMLMap, type YAMLSeq } from "yaml";
import { type Lines, limit, type PlacedFault } from "./positions.ts";
import { duplicateKey } from "./yamlMistakes.ts";

export type Anchors = ReadonlyMap<string, Node>;

const CORE = "tag:yaml.org,2002:";

/** Tags that say no more than JSON can: of the core schema, and `!`, which means text. */
const TAGS = new Set(["!", ...["str", "int", "float", "bool", "null", "map", "seq"].map((name) => CORE + name)]);

/** Characters of a path that a fault shows. */
const MAX_PATH = 1024;

/** The last node of each anchor's name, for finding places. */
export const anchorsOf = (document: Document.Parsed): Anchors => {
  const anchors = new Map<string, Node>();
  visit(document, {
    Node: (_, node) => {
      if ("anchor" in node && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return anchors;
};

/** The key as JSON has it: text as it is, other scalars as text, a collection as it is written. */
export const keyOf = (key: Node | null, text: string, anchors: Anchors): string => {
  if (isAlias(key)) return keyOf(anchors.get(key.source) ?? null, text, new Map());
  if (isScalar(key)) return key.value === null ? "" : String(key.value);
  return key?.range ? text.slice(key.range[0], key.range[1]) : "";
};

/** An empty document is null. */
export const toData = (
  document: Document.Parsed,
  text: string,
  lines: Lines,
): Either.Either<unknown, ReadonlyArray<PlacedFault>> => {
  const faults: Array<PlacedFault> = [];
  const anchors = new Map<string, Node>();
  /** Collections that are being converted: an alias to one of them is a cycle. */
  const open = new Set<Node>();
  const path: Array<string | number> = [];
  let nodes = 0;
  let characters = 0;

  const fault = (node: Node | null, message: string): null => {
    faults.push({ path: pointer(path).slice(0, MAX_PATH), message, ...lines.positionOf(node?.range?.[0] ?? 0) });
    return null;
  };

  const exhausted = (): boolean => nodes > MAX_NODES || characters > MAX_CHARACTERS;

  const convert = (node: Node | null): unknown => {
    nodes++;
    if (node === null || exhausted()) return null;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined)
        return fault(
          node,
          `is *${node.source}, and no anchor &${node.source} stands before it: put it in quotes if it is meant as text`,
        );
      if (open.has(target)) return fault(node, `is *${node.source}, which stands inside what it repeats: write it out`);
      return convert(target);
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (node.tag !== undefined && !TAGS.has(node.tag)) {
      const tag = node.tag.replace(CORE, "!!");
      return fault(
        node,
        `has the tag ${tag}, and only JSON data is allowed: remove the tag, or put the value in quotes`,
      );
    }
    return isScalar(node) ? scalar(node.value) : collection(node);
  };

  const scalar = (value: unknown): unknown => {
    if (typeof value === "string") characters += value.length;
    return value;
  };

  const collection = (node: Node): unknown => {
    if (path.length === MAX_DEPTH) return fault(node, `is nested deeper than ${MAX_DEPTH} levels: flatten it`);
    open.add(node);
    const data = isMap<Node | null, Node | null>(node)
      ? mapping(node)
      : isSeq<Node | null>(node)
        ? sequence(node)
        : null;
    open.delete(node);
    return data;
  };

  const sequence = (node: YAMLSeq<Node | null>): ReadonlyArray<unknown> =>
    node.items.map((item, index) => {
      path.push(index);
      const value = convert(item);
      path.pop();
      return value;
    });

  const mapping = (node: YAMLMap<Node | null, Node | null>): { readonly [key: string]: unknown } => {
    const members = new Map<string, unknown>();
    for (const pair of node.items) {
      if (exhausted()) break;
      if (pair.key !== null && !isAlias(pair.key) && pair.key.anchor !== undefined)
        anchors.set(pair.key.anchor, pair.key);
      const key = keyOf(pair.key, text, anchors);
      characters += key.length;
      nodes++;
      path.push(key);
      if (members.has(key)) fault(pair.key, duplicateKey(key, path.length === 1 && node.flow !== true));
      members.set(key, convert(pair.value));
      path.pop();
    }
    // Unlike an assignment, fromEntries makes a member of the key __proto__ too, so that validation sees it.
    return Object.fromEntries(members);
  };

  const data = convert(document.contents);
  if (exhausted()) {
    fault(
      document.contents,
      `has more than ${MAX_NODES} keys and values or ${MAX_CHARACTERS} characters, aliases expanded: keep large data elsewhere and link to it`,
    );
  }
  return faults.length > 0 ? Either.left(limit(faults)) : Either.right(data);
};
