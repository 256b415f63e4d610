/**
 * JSON as data: what a descriptor, a patch or a stored document is made of.
 */

export type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Deep equality that ignores the order of object keys, as JSON itself does (RFC 8259 §4). */
export const equals = (a: Json, b: Json): boolean => {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equals(item, b[i] as Json));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equals(a[key] as Json, b[key] as Json))
  );
};

/** True if the value has more levels of objects and arrays than given. Takes no more stack than that, however deep it is. */
export const isDeeper = (value: Json, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((member: Json) => isDeeper(member, levels - 1)));

/** JSON merge patch: RFC 7396 §2. `null` in the patch removes a member; arrays are replaced whole. */
export const mergePatch = (target: Json, patch: Json): Json => {
  if (!isObject(patch)) return patch;
  const result = new Map<string, Json>(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, mergePatch(result.get(key) ?? null, value));
  }
  return Object.fromEntries(result);
};

/** One place inside a JSON value, as the keys and indexes that lead to it. */
export type Path = ReadonlyArray<string | number>;

/** The path as a JSON pointer (RFC 6901): `["metadata", "labels", "a/b"]` is `/metadata/labels/a~1b`, the root is "". */
export const pointer = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
