import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import * as Reference from "../src/Reference.ts";

const part = FastCheck.string({ minLength: 1, maxLength: 20 });
const word = part.filter((text) => !/[:/]/.test(text));

describe("parse", () => {
  it.each([
    ["payments", "component:default/payments"],
    ["shop/payments", "component:shop/payments"],
    ["API:payments", "API:default/payments"],
    ["API:shop/payments", "API:shop/payments"],
    ["group:default/jane.roe@example.com", "group:default/jane.roe@example.com"],
    ["teams/a:b", "component:teams/a:b"],
    ["a:b:c/d/e", "a:b:c/d/e"],
    ["  ", "component:default/  "],
  ])("reads %s as %s", (text, expected) => {
    const parsed = Reference.parse(text, { kind: "component" });
    expect(Either.map(parsed, Reference.format)).toEqual(Either.right(expected));
  });

  it.each([
    ["", 'reference "" has an empty name: write [kind:][namespace/]name'],
    [":a", 'reference ":a" has an empty kind: write [kind:][namespace/]name'],
    ["/a", 'reference "/a" has an empty namespace: write [kind:][namespace/]name'],
    ["a:/b", 'reference "a:/b" has an empty namespace: write [kind:][namespace/]name'],
    ["a:", 'reference "a:" has an empty name: write [kind:][namespace/]name'],
    ["b/", 'reference "b/" has an empty name: write [kind:][namespace/]name'],
    ["b", 'reference "b" has no kind, and this field implies none: write component:b, resource:b or the like'],
    ["x".repeat(513), `reference "${"x".repeat(40)}…" has 513 characters: at most 512 are allowed`],
  ])("refuses %j", (text, message) => {
    expect(Reference.parse(text)).toEqual(Either.left(message));
  });

  it("takes the namespace of the context before the default one", () => {
    expect(Reference.parse("a", { kind: "group", namespace: "shop" })).toEqual(
      Either.right({ kind: "group", namespace: "shop", name: "a" }),
    );
  });

  it("is the inverse of format", () => {
    FastCheck.assert(
      FastCheck.property(word, word, part, (kind, namespace, name) => {
        const reference = { kind, namespace, name };
        expect(Reference.parse(Reference.format(reference))).toEqual(Either.right(reference));
      }),
    );
  });
});

it("has one key for every spelling of a reference", () => {
  FastCheck.assert(
    FastCheck.property(word, word, part, (kind, namespace, name) => {
      const key = Reference.key({ kind, namespace, name });
      expect(Reference.key({ kind: kind.toLowerCase(), namespace, name: name.toLowerCase() })).toBe(key);
      expect(key.toLowerCase()).toBe(key);
    }),
  );
});
