/**
 * The functions and operators of the language (cel-spec "Standard definitions").
 */

import { pointsBefore, textMethods } from "./texts.ts";
import {
  Duration,
  duration,
  formatDuration,
  formatTimestamp,
  inZone,
  parseDuration,
  parseTimestamp,
  Timestamp,
  timestamp,
} from "./time.ts";
import {
  equals,
  Failure,
  type Implementation,
  isList,
  isMap,
  isNumber,
  keyOf,
  keysOf,
  lookUp,
  type Meter,
  type Outcome,
  reading,
  spend,
  TypeName,
  typeOf,
  type Value,
} from "./values.ts";

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);
const SECOND = 1_000_000_000n;

/** Called as `f(x)`; by name and number of arguments. */
export const functions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["size/1", size],
  ["dyn/1", (_meter, x) => x],
  ["type/1", (_meter, x) => new TypeName(typeOf(x))],
  ["bool/1", (_meter, x) => (typeof x === "boolean" ? x : typeof x === "string" ? toBool(x) : undefined)],
  ["string/1", (meter, x) => toText(meter, x)],
  ["int/1", (meter, x) => toInt(meter, x)],
  ["double/1", (meter, x) => toDouble(meter, x)],
  [
    "timestamp/1",
    (meter, x) => {
      spend(meter, 100);
      if (x instanceof Timestamp) return x;
      if (typeof x === "bigint") return timestamp(x * SECOND) ?? new Failure("timestamp() is out of range");
      if (typeof x !== "string") return undefined;
      return parseTimestamp(x) ?? new Failure("timestamp() takes RFC 3339: 2026-01-31T08:00:00Z");
    },
  ],
  [
    "duration/1",
    (meter, x) => {
      spend(meter, 100);
      if (x instanceof Duration) return x;
      if (typeof x === "bigint") return duration(x * SECOND) ?? new Failure("duration() is out of range");
      if (typeof x !== "string") return undefined;
      return parseDuration(x) ?? new Failure('duration() takes hours, minutes and seconds: "36h", "1h30m", "2.5s"');
    },
  ],
]);

type DateField = (date: Date) => number;

const DATE_FIELDS: { readonly [method: string]: DateField } = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / 86_400_000),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

const DURATION_UNITS: { readonly [method: string]: (nanos: bigint) => bigint } = {
  getHours: (nanos) => nanos / (3600n * SECOND),
  getMinutes: (nanos) => nanos / (60n * SECOND),
  getSeconds: (nanos) => nanos / SECOND,
  getMilliseconds: (nanos) => (nanos % SECOND) / 1_000_000n,
};

/** Called as `x.f(y)`; by name and number of arguments without the receiver, which comes first. */
export const methods: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["size/0", size],
  ...textMethods,
  ...Object.entries(DATE_FIELDS).flatMap(
    ([name, field]): ReadonlyArray<[string, Implementation]> => [
      [
        `${name}/0`,
        (_meter, x) =>
          x instanceof Timestamp
            ? BigInt(field(new Date(Number(floorMillis(x)))))
            : x instanceof Duration
              ? DURATION_UNITS[name]?.(x.nanos)
              : undefined,
      ],
      [
        `${name}/1`,
        (meter, x, zone) => {
          if (!(x instanceof Timestamp) || typeof zone !== "string") return undefined;
          spend(meter, 2_500);
          const date = inZone(x, zone);
          return date === undefined ? new Failure(`there is no time zone "${zone.slice(0, 40)}"`) : BigInt(field(date));
        },
      ],
    ],
  ),
]);

/** Arithmetic; ordering, equality, logic and `in` are {@link contains} and the evaluator's own. */
export const operators: { readonly [operator: string]: Implementation } = {
  "+": (meter, a, b) => {
    if (typeof a === "string") return typeof b === "string" ? made(meter, a + b) : undefined;
    if (isList(a)) {
      if (!isList(b)) return undefined;
      spend(meter, a.length + b.length);
      return [...a, ...b];
    }
    if (a instanceof Timestamp && b instanceof Duration) return timestamp(a.nanos + b.nanos) ?? outOfRange;
    if (a instanceof Duration && b instanceof Timestamp) return timestamp(a.nanos + b.nanos) ?? outOfRange;
    if (a instanceof Duration && b instanceof Duration) return duration(a.nanos + b.nanos) ?? outOfRange;
    return arithmetic(
      a,
      b,
      (x, y) => x + y,
      (x, y) => x + y,
    );
  },
  "-": (_meter, a, b) => {
    if (a instanceof Timestamp && b instanceof Timestamp) return duration(a.nanos - b.nanos) ?? outOfRange;
    if (a instanceof Timestamp && b instanceof Duration) return timestamp(a.nanos - b.nanos) ?? outOfRange;
    if (a instanceof Duration && b instanceof Duration) return duration(a.nanos - b.nanos) ?? outOfRange;
    return arithmetic(
      a,
      b,
      (x, y) => x - y,
      (x, y) => x - y,
    );
  },
  "*": (_meter, a, b) =>
    arithmetic(
      a,
      b,
      (x, y) => x * y,
      (x, y) => x * y,
    ),
  "/": (_meter, a, b) =>
    b === 0n
      ? new Failure("division by zero")
      : arithmetic(
          a,
          b,
          (x, y) => x / y,
          (x, y) => x / y,
        ),
  "%": (_meter, a, b) => (b === 0n ? new Failure("division by zero") : arithmetic(a, b, (x, y) => x % y, undefined)),
};

