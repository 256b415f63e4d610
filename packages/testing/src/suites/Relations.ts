import { byKey, EntityStore, MAX_RELATIONS } from "@cadastre/domain/EntityStore";
import { INVERSES } from "@cadastre/domain/Relation";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { Backend } from "../Backends.ts";
import { entity, keyOf, revised, save } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `EntityStore`: relations and dependents. */
export const relations = (backend: Backend): void => {
  const { test } = tester(backend);

  describe(`relations on ${backend.name}`, () => {
    test("every relation is read from both ends", () =>
      Effect.gen(function* () {
        const a = entity({ name: "a" });
        const b = entity({ name: "b" });
        const types = Object.keys(INVERSES) as ReadonlyArray<keyof typeof INVERSES>;
        const edges = types.map((type) => ({ type, from: keyOf(a), to: keyOf(b) }));
        yield* save({ ...a, edges }, b);
        expect(yield* relationsOf("component:default/a")).toEqual(
          types.toSorted().map((type) => ({ type, targetRef: keyOf(b) })),
        );
        expect(yield* relationsOf("component:default/b")).toEqual(
          Object.values(INVERSES)
            .toSorted()
            .map((type) => ({ type, targetRef: keyOf(a) })),
        );
      }));

    test("a relation dangles until its target is registered, and again when that is removed", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const team = entity({ kind: "Group", name: "Team" });
        yield* save(entity({ name: "a", spec: { owner: "TEAM" } }));
        const dangling = [{ type: "ownedBy", targetRef: "group:default/team", dangling: true }];
        const whole = [{ type: "ownedBy", targetRef: "group:default/team" }];
        expect(yield* relationsOf("component:default/a")).toEqual(dangling);
        yield* save(team);
        expect(yield* relationsOf("component:default/a")).toEqual(whole);
        expect(yield* relationsOf("group:default/team")).toEqual([
          { type: "ownerOf", targetRef: "component:default/a" },
        ]);
        yield* transact(store.remove(team.record.uid));
        expect(yield* relationsOf("component:default/a")).toEqual(dangling);
      }));

    test("what both ends declare is one relation, and stays while one of them declares it", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const a = entity({ name: "a", spec: { dependsOn: ["component:b"] } });
        const b = entity({ name: "b", spec: { dependencyOf: ["component:a"] } });
        yield* save(a, b);
        const needed = [{ type: "dependencyOf", targetRef: keyOf(a) }];
        expect(yield* relationsOf(keyOf(b))).toEqual(needed);
        const free = revised(a, { spec: {} });
        yield* save(free);
        expect(yield* relationsOf(keyOf(b))).toEqual(needed);
        expect(yield* relationsOf(keyOf(a))).toEqual([{ type: "dependsOn", targetRef: keyOf(b) }]);
        yield* transact(store.remove(a.record.uid));
        expect(yield* relationsOf(keyOf(b))).toEqual([{ ...needed[0], dangling: true }]);
        yield* save(revised(b, { spec: {} }));
        expect(yield* relationsOf(keyOf(b))).toEqual([]);
      }));

    test("an edge from an entity to itself has two readings", () =>
      Effect.gen(function* () {
        yield* save(entity({ name: "a", spec: { dependsOn: ["component:a"] } }));
        expect(yield* relationsOf("component:default/a")).toEqual([
          { type: "dependencyOf", targetRef: "component:default/a" },
          { type: "dependsOn", targetRef: "component:default/a" },
        ]);
      }));

    test("relations are sorted by type and target, by code point, and any text can be a target", () =>
      Effect.gen(function* () {
        const names = ['"quoted"', "a\tb\u0001", "a\\b", "z", "é", "｡", "😀"];
        yield* save(
          entity({ name: "a", spec: { owner: "t", dependsOn: names.toReversed().map((name) => `resource:${name}`) } }),
        );
        expect(yield* relationsOf("component:default/a")).toEqual([
          ...names.map((name) => ({ type: "dependsOn", targetRef: `resource:default/${name}`, dangling: true })),
          { type: "ownedBy", targetRef: "group:default/t", dangling: true },
        ]);
      }));

    test("of more relations than are shown the first are, and the status says so", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const many = (count: number) =>
          Array.from({ length: count }, (_, i) => `resource:r${String(i).padStart(5, "0")}`);
        const full = entity({ name: "full", spec: { dependsOn: many(MAX_RELATIONS) } });
        const over = entity({ name: "over", spec: { dependsOn: many(MAX_RELATIONS + 1) } });
        yield* save(full, over);
        const read = (key: string) =>
          Effect.map(Effect.flatten(store.read(byKey(key))), ({ json }) => JSON.parse(json));
        const complete = yield* read(keyOf(full));
        expect(complete.relations).toHaveLength(MAX_RELATIONS);
        expect(complete.status).not.toHaveProperty("relationsTruncated");
        const cut = yield* read(keyOf(over));
        expect(cut.relations.slice(0, MAX_RELATIONS)).toEqual(complete.relations);
        expect(cut.relations).toHaveLength(MAX_RELATIONS);
        expect(cut.status).toMatchObject({ state: "active", relationsTruncated: true });
      }));

    test("dependents are the other active, registered entities at the needing end, each once, in order", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const target = entity({
          name: "target",
          spec: {
            dependsOn: ["component:target"],
            dependencyOf: ["component:named-by-target", "component:unregistered"],
          },
        });
        yield* save(
          target,
          entity({ name: "named-by-target", spec: {} }),
          entity({
            name: "b",
            spec: { dependsOn: ["component:target", "component:Target"], subcomponentOf: "target" },
          }),
          entity({ name: "a", spec: { dependsOn: ["component:target"] } }),
          entity({ name: "retired", spec: { dependsOn: ["component:target"] }, state: "inactive" }),
          entity({ name: "other", spec: { dependsOn: ["component:a"] } }),
        );
        const all = ["a", "b", "named-by-target"].map((name) => `component:default/${name}`);
        expect(yield* store.dependents(keyOf(target), 100)).toEqual({ references: all, total: 3 });
        expect(yield* store.dependents(keyOf(target), 2)).toEqual({ references: all.slice(0, 2), total: 3 });
        expect(yield* store.dependents("component:default/other", 100)).toEqual({ references: [], total: 0 });
      }));
  });
};

const relationsOf = Effect.fnUntraced(function* (key: string) {
  const store = yield* EntityStore;
  const { json } = yield* Effect.flatten(store.read(byKey(key)));
  return JSON.parse(json).relations as unknown;
});
