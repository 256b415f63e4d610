/**
 * How much of the catalog one answer may hold: what goes beyond is left out, and said to be.
 */
import { isObject, type Json, type JsonObject } from "@cadastre/domain/Json";

/** Bytes of the structured part of an answer; about 4,000 tokens. */
export const BUDGET = 12_000;

/** Of fields that were asked for by name. */
export const ASKED_BUDGET = 48_000;

/** Characters of a text that is shown unasked. */
const MAX_TEXT = 1_000;

/** Items of a list that are shown unasked. */
const MAX_ITEMS = 40;

/** Where a text stands in for something else, its length does not matter: it is never shown unasked. */
const DEFINITION = "definition";

export interface Omission {
  /** As `fields` takes it. */
  readonly path: string;
  readonly bytes: number;
}

export const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "");

/** The items from the first on that fit; at least one. */
export const fitting = <A>(items: ReadonlyArray<A>, budget = BUDGET): ReadonlyArray<A> => {
  let left = budget;
  const end = items.findIndex((item, i) => {
    left -= bytesOf(item) + 1;
    return left < 0 && i > 0;
  });
  return end === -1 ? items : items.slice(0, end);
};

/** An entity without what is long, and what that is. */
export const abridged = (
  entity: JsonObject,
): { readonly entity: JsonObject; readonly omitted: ReadonlyArray<Omission> } => {
  const omitted: Array<Omission> = [];
  const shorten = (value: Json, path: ReadonlyArray<string>): Json | undefined => {
    const omit = (): undefined => {
      omitted.push({ path: path.join("."), bytes: bytesOf(value) });
    };
    if (typeof value === "string") {
      return value.length > MAX_TEXT || (path.length === 2 && path[1] === DEFINITION) ? omit() : value;
    }
    if (Array.isArray(value)) {
      if (value.length <= MAX_ITEMS) return value.map((item: Json) => shorten(item, path) ?? "…");
      omit();
      return value.slice(0, MAX_ITEMS);
    }
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) => {
        const short = shorten(member, [...path, key]);
        return short === undefined ? [] : [[key, short]];
      }),
    );
  };
  let short = shorten(entity, []) as JsonObject; // of an object comes an object
  while (bytesOf(short) > BUDGET) {
    const [section, key] = largest(short);
    omitted.push({
      path: key === undefined ? section : `${section}.${key}`,
      bytes: bytesOf(memberOf(short, section, key)),
    });
    short = without(short, section, key);
  }
  return { entity: short, omitted };
};

/** The largest member of the larger sections. */
const largest = (entity: JsonObject): readonly [string, string | undefined] => {
  const members = Object.entries(entity).flatMap(([section, value]) =>
    isObject(value)
      ? Object.entries(value).map(([key, member]) => ({
          section,
          key: key as string | undefined,
          bytes: bytesOf(member),
        }))
      : [{ section, key: undefined, bytes: bytesOf(value) }],
  );
  const first = members.reduce((a, b) => (b.bytes > a.bytes ? b : a), {
    section: "spec",
    key: undefined,
    bytes: 0,
  } as (typeof members)[number]);
  return [first.section, first.key];
};

const memberOf = (entity: JsonObject, section: string, key: string | undefined): Json => {
  const value = entity[section] ?? null;
  return key === undefined || !isObject(value) ? value : (value[key] ?? null);
};

const without = (entity: JsonObject, section: string, key: string | undefined): JsonObject => {
  const { [section]: value, ...others } = entity;
  if (key === undefined || !isObject(value)) return others;
  const { [key]: _, ...rest } = value;
  return { ...entity, [section]: rest };
};
