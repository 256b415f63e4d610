/**
 * Operands that a store can look at: places in the envelope, literals, and places with a fallback.
 */
import { all, always, any, never, not, type Place, type Predicate, type Scalar } from "@cadastre/domain/Predicate";
import type { ASTNode } from "@marcbachmann/cel-js";
import { NAMESPACE_ALIAS } from "./environment.ts";
import { orderTexts } from "./values.ts";

/** A condition as the two predicates that are true where it is true, and where it is false; on an error neither is. */
export interface Sides {
  readonly whenTrue: Predicate;
  readonly whenFalse: Predicate;
}

export type Operand =
  | { readonly _tag: "Place"; readonly place: Place; readonly fallback?: "list" | "map" | undefined }
  | { readonly _tag: "Literal"; readonly value: Scalar }
  | { readonly _tag: "Literals"; readonly values: ReadonlyArray<Scalar> }
  /** `base.?a.?b`: absent where a key is. */
  | { readonly _tag: "Optional"; readonly base: Place; readonly keys: ReadonlyArray<string> }
  | { readonly _tag: "Else"; readonly base: Place; readonly keys: ReadonlyArray<string>; readonly value: Scalar }
  | { readonly _tag: "Residual"; readonly reason: string };

/** What the variables of enclosing loops stand for. */
export interface Bindings {
  readonly variables: ReadonlyMap<string, Operand>;
  /** Loops that a store runs, around this place. */
  readonly depth: number;
}

export const residual = (reason: string): Extract<Operand, { _tag: "Residual" }> => ({ _tag: "Residual", reason });

/** Relations are added to the envelope when it is read: a store cannot look into them here. */
export const ADDED = "relations are no part of what is stored with the entity";

const envelope = (...path: ReadonlyArray<string>): Operand => ({ _tag: "Place", place: { root: "envelope", path } });

const collection = (field: string, fallback: "list" | "map"): Operand => ({
  _tag: "Place",
  place: { root: "envelope", path: ["metadata", field] },
  fallback,
});

const VARIABLES: { readonly [name: string]: Operand } = {
  entity: envelope(),
  kind: envelope("kind"),
  [NAMESPACE_ALIAS]: envelope("metadata", "namespace"),
  name: envelope("metadata", "name"),
  owner: { _tag: "Place", place: { root: "owner", path: [] } },
  tags: collection("tags", "list"),
  labels: collection("labels", "map"),
  annotations: collection("annotations", "map"),
};

export const operandOf = (node: ASTNode, bindings: Bindings): Operand => {
  switch (node.op) {
    case "value":
      return literal(node.args);
    case "-_": {
      const operand = node.args.op === "value" ? literal(node.args.args) : residual("arithmetic");
      return operand._tag === "Literal" && typeof operand.value === "number"
        ? { _tag: "Literal", value: -operand.value }
        : residual("arithmetic");
    }
    case "id":
      return (
        bindings.variables.get(node.args) ?? VARIABLES[node.args] ?? residual(`${node.args} is no part of the entity`)
      );
    case ".":
      return member(operandOf(node.args[0], bindings), node.args[1]);
    case ".?":
      return optionalMember(operandOf(node.args[0], bindings), node.args[1]);
    case "[]":
    case "[?]": {
      const [container, key] = node.args;
      if (key.op !== "value" || typeof key.args !== "string")
        return residual("an index that is not a text written out");
      const operand = operandOf(container, bindings);
      return node.op === "[]" ? member(operand, key.args) : optionalMember(operand, key.args);
    }
    case "list": {
      const items = node.args.map((item) => operandOf(item, bindings));
      const values = items.flatMap((item) => (item._tag === "Literal" ? [item.value] : []));
      return values.length === items.length
        ? { _tag: "Literals", values }
        : residual("a list of something else than literals");
    }
    case "call": {
      const [name, [argument]] = node.args;
      return name === "dyn" && argument !== undefined ? operandOf(argument, bindings) : residual(`${name}()`);
    }
    case "rcall": {
      const [name, receiver, [argument]] = node.args;
      if (name !== "orValue" || argument === undefined) return residual(`${name}()`);
      const operand = operandOf(receiver, bindings);
      const fallback = operandOf(argument, bindings);
      return operand._tag === "Optional" && fallback._tag === "Literal"
        ? { _tag: "Else", base: operand.base, keys: operand.keys, value: fallback.value }
        : residual("orValue() of something else than a literal");
    }
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return residual("arithmetic");
    default:
      return residual("a computed value");
  }
};

/** Where the value of an optional chain stands. */
export const fullPlace = (base: Place, keys: ReadonlyArray<string>): Place => ({
  ...base,
  path: [...base.path, ...keys],
});

/** Neither an error nor a value: what the chain starts at is there, and what it leads to is not. */
export const isNone = (base: Place, keys: ReadonlyArray<string>): Predicate =>
  all({ _tag: "Present", at: base }, not({ _tag: "Present", at: fullPlace(base, keys) }));

/** Stores search for a text without care: with one as long as this in one as large as a document, at most 20 ms. */
export const MAX_PART = 256;

