/**
 * Conditions on an entity that a store can test by itself, whatever its query language.
 *
 * Two-valued: a test on a value that is absent or of another type is false, never unknown, so `Not` means what it says.
 * Places are looked up in the stored envelope; `relations` are no part of it.
 */

export type Scalar = null | boolean | number | string;

/** Where a value stands: the keys that lead to it from a root. */
export interface Place {
  /** The stored envelope; the entity's owner key ("" without one); or what the nth enclosing {@link Some} is at, outermost 0. */
  readonly root: "envelope" | "owner" | number;
  readonly path: ReadonlyArray<string>;
}

export type ValueType = "null" | "boolean" | "number" | "string" | "list" | "map";

export type Predicate =
  | { readonly _tag: "Always" }
  | { readonly _tag: "Never" }
  | { readonly _tag: "All"; readonly of: ReadonlyArray<Predicate> }
  | { readonly _tag: "Any"; readonly of: ReadonlyArray<Predicate> }
  | { readonly _tag: "Not"; readonly of: Predicate }
  /** There is a value; null is one. */
  | { readonly _tag: "Present"; readonly at: Place }
  | { readonly _tag: "Is"; readonly at: Place; readonly type: ValueType }
  /** The value equals one of these, type and all. */
  | { readonly _tag: "OneOf"; readonly at: Place; readonly values: ReadonlyArray<Scalar> }
  /** The value is of the type of `value` and in this order to it; text is ordered by code points. */
  | { readonly _tag: "Order"; readonly at: Place; readonly op: OrderOperator; readonly value: string | number }
  /** The value is a text that starts with, ends with or contains `value`, which is not empty. */
  | { readonly _tag: "Text"; readonly at: Place; readonly test: TextTest; readonly value: string }
  /** The value is a list with an item, or a map with a key, for which `holds` holds. */
  | { readonly _tag: "Some"; readonly at: Place; readonly holds: Predicate };

export type OrderOperator = "<" | "<=" | ">" | ">=";

export type TextTest = "startsWith" | "endsWith" | "contains";

export const always: Predicate = { _tag: "Always" };

export const never: Predicate = { _tag: "Never" };

export const not = (of: Predicate): Predicate => {
  switch (of._tag) {
    case "Always":
      return never;
    case "Never":
      return always;
    case "Not":
      return of.of;
    default:
      return { _tag: "Not", of };
  }
};

export const all = (...of: ReadonlyArray<Predicate>): Predicate => join("All", always, never, of);

/** Alternatives on one place become one test, so that an index can serve them. */
export const any = (...of: ReadonlyArray<Predicate>): Predicate => {
  const joined = join("Any", never, always, of);
  if (joined._tag !== "Any") return joined;
  const merged: Array<Predicate> = [];
  for (const part of joined.of) {
    const same = merged.findIndex((other) => isOneOf(part) && isOneOf(other) && samePlace(part.at, other.at));
    const other = merged[same];
    if (other !== undefined && isOneOf(part) && isOneOf(other)) {
      merged[same] = { ...other, values: [...new Set([...other.values, ...part.values])] };
    } else merged.push(part);
  }
  return merged.length === 1 && merged[0] !== undefined ? merged[0] : { _tag: "Any", of: merged };
};

/** Never for no items: nothing is in an empty collection that could hold. */
export const some = (at: Place, holds: Predicate): Predicate =>
  holds._tag === "Never" ? never : { _tag: "Some", at, holds };

export type OneOf = Extract<Predicate, { readonly _tag: "OneOf" }>;

export const isOneOf = (predicate: Predicate): predicate is OneOf => predicate._tag === "OneOf";

export const samePlace = (a: Place, b: Place): boolean =>
  a.root === b.root && a.path.length === b.path.length && a.path.every((key, i) => key === b.path[i]);

const join = (
  tag: "All" | "Any",
  neutral: Predicate,
  absorbing: Predicate,
  of: ReadonlyArray<Predicate>,
): Predicate => {
  const parts = of.flatMap((part) => (part._tag === tag ? part.of : part._tag === neutral._tag ? [] : [part]));
  if (parts.some((part) => part._tag === absorbing._tag)) return absorbing;
  const [first, ...rest] = parts;
  return first === undefined ? neutral : rest.length === 0 ? first : { _tag: tag, of: parts };
};
