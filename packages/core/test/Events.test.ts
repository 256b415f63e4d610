import { Entities } from "@cadastre/core/Entities";
import type { PatchOperation } from "@cadastre/domain/Event";
import { equals, isObject, type Json, type JsonObject } from "@cadastre/domain/Json";
import { entity } from "@cadastre/testing/Fixtures";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";
import { applyPatch } from "rfc6902";
import { difference } from "../src/internal/difference.ts";
import { component, events, onEachStore } from "./support.ts";

const target = {
  _tag: "Reference",
  reference: { kind: "component", namespace: "default", name: "payments" },
} as const;

/** What a patch is told over: the document and its state, as an envelope shows them. */
const comparable = (envelope: string): JsonObject => {
  const { apiVersion, kind, metadata, spec, status } = JSON.parse(envelope);
  const { uid: _, revision: __, createdAt: ___, updatedAt: ____, ...written } = metadata;
  return {
    apiVersion,
    kind,
    metadata: written,
    ...(spec === undefined ? {} : { spec }),
    status: { state: status.state },
  };
};

const patched = (before: Json, patch: ReadonlyArray<PatchOperation>): Json => {
  const target = { root: structuredClone(before) };
  const operations = patch.map((one) => ({ ...one, path: `/root${one.path}` }));
  expect(applyPatch(target, structuredClone(operations) as Parameters<typeof applyPatch>[1])).toEqual(
    operations.map(() => null),
  );
  return target.root;
};

onEachStore("events", (test) => {
  test("each says who changed what, when, through which door and in which call", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { entity } = yield* entities.create(component("Payments"));
      const [event] = yield* events;
      expect(event).toMatchObject({
        type: "entity.created",
        uid: entity.uid,
        reference: "component:default/payments",
        revision: 1,
        at: 0,
        actor: "token:tests",
        via: "rest",
        requestId: "request-1",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        patch: [],
      });
      const { relations: _, ...envelope } = JSON.parse(entity.json);
      expect(JSON.parse(event?.envelope ?? "")).toEqual(envelope);
    }));

  test("the patches of a history lead from each revision to the next", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { entity } = yield* entities.put(
        target,
        component("payments", { dependsOn: ["component:a", "component:b"] }),
      );
      const uid = { _tag: "Uid", uid: entity.uid } as const;
      yield* entities.patch(uid, { spec: { dependsOn: ["component:b", "component:c"] } });
      yield* entities.patch(uid, { metadata: { title: "Payments", labels: { "a.b/c": "1" } }, spec: { "x/y~z": 1 } });
      yield* entities.patch(uid, { metadata: { labels: null }, status: { state: "inactive" } });
      yield* entities.patch(uid, { metadata: { title: "Old payments" } });
      yield* entities.put(target, component("PAYMENTS"));
      const history = yield* events;
      expect(history.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
      for (const [i, { patch, envelope }] of history.entries()) {
        const before = history[i - 1];
        if (before === undefined) continue;
        expect(patch.length).toBeGreaterThan(0);
        expect(patched(comparable(before.envelope), patch)).toEqual(comparable(envelope));
      }
    }));
});

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, 0, 1, "", "a", "b"),
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(fc.constantFrom("a", "b", "0", "~", "/", "", "toString"), tie("value")),
  ),
})).value;

const record = (value: Json, state: "active" | "inactive" = "active") =>
  entity({ name: "payments", spec: { value }, state }).record;

it.prop(
  "the difference, applied to what was, gives what is",
  [json, json, fc.boolean()],
  ([before, after, retired]) => {
    const [was, is] = [record(before), record(after, retired ? "inactive" : "active")];
    const patch = difference(was, is);
    const plain = (one: typeof was): Json => ({ spec: one.document.spec ?? {}, status: { state: one.state } });
    expect(patched(plain(was), patch)).toEqual(plain(is));
    expect(patch.length === 0).toBe(equals(plain(was), plain(is)));
  },
);

it("long lists are replaced whole where they differ, short ones item by item", () => {
  const numbers = (length: number): Json => Array.from({ length }, (_, i) => i);
  expect(difference(record(numbers(100)), record(numbers(99)))).toEqual([{ op: "remove", path: "/spec/value/99" }]);
  const long = difference(record(numbers(101)), record(numbers(100)));
  expect(long).toEqual([{ op: "replace", path: "/spec/value", value: numbers(100) }]);
  expect(difference(record(numbers(5000)), record(numbers(5000)))).toEqual([]);
});

it("lists in lists in lists take no more work than their size", () => {
  const nested = (leaf: Json): Json => {
    let value = leaf;
    for (let level = 0; level < 55; level++) value = [value, { list: [value].flat() }].slice(0, 1);
    return value;
  };
  const [operation, ...others] = difference(record(nested(1)), record(nested(2)));
  expect(others).toEqual([]);
  expect(operation?.path).toBe("/spec/value/0");
  expect(isObject(operation)).toBe(true);
});