const literal = (value: Extract<ASTNode, { op: "value" }>["args"]): Operand => {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") {
    return { _tag: "Literal", value };
  }
  return typeof value === "bigint" && Number.isSafeInteger(Number(value))
    ? { _tag: "Literal", value: Number(value) }
    : residual("an integer beyond 2^53");
};

const member = (operand: Operand, key: string): Operand => {
  if (operand._tag === "Optional") return residual(`a plain field after an optional one: write .?${key}`);
  if (operand._tag !== "Place") return operand._tag === "Residual" ? operand : residual("a field of a computed value");
  return checked(operand.place, key, (place) => ({ _tag: "Place", place }));
};

const optionalMember = (operand: Operand, key: string): Operand => {
  if (operand._tag === "Optional") {
    const { base, keys } = operand;
    return checked(fullPlace(base, keys), key, () => ({ _tag: "Optional", base, keys: [...keys, key] }));
  }
  if (operand._tag !== "Place") return operand._tag === "Residual" ? operand : residual("a field of a computed value");
  // Which map a shorthand stands for where there is none, a store does not know.
  if (operand.fallback !== undefined) return residual("an optional field of a shorthand");
  return checked(operand.place, key, () => ({ _tag: "Optional", base: operand.place, keys: [key] }));
};

const checked = (place: Place, key: string, make: (place: Place) => Operand): Operand => {
  const path = [...place.path, key];
  if (place.root === "owner") return residual("a field of owner, which is a text");
  if (place.root === "envelope" && (path[0] === "relations" || path[1] === "relationsTruncated"))
    return residual(ADDED);
  return make({ ...place, path });
};

/** What can be asked of one value. */
export type Test =
  | { readonly _tag: "OneOf"; readonly values: ReadonlyArray<Scalar> }
  | { readonly _tag: "Order"; readonly op: "<" | "<=" | ">" | ">="; readonly value: string | number }
  | { readonly _tag: "Text"; readonly test: "startsWith" | "endsWith" | "contains"; readonly value: string }
  | { readonly _tag: "Boolean" };

/** The test of an operand as its two sides; undefined where a store cannot make it. */
export const sidesOf = (operand: Operand, test: Test): Sides | undefined => {
  switch (operand._tag) {
    case "Place":
      return operand.fallback === undefined ? atPlace(operand.place, test) : undefined;
    case "Literal":
      return ofLiteral(operand.value, test);
    case "Else": {
      const none = isNone(operand.base, operand.keys);
      const there = atPlace(fullPlace(operand.base, operand.keys), test);
      const otherwise = ofLiteral(operand.value, test);
      return {
        whenTrue: any(there.whenTrue, all(none, otherwise.whenTrue)),
        whenFalse: any(there.whenFalse, all(none, otherwise.whenFalse)),
      };
    }
    default:
      return undefined;
  }
};

const atPlace = (at: Place, test: Test): Sides => {
  switch (test._tag) {
    case "OneOf": {
      const whenTrue: Predicate = test.values.length === 0 ? never : { _tag: "OneOf", at, values: test.values };
      return { whenTrue, whenFalse: all({ _tag: "Present", at }, not(whenTrue)) };
    }
    case "Order": {
      const whenTrue: Predicate = { _tag: "Order", at, op: test.op, value: test.value };
      const type = typeof test.value === "string" ? "string" : "number";
      return { whenTrue, whenFalse: all({ _tag: "Is", at, type }, not(whenTrue)) };
    }
    case "Text": {
      const isText: Predicate = { _tag: "Is", at, type: "string" };
      if (test.value === "") return { whenTrue: isText, whenFalse: never };
      const whenTrue: Predicate = { _tag: "Text", at, test: test.test, value: test.value };
      return { whenTrue, whenFalse: all(isText, not(whenTrue)) };
    }
    case "Boolean":
      return { whenTrue: { _tag: "OneOf", at, values: [true] }, whenFalse: { _tag: "OneOf", at, values: [false] } };
  }
};

const constant = (value: boolean | undefined): Sides => ({
  whenTrue: value === true ? always : never,
  whenFalse: value === false ? always : never,
});

const ofLiteral = (value: Scalar, test: Test): Sides => {
  switch (test._tag) {
    case "OneOf":
      return constant(test.values.includes(value));
    case "Order": {
      if (typeof value === "string" && typeof test.value === "string") {
        return constant(holds(test.op, orderTexts(value, test.value)));
      }
      return constant(
        typeof value === "number" && typeof test.value === "number" ? holds(test.op, value - test.value) : undefined,
      );
    }
    case "Text":
      return constant(
        typeof value === "string" ? value[test.test === "contains" ? "includes" : test.test](test.value) : undefined,
      );
    case "Boolean":
      return constant(typeof value === "boolean" ? value : undefined);
  }
};

const holds = (op: "<" | "<=" | ">" | ">=", difference: number): boolean =>
  op === "<" ? difference < 0 : op === "<=" ? difference <= 0 : op === ">" ? difference > 0 : difference >= 0;
