/**
 * What the macros over collections do with each item.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { type Comprehension, excerpt } from "./ast.ts";
import { Failure, typeOf, type Value } from "./values.ts";

type Step = (item: Value) => Value | Failure;

type Loop = (items: ReadonlyArray<Value>, body: Step, filter: Step | undefined, node: ASTNode) => Value | Failure;

/** As a chain of `||` (deciding is true) or of `&&`. */
const quantifier =
  (deciding: boolean): Loop =>
  (items, body, _filter, node) => {
    let failure: Failure | undefined;
    for (const item of items) {
      const value = body(item);
      if (value === deciding) return deciding;
      if (typeof value !== "boolean") failure ??= failed(value, () => notBoolean(node, value));
    }
    return failure ?? !deciding;
  };

export const LOOPS: { readonly [Macro in Comprehension["macro"]]: Loop } = {
  exists: quantifier(true),
  all: quantifier(false),
  exists_one: (items, body, _filter, node) => {
    let found = 0;
    for (const item of items) {
      const value = body(item);
      if (typeof value !== "boolean") return failed(value, () => notBoolean(node, value));
      if (value) found++;
    }
    return found === 1;
  },
  filter: (items, body, _filter, node) => {
    const kept: Array<Value> = [];
    for (const item of items) {
      const value = body(item);
      if (typeof value !== "boolean") return failed(value, () => notBoolean(node, value));
      if (value) kept.push(item);
    }
    return kept;
  },
  map: (items, body, filter, node) => {
    const made: Array<Value> = [];
    for (const item of items) {
      const keep = filter === undefined ? true : filter(item);
      if (typeof keep !== "boolean") return failed(keep, () => notBoolean(node, keep));
      if (!keep) continue;
      const value = body(item);
      if (value instanceof Failure) return value;
      made.push(value);
    }
    return made;
  },
};

export const notBoolean = (node: ASTNode, value: Value | Failure): Failure =>
  new Failure(`${excerpt(node)}: a ${value instanceof Failure ? "failure" : typeOf(value)} is neither true nor false`);

export const failed = (value: Value | Failure, otherwise: () => Failure): Failure =>
  value instanceof Failure ? value : otherwise();