export const negate = (x: Value): Outcome =>
  typeof x === "number" ? -x : typeof x === "bigint" ? inRange(-x) : undefined;

/** `item in collection`: an item of the list, or a key of the map. */
export const contains = (meter: Meter, item: Value, collection: Value): Outcome => {
  if (isList(collection)) {
    for (const other of collection) {
      spend(meter, 1);
      if (equals(item, other, meter)) return true;
    }
    return false;
  }
  if (!isMap(collection)) return undefined;
  const key = keyOf(item);
  return key !== undefined && lookUp(collection, key) !== undefined;
};

const outOfRange = new Failure("the result is out of the range of time");

const overflow = new Failure("the result is out of the range of a 64-bit integer");

const inRange = (result: bigint): bigint | Failure => (result > MAX_INT || result < MIN_INT ? overflow : result);

const made = (meter: Meter, text: string): string => {
  spend(meter, 4 + reading(text.length));
  return text;
};

const arithmetic = (
  a: Value,
  b: Value,
  onInts: (a: bigint, b: bigint) => bigint,
  onDoubles: ((a: number, b: number) => number) | undefined,
): Outcome => {
  if (typeof a === "bigint" && typeof b === "bigint") return inRange(onInts(a, b));
  if (typeof a === "number" && typeof b === "number" && onDoubles !== undefined) return onDoubles(a, b);
  return isNumber(a) && isNumber(b)
    ? new Failure("integers and decimals do not mix, and JSON numbers are decimals: write 1.0 for 1, or double(x)")
    : undefined;
};

function size(meter: Meter, x: Value | undefined): Outcome {
  if (typeof x === "string") {
    spend(meter, reading(x.length));
    return pointsBefore(x, x.length);
  }
  if (x === undefined) return undefined;
  if (isList(x)) return BigInt(x.length);
  const keys = keysOf(x, meter);
  return keys === undefined ? undefined : BigInt(keys.length);
}

const TRUE = new Set(["1", "t", "true", "TRUE", "True"]);
const FALSE = new Set(["0", "f", "false", "FALSE", "False"]);

const toBool = (text: string): Outcome =>
  TRUE.has(text) ? true : FALSE.has(text) ? false : new Failure("bool() takes true or false");

const toText = (meter: Meter, x: Value): Outcome => {
  switch (typeof x) {
    case "string":
      return x;
    case "boolean":
    case "bigint":
      return String(x);
    case "number":
      return Number.isFinite(x) ? String(x) : Number.isNaN(x) ? "NaN" : x > 0 ? "+Inf" : "-Inf";
    default:
      spend(meter, 50);
      return x instanceof Timestamp ? formatTimestamp(x) : x instanceof Duration ? formatDuration(x) : undefined;
  }
};

const toInt = (_meter: Meter, x: Value): Outcome => {
  if (typeof x === "bigint") return x;
  if (x instanceof Timestamp) return floorMillis(x) >= 0n ? x.nanos / SECOND : -((-x.nanos + SECOND - 1n) / SECOND);
  // 2^63 itself is the first double that no longer fits; -2^63 is out too, as the reference implementation has it.
  if (typeof x === "number") return Math.abs(x) < 2 ** 63 ? BigInt(Math.trunc(x)) : overflow;
  if (typeof x !== "string") return undefined;
  return /^[+-]?\d{1,19}$/.test(x) ? inRange(BigInt(x.replace("+", ""))) : new Failure("int() takes a whole number");
};

const toDouble = (_meter: Meter, x: Value): Outcome => {
  if (typeof x === "number") return x;
  if (typeof x === "bigint") return Number(x);
  if (typeof x !== "string") return undefined;
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(x.slice(0, 400)) && x.length <= 400) return Number(x);
  const special = /^([+-]?)(?:inf|infinity)$/i.exec(x);
  if (special !== null) return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^nan$/i.test(x) ? Number.NaN : new Failure("double() takes a number");
};

const floorMillis = ({ nanos }: Timestamp): bigint =>
  nanos >= 0n || nanos % 1_000_000n === 0n ? nanos / 1_000_000n : nanos / 1_000_000n - 1n;
