import { Graphs } from "@cadastre/core/Graphs";
import { entity, keyOf, save, uid } from "@cadastre/testing/Fixtures";
import { expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { onEachStore } from "./support.ts";

const options = { direction: "both", types: [], depth: undefined, limit: 100 } as const;

onEachStore("graphs", (test) => {
  test("start at an entity and tell what is dangling", () =>
    Effect.gen(function* () {
      const a = entity({ name: "a", spec: { dependsOn: ["component:b"] } });
      const b = entity({ name: "b", spec: { dependsOn: ["resource:gone", "component:a"] } });
      yield* save(a, b);
      const { walk } = yield* Graphs;
      const graph = yield* walk(a.record.uid, { ...options, direction: "dependencies" });
      expect(graph.root).toBe(keyOf(a));
      expect(graph.nodes).toMatchObject([
        { reference: "component:default/a", depth: 0, entity: { uid: a.record.uid } },
        { reference: "component:default/b", depth: 1, entity: { uid: b.record.uid } },
        { reference: "resource:default/gone", depth: 2, entity: undefined },
      ]);
      expect(graph.edges.length).toBe(3);
    }));

  test("give a shortest way, none to itself, and NotFound where there is none", () =>
    Effect.gen(function* () {
      const a = entity({ name: "a", spec: { dependsOn: ["component:b"], owner: "team" } });
      const b = entity({ name: "b", spec: { dependsOn: ["resource:db"] } });
      yield* save(a, b);
      const { path } = yield* Graphs;
      const from = a.record.uid;
      expect(yield* path(from, "resource:default/db", [])).toEqual({
        from: "component:default/a",
        to: "resource:default/db",
        steps: [
          { type: "dependsOn", from: "component:default/a", to: "component:default/b" },
          { type: "dependsOn", from: "component:default/b", to: "resource:default/db" },
        ],
      });
      expect((yield* path(from, keyOf(a), [])).steps).toEqual([]);
      expect(yield* Effect.flip(path(from, "resource:default/db", ["ownedBy"]))).toMatchObject({ _tag: "NotFound" });
      expect(yield* Effect.flip(path(b.record.uid, keyOf(a), []))).toMatchObject({ _tag: "NotFound" });
    }));

  test("of nobody are NotFound", () =>
    Effect.gen(function* () {
      const { walk, path } = yield* Graphs;
      expect(yield* Effect.flip(walk(uid(1), options))).toMatchObject({ _tag: "NotFound" });
      expect(yield* Effect.flip(path(uid(1), "component:default/a", []))).toMatchObject({ _tag: "NotFound" });
    }));
});
