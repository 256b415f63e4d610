import { type ExpressionScope, Expressions } from "@cadastre/domain/Expressions";
import type { JsonObject } from "@cadastre/domain/Json";
import { compile } from "@cadastre/expressions/Compiler";
import { layer } from "@cadastre/expressions/Expressions";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";

const entity: JsonObject = {
  apiVersion: "cadastre.dev/v1",
  kind: "Component",
  metadata: {
    namespace: "shop",
    name: "payments",
    description: null,
    updatedAt: "2026-06-01T12:00:00.500Z",
    labels: { tier: "1" },
  },
  spec: {
    owner: "Team-A",
    replicas: 3,
    face: "\u{1F600}",
    list: [1, "a"],
    big: Array.from({ length: 5_000 }, (_, i) => i),
  },
  relations: [{ type: "ownedBy", targetRef: "group:shop/team-a" }],
  status: { state: "active", since: "2026-01-01T00:00:00.000Z" },
};

const filter = (text: string) => Either.getOrThrow(compile(text, "filter"));

const verdict = (text: string, scope: ExpressionScope = { entity }): boolean | string => {
  const result = filter(text).evaluate(scope);
  return result._tag === "Error" ? result.message : result._tag === "True";
};

describe("the variables of a filter", () => {
  it("are there where the entity has nothing", () => {
    const bare: ExpressionScope = { entity: { kind: "Group", metadata: { name: "x", namespace: "default" } } };
    expect(verdict('owner == "" && tags == [] && labels == {} && size(annotations) == 0', bare)).toBe(true);
  });

  it("have the owner as a complete reference, read against the entity's namespace", () => {
    expect(verdict('owner == "group:shop/team-a"')).toBe(true);
  });

  it("have the namespace, which CEL reserves", () => {
    expect(verdict('namespace == "shop" && namespace.startsWith("sh")')).toBe(true);
    expect(verdict('"namespace == shop" == "namespace == shop"')).toBe(true);
  });

  it("have the event in a subscription", () => {
    const subscription = Either.getOrThrow(
      compile('event.type == "entity.created" && kind == "Component"', "subscription"),
    );
    expect(subscription.evaluate({ entity, event: { type: "entity.created" } })._tag).toBe("True");
    expect(subscription.evaluate({ entity, event: { type: "entity.deleted" } })._tag).toBe("False");
  });
});

describe("evaluation", () => {
  const FACTS: ReadonlyArray<readonly [string, boolean | string]> = [
    ["entity.spec.replicas == 3", true],
    ["entity.spec.replicas in [1, 2, 3]", true],
    ["entity.spec.replicas > 2 && entity.spec.replicas < 3.5", true],
    ["entity.spec.replicas + 1.0 == 4.0", true],
    [
      "entity.spec.replicas + 1 == 4",
      "integers and decimals do not mix, and JSON numbers are decimals: write 1.0 for 1, or double(x)",
    ],
    ['entity.spec.replicas == "3"', false],
    ['entity.spec.lifecycle == "x"', "entity.spec.lifecycle is absent"],
    ['entity.spec.lifecycle != "x"', "entity.spec.lifecycle is absent"],
    ['entity.spec.lifecycle == "x" || true', true],
    ['entity.spec.lifecycle == "x" && false', false],
    ['entity.spec.?lifecycle.orValue("") != "x"', true],
    ["has(entity.metadata.description)", true],
    ["entity.metadata.description == null", true],
    ['"description" in entity.metadata', true],
    ["has(entity.spec.nope)", false],
    ["has(entity.spec.nope.deeper)", "entity.spec.nope is absent"],
    ["has(entity.spec.owner.deeper)", false],
    ["entity.spec.list.exists(x, x > 3)", "x > 3 is not defined for string and int"],
    ["entity.spec.list.exists(x, x >= 1)", true],
    ["entity.spec.list.all(x, x > 3)", false],
    ["labels.exists(k, labels[k] == '1')", true],
    ["size(entity.spec.face) == 1", true],
    ['"\u{1F600}" > "\uFFFD" && entity.spec.face.substring(1) == ""', true],
    ["entity.spec.owner", "the value is neither true nor false"],
    ["entity.spec.__proto__ == {}", "entity.spec.__proto__ is absent"],
    ['"toString" in entity.spec', false],
    ['entity.spec["constructor"] == 1', 'entity.spec["constructor"] is absent'],
    ['timestamp(entity.metadata.updatedAt) > timestamp("2026-06-01T12:00:00Z")', true],
    ['timestamp(entity.metadata.updatedAt) - timestamp("2026-05-31T12:00:00.5Z") == duration("24h")', true],
    ['timestamp(entity.metadata.updatedAt).getHours("Europe/Berlin") == 14', true],
    [
      "entity.spec.big.all(x, entity.spec.big.all(y, x <= y || x >= y))",
      "it takes more than 200000 steps on this entity",
    ],
    ['name.matches("^pay") && !name.matches("^ments")', true],
  ];

  for (const [text, expected] of FACTS) {
    it(`gives ${expected} for ${text}`, () => {
      expect(verdict(text)).toBe(expected);
    });
  }

  it("ends with an error where a document is nested beyond the stack", () => {
    const deep: JsonObject = JSON.parse(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
    expect(verdict("entity.spec == entity.spec", { entity: { ...entity, spec: deep } })).toContain("more than");
  });
});

describe("a compiled expression", () => {
  it("tells which part the store decides and why not the others", () => {
    const { exact, parts } = filter('kind == "API" && (size(tags) > 2 || "a" in tags)');
    expect(exact).toBe(false);
    expect(parts.map(({ text, pushed, reason }) => [text, pushed, reason])).toEqual([
      ['kind == "API"', true, undefined],
      ["size(tags) > 2", false, "size()"],
      ['"a" in tags', true, undefined],
    ]);
  });

  it("is one part where the store decides it all", () => {
    expect(filter('kind == "API" && "a" in tags').parts).toHaveLength(1);
  });

  it("knows whether it reads relations", () => {
    const reads = (text: string): boolean => filter(text).readsRelations;
    expect(reads("entity.relations.exists(r, r.type == 'ownedBy')")).toBe(true);
    expect(reads('size(dyn(entity)) > 3 && kind == "API"')).toBe(true);
    expect(reads("has(entity.status.relationsTruncated)")).toBe(true);
    expect(reads('entity.status.state == "active" && entity.spec.type == "x"')).toBe(false);
  });

  it.effect("is kept, so that the same text is not compiled again", () =>
    Effect.gen(function* () {
      const expressions = yield* Expressions;
      const first = yield* expressions.compile(' kind == "API" ', "filter");
      expect(first.text).toBe('kind == "API"');
      expect(yield* expressions.compile('kind == "API"', "filter")).toBe(first);
      expect(yield* expressions.compile('kind == "API"', "subscription")).not.toBe(first);
    }).pipe(Effect.provide(layer)),
  );

  it.effect("that is wrong fails with InvalidInput", () =>
    Effect.gen(function* () {
      const expressions = yield* Expressions;
      const error = yield* Effect.flip(expressions.compile("nope == 1", "filter"));
      expect(error._tag).toBe("InvalidInput");
      expect(error.faults).toHaveLength(1);
    }).pipe(Effect.provide(layer)),
  );
});
