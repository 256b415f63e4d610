import { describe, expect, it } from "@effect/vitest";
import * as FastCheck from "effect/FastCheck";
import * as Json from "../src/Json.ts";

const json = FastCheck.jsonValue({ maxDepth: 3 }).map((value) => value as Json.Json); // the same type by another name

/** The same value with the keys of its objects in reverse. */
const reversed = (value: Json.Json): Json.Json => {
  if (Array.isArray(value)) return value.map(reversed);
  if (!Json.isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
};

const hasNull = (value: Json.Json): boolean =>
  value === null || (Json.isObject(value) && Object.values(value).some(hasNull));

describe("equals", () => {
  it("ignores the order of keys and nothing else", () => {
    FastCheck.assert(
      FastCheck.property(json, json, (a, b) => {
        expect(Json.equals(a, reversed(a))).toBe(true);
        expect(Json.equals(a, b)).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
    );
  });

  it.each<[Json.Json, Json.Json]>([
    [{}, []],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: null }, {}],
    [{ a: 1 }, { b: 1 }],
    [{ toString: 1 }, { b: 1 }],
    [null, {}],
    ["1", 1],
  ])("tells %j from %j", (a, b) => {
    expect(Json.equals(a, b)).toBe(false);
    expect(Json.equals(b, a)).toBe(false);
  });

  const sorted = (value: Json.Json): Json.Json => {
    if (Array.isArray(value)) return value.map(sorted);
    if (!Json.isObject(value)) return Object.is(value, -0) ? 0 : value;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map(([key, member]) => [key, sorted(member)]).concat([["object"]]);
  };
});

describe("mergePatch", () => {
  // RFC 7396, appendix A.
  it.each<[Json.Json, Json.Json, Json.Json]>([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j patched with %j is %j", (target, patch, expected) => {
    expect(Json.mergePatch(target, patch)).toEqual(expected);
  });

  it("changes nothing when empty, is idempotent, and makes a value without nulls of nothing", () => {
    FastCheck.assert(
      FastCheck.property(json, json, (target, patch) => {
        if (Json.isObject(target)) expect(Json.mergePatch(target, {})).toEqual(target);
        const once = Json.mergePatch(target, patch);
        expect(Json.equals(Json.mergePatch(once, patch), once)).toBe(true);
        if (!hasNull(patch)) expect(Json.equals(Json.mergePatch(null, patch), patch)).toBe(true);
      }),
    );
  });

  it("keeps __proto__ a key like any other", () => {
    const patched = Json.mergePatch({}, JSON.parse('{"__proto__":{"x":1}}'));
    expect(Object.keys(patched as object)).toEqual(["__proto__"]);
    expect("x" in (patched as object)).toBe(false);
  });
});

it("writes a path as a JSON pointer", () => {
  expect(Json.pointer([])).toBe("");
  expect(Json.pointer(["metadata", "labels", "a/b~c", 0, ""])).toBe("/metadata/labels/a~1b~0c/0/");
});
