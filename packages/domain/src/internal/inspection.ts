/**
 * What no document may hold, whatever its kind: values that are not JSON, that some store or reader along the way would
 * change or choke on, or that are out of all proportion.
 */
import * as Findings from "./findings.ts";

/** Levels of mappings and lists. */
export const MAX_DEPTH = 64;

/** Keys and values together. */
export const MAX_NODES = 20_000;

/** Characters of all keys and texts together: what a document of the largest size can hold without anchors. */
export const MAX_CHARACTERS = 1024 * 1024;

/** NUL, which PostgreSQL cannot store, and unpaired surrogates, which UTF-8 cannot write. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

export const inspect = (root: unknown, findings: Findings.Findings): void => {
  /** The keys and indexes that lead to the value being visited: `path[0]` to `path[depth - 1]`. */
  const path: Array<string | number> = [];
  let nodes = 0;
  let characters = 0;

  const fault = (depth: number, message: string): void =>
    Findings.add(findings, path.slice(0, depth).reduce<string>(Findings.at, ""), message);

  const exhausted = (): boolean => nodes > MAX_NODES || characters > MAX_CHARACTERS;

  const visit = (value: unknown, depth: number): void => {
    nodes++;
    if (typeof value === "string") {
      characters += value.length;
      if (UNSTORABLE.test(value)) fault(depth, `contains ${unstorable(value)}: remove it`);
    } else if (typeof value === "number") {
      if (!Number.isFinite(value)) fault(depth, `is ${value}, which JSON cannot write: use a finite number, or text`);
    } else if (typeof value === "object" && value !== null) {
      if (depth === MAX_DEPTH) fault(depth, `is nested deeper than ${MAX_DEPTH} levels: flatten it`);
      else if (Array.isArray(value)) {
        for (let i = 0; i < value.length && !exhausted(); i++) {
          path[depth] = i;
          visit(value[i], depth + 1);
        }
      } else {
        for (const key of Object.keys(value)) {
          if (exhausted()) return;
          path[depth] = key;
          visitKey(key, depth + 1);
          // Object.keys gave the key, and a cast is what reading an unknown object by key takes.
          visit((value as { readonly [key: string]: unknown })[key], depth + 1);
        }
      }
    } else if (typeof value !== "boolean" && value !== null) {
      fault(depth, `is not JSON data but a ${typeof value}`);
    }
  };

  const visitKey = (key: string, depth: number): void => {
    characters += key.length;
    nodes++;
    if (UNSTORABLE.test(key)) fault(depth, `the key contains ${unstorable(key)}: remove it`);
    if (key === "__proto__") fault(depth, "the key __proto__ is not allowed: choose another name");
  };

  visit(root, 0);
  if (nodes > MAX_NODES)
    fault(0, `has more than ${MAX_NODES} keys and values: keep large data elsewhere and link to it`);
  if (characters > MAX_CHARACTERS) {
    fault(0, `has more than ${MAX_CHARACTERS} characters: keep large data elsewhere and link to it`);
  }
};

const unstorable = (text: string): string =>
  text.includes("\0")
    ? "the character U+0000, which cannot be stored"
    : "half a character (an unpaired surrogate), which cannot be stored";
