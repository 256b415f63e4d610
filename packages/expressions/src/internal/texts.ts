/**
 * The methods of texts (cel-spec "String functions", and the strings extension). Positions count code points.
 */
import {
  Failure,
  type Implementation,
  isList,
  type Meter,
  type Outcome,
  reading,
  spend,
  type Value,
} from "./values.ts";

type Charge = (text: string, part: string) => number;

const linear: Charge = (text, part) => reading(Math.min(text.length, part.length));

/** A search compares all of the part at each position, at the worst: 20 s for 100,000 characters in a million. */
const searching: Charge = (text, part) => reading(text.length) + (text.length * part.length) / 128;

const rewriting: Charge = (text) => text.length;

function onTexts(charge: Charge, run: (x: string, y: string) => Value): Implementation {
  return (meter, x, y = "") => {
    if (typeof x !== "string" || typeof y !== "string") return undefined;
    spend(meter, 1 + charge(x, y));
    return run(x, y);
  };
}

/** Positions in a text count code points. */
function onPoints(run: (points: string | ReadonlyArray<string>, from: number, to?: number) => Outcome): Implementation {
  return (meter, x, from, to) => {
    if (typeof x !== "string" || typeof from !== "bigint") return undefined;
    if (to !== undefined && typeof to !== "bigint") return undefined;
    spend(meter, 1 + x.length);
    const points = /[\uD800-\uDFFF]/.test(x) ? Array.from(x) : x;
    const inside = from >= 0n && from <= points.length && (to === undefined || (to >= from && to <= points.length));
    return inside
      ? run(points, Number(from), to === undefined ? undefined : Number(to))
      : new Failure("the position is outside of the text");
  };
}

/** Unicode's white space, which is not JavaScript's. By hand: a pattern that ends in $ takes the square of the length. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && SPACES.has(text.charAt(start))) start++;
  while (end > start && SPACES.has(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

const SPACES = new Set(
  "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
);

const slice = (points: string | ReadonlyArray<string>, from: number, to: number): string => {
  const part = points.slice(from, to);
  return typeof part === "string" ? part : part.join("");
};

/** An index in UTF-16 units as one in code points; -1 stays. */
export const pointsBefore = (text: string, index: number): bigint => {
  if (index < 0) return -1n;
  let pairs = 0;
  for (let i = 1; i < index; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xdc00 && unit <= 0xdfff) pairs++;
  }
  return BigInt(index - pairs);
};

function split(meter: Meter, x: Value, separator: Value | undefined, limit: Value | undefined): Outcome {
  if (typeof x !== "string" || typeof separator !== "string" || typeof limit !== "bigint") return undefined;
  spend(meter, x.length + searching(x, separator));
  if (limit === 0n) return [];
  const parts = separator === "" ? Array.from(x) : x.split(separator);
  if (limit < 0n || parts.length <= limit) return parts;
  const kept = Number(limit) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)];
}

function join(meter: Meter, list: Value, separator: Value | undefined): Outcome {
  if (!isList(list) || typeof separator !== "string") return undefined;
  const texts = list.filter((item) => typeof item === "string");
  if (texts.length !== list.length) return new Failure("join() takes a list of strings");
  let length = 0;
  for (const text of texts) length += text.length + separator.length;
  spend(meter, list.length + reading(length));
  return texts.join(separator);
}

const replace = (meter: Meter, x: Value, from: Value | undefined, to: Value | undefined): Outcome => {
  if (typeof x !== "string" || typeof from !== "string" || typeof to !== "string") return undefined;
  spend(meter, 1 + x.length + searching(x, from));
  const parts = from === "" ? ["", ...Array.from(x), ""] : x.split(from);
  // Charged before it is made: a short text may become a very long one.
  spend(meter, reading(parts.length * to.length));
  return parts.join(to);
};

export const textMethods: ReadonlyArray<readonly [string, Implementation]> = [
  ["startsWith/1", onTexts(linear, (x, y) => x.startsWith(y))],
  ["endsWith/1", onTexts(linear, (x, y) => x.endsWith(y))],
  ["contains/1", onTexts(searching, (x, y) => x.includes(y))],
  ["lowerAscii/0", onTexts(rewriting, (x) => x.replace(/[A-Z]+/g, (upper) => upper.toLowerCase()))],
  ["upperAscii/0", onTexts(rewriting, (x) => x.replace(/[a-z]+/g, (lower) => lower.toUpperCase()))],
  ["trim/0", onTexts(rewriting, trim)],
  ["charAt/1", onPoints((points, at) => (at === points.length ? "" : slice(points, at, at + 1)))],
  ["substring/1", onPoints((points, from) => slice(points, from, points.length))],
  ["substring/2", onPoints((points, from, to) => slice(points, from, to ?? 0))],
  ["indexOf/1", onTexts(searching, (x, y) => pointsBefore(x, x.indexOf(y)))],
  ["lastIndexOf/1", onTexts(searching, (x, y) => pointsBefore(x, x.lastIndexOf(y)))],
  ["split/1", (meter, x, separator) => split(meter, x, separator, -1n)],
  ["split/2", split],
  ["join/0", (meter, list) => join(meter, list, "")],
  ["join/1", join],
  ["replace/2", (meter, x, from, to) => replace(meter, x, from, to)],
];
