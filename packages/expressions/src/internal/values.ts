/**
 * The values that an expression computes with, their equality and their order (cel-spec "Values", "Equality", "Ordering").
 *
 * JSON values stand for themselves: a number is a double, an object a map. Literals add integers (bigint) and maps whose
 * keys are no strings. A failure is a value too: most evaluations of a filter over a catalog end in one, and a throw costs
 * twenty times as much.
 */
import { Duration, Timestamp } from "./time.ts";

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Timestamp
  | Duration
  | CelMap
  | Optional
  | TypeName
  | ReadonlyArray<Value>
  | { readonly [key: string]: Value };

export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A map made by a literal. Numbers are looked up by their value: 1 and 1.0 are the same key. */
export class CelMap {
  readonly entries: ReadonlyMap<Key, Value>;
  constructor(entries: ReadonlyMap<Key, Value>) {
    this.entries = entries;
  }
}

type Key = string | boolean | number | bigint;

export class Optional {
  /** Undefined: there is none. */
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

export class TypeName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What one evaluation has left to spend. */
export interface Meter {
  steps: number;
}

/** Thrown when the meter runs out: nothing in an expression can absorb it. */
export const EXHAUSTED = Symbol("steps exhausted");

export const spend = (meter: Meter, steps: number): void => {
  meter.steps -= steps;
  if (meter.steps < 0) throw EXHAUSTED;
};

/** What a function gives; undefined: it does not take arguments of these types. */
export type Outcome = Value | Failure | undefined;

/** A function, which charges the meter for what it reads and makes, before it does so where it can. */
export type Implementation = (meter: Meter, ...args: ReadonlyArray<Value>) => Outcome;

/** Steps for reading so many characters once. */
export const reading = (length: number): number => length / 16;

export const isList = (value: Value): value is ReadonlyArray<Value> => Array.isArray(value);

const isPlainMap = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof CelMap) &&
  !(value instanceof Timestamp) &&
  !(value instanceof Duration) &&
  !(value instanceof Optional) &&
  !(value instanceof TypeName);

export const isMap = (value: Value): value is CelMap | { readonly [key: string]: Value } =>
  value instanceof CelMap || isPlainMap(value);

export const typeOf = (value: Value): string => {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "double";
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    default:
      if (value === null) return "null_type";
      if (isList(value)) return "list";
      if (value instanceof Timestamp) return "google.protobuf.Timestamp";
      if (value instanceof Duration) return "google.protobuf.Duration";
      if (value instanceof Optional) return "optional_type";
      return value instanceof TypeName ? "type" : "map";
  }
};

export const keyOf = (value: Value): Key | undefined => {
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value !== "bigint") return undefined;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
};

/** Undefined: there is no such key. Own keys alone, so that no prototype shows. */
export const lookUp = (map: CelMap | { readonly [key: string]: Value }, key: Key): Value | undefined => {
  if (map instanceof CelMap) return map.entries.get(key);
  return typeof key === "string" && Object.hasOwn(map, key) ? map[key] : undefined;
};

/** The keys of a map; undefined for what is none. */
export const keysOf = (value: Value, meter: Meter): ReadonlyArray<Key> | undefined => {
  if (!isMap(value)) return undefined;
  const keys = value instanceof CelMap ? [...value.entries.keys()] : Object.keys(value);
  // 140 ns a key where a map is large, and paid only after the keys are there: once more than the budget, then never again.
  spend(meter, 8 * keys.length);
  return keys;
};

/** Of different types: not equal, except that numbers are compared by what they are. */
export const equals = (a: Value, b: Value, meter: Meter): boolean => {
  if (typeof a === "string" || typeof b === "string") {
    if (typeof a === "string" && typeof b === "string" && a.length === b.length) spend(meter, reading(a.length));
    return a === b;
  }
  if (isNumber(a)) return isNumber(b) && orderNumbers(a, b) === 0;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeName) return b instanceof TypeName && a.name === b.name;
  if (a instanceof Optional) {
    if (!(b instanceof Optional) || a.value === undefined || b.value === undefined)
      return b instanceof Optional && a.value === b.value;
    return equals(a.value, b.value, meter);
  }
  if (isList(a)) {
    if (!isList(b) || a.length !== b.length) return false;
    return a.every((item, i) => {
      spend(meter, 4);
      return equals(item, b[i] ?? null, meter);
    });
  }
  const keys = keysOf(a, meter);
  const others = keysOf(b, meter);
  if (keys === undefined || others === undefined || !isMap(a) || !isMap(b)) return false;
  return (
    keys.length === others.length &&
    keys.every((key) => {
      const other = lookUp(b, key);
      return other !== undefined && equals(lookUp(a, key) ?? null, other, meter);
    })
  );
};

/** Negative, zero or positive; NaN where one is NaN; undefined where the two have no order. */
export const order = (a: Value, b: Value, meter: Meter): number | undefined => {
  if (typeof a === "string") {
    if (typeof b !== "string") return undefined;
    spend(meter, reading(Math.min(a.length, b.length)));
    return orderTexts(a, b);
  }
  if (isNumber(a)) return isNumber(b) ? orderNumbers(a, b) : undefined;
  if (typeof a === "boolean") return typeof b === "boolean" ? Number(a) - Number(b) : undefined;
  if (a instanceof Timestamp) return b instanceof Timestamp ? orderNumbers(a.nanos, b.nanos) : undefined;
  if (a instanceof Duration) return b instanceof Duration ? orderNumbers(a.nanos, b.nanos) : undefined;
  return undefined;
};

/** By code points, as databases and the other implementations order text, not by UTF-16 units. */
export const orderTexts = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
};

/** Puts surrogates, which stand for what lies above U+FFFF, behind all other units. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);

export const isNumber = (value: Value): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

const orderNumbers = (a: number | bigint, b: number | bigint): number =>
  a < b ? -1 : a > b ? 1 : Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0;
