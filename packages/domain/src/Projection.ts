/**
 * Chosen fields of a JSON text.
 */
import { isObject, type Json } from "./Json.ts";

/**
 * The fields of an entity's text that the dotted paths name. Keys may have dots themselves (labels, annotations): what
 * remains of a path is tried as one key first. Paths that lead nowhere are left out.
 */
export const project = (text: string, paths: ReadonlyArray<string>): string => {
  const source: Json = JSON.parse(text);
  const target: Target = new Map();
  for (const path of paths) copy(source, target, path);
  return JSON.stringify(plain(target));
};

type Target = Map<string, Json | Target>;

const copy = (source: Json | undefined, target: Target, path: string): void => {
  if (!isObject(source)) return;
  if (Object.hasOwn(source, path)) {
    target.set(path, source[path] ?? null);
    return;
  }
  const dot = path.indexOf(".");
  if (dot === -1) return;
  const key = path.slice(0, dot);
  if (!Object.hasOwn(source, key) || !isObject(source[key])) return;
  const known = target.get(key);
  if (known !== undefined && !(known instanceof Map)) return; // the whole of it is there already
  const inner: Target = known ?? new Map();
  copy(source[key], inner, path.slice(dot + 1));
  if (inner.size > 0) target.set(key, inner);
};

const plain = (target: Target): object =>
  Object.fromEntries([...target].map(([key, value]) => [key, value instanceof Map ? plain(value) : value]));
