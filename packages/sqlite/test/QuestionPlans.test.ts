import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import type { Facet } from "@cadastre/domain/Facets";
import { uid } from "@cadastre/testing/Fixtures";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as plans from "./plans.ts";

const LOOK_UP = "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)";

describe("query plans of facets, graphs and events", () => {
  const ALL = "SCAN e USING COVERING INDEX entities_by_facets";
  const counted: ReadonlyArray<readonly [Facet, Partial<EntityQuery>, ReadonlyArray<string>]> = [
    [{ _tag: "Field", field: "kind" }, {}, [ALL]],
    [{ _tag: "Field", field: "namespace" }, {}, [ALL]],
    [{ _tag: "Field", field: "owner" }, {}, [ALL]],
    [{ _tag: "Field", field: "state" }, {}, [ALL]],
    [
      { _tag: "Field", field: "owner" },
      { kinds: ["a"] },
      ["SEARCH e USING COVERING INDEX entities_by_facets (kind=?)"],
    ],
    [{ _tag: "Field", field: "kind" }, { owners: ["a"] }, ["SEARCH e USING INDEX entities_by_owner (owner=?)"]],
    [{ _tag: "Field", field: "kind" }, { text: "a" }, [LOOK_UP, "SCAN f VIRTUAL TABLE INDEX 0:M1"]],
    [{ _tag: "Tag" }, {}, ["SCAN h USING COVERING INDEX entity_tags_by_tag", ALL]],
    [{ _tag: "Tag" }, {}, [ALL, "SEARCH h USING PRIMARY KEY (entity_id=?)"]],
    [{ _tag: "Label", label: "a" }, {}, ["SEARCH h USING COVERING INDEX entity_labels_by_label (label=?)", ALL]],
    [{ _tag: "Spec", path: ["n"] }, {}, ["SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]],
    [
      { _tag: "Field", field: "kind" },
      { where: plans.hasN },
      ["SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    ],
  ];

  it.scoped("facets are counted in indexes alone, or in what an index selects", () =>
    Effect.gen(function* () {
      const { facets, plans: of } = yield* plans.make(...plans.alike);
      for (const [facet, query, steps] of counted) {
        const all = yield* of(facets.count({ ...plans.active, ...query }, facet, 10));
        expect(all.map((found) => found.slice(0, steps.length))).toContainEqual(steps);
      }
    }),
  );

  it.scoped("a graph is walked and its edges are found by index, whatever is asked of it", () =>
    Effect.gen(function* () {
      const { graph, plans: of } = yield* plans.make(...plans.alike);
      const walk = { start: "component:default/n1", limit: 10 };
      const asked = [
        graph.walk({ ...walk, direction: "both", types: ["dependsOn"], depth: 3 }),
        graph.walk({ ...walk, direction: "dependents", types: [], depth: undefined }),
        graph.walk({ ...walk, direction: "dependencies", types: ["ownedBy", "partOf"], depth: undefined }),
        graph.path("component:default/n1", "group:default/common", ["ownedBy"]),
      ];
      for (const call of asked) {
        const [steps = [], ...more] = yield* of<unknown, unknown>(call);
        expect(more).toEqual([]);
        const tables = steps.filter((detail) => /^\S+ (d|e|edges|entities)\b/.test(detail));
        expect(tables.length).toBeGreaterThan(2);
        for (const detail of tables) {
          expect(detail).toMatch(
            /^SEARCH (d USING COVERING INDEX edges_by_(from|to)|e USING INDEX sqlite_autoindex_entities_2) /,
          );
        }
      }
    }),
  );

  it.scoped("events are read by index, of one entity and of all", () =>
    Effect.gen(function* () {
      const { log, plans: of } = yield* plans.make();
      const first = <A, E>(call: Effect.Effect<A, E>) => Effect.map(of(call), ([steps]) => steps?.[0]);
      const byRevision = "SEARCH events USING INDEX sqlite_autoindex_events_2 (uid=? AND revision<?)";
      expect(yield* first(log.history(uid(1), { limit: 9 }))).toBe(byRevision);
      expect(yield* first(log.history(uid(1), { limit: 9, path: "/spec" }))).toBe(byRevision);
      expect(yield* first(log.revision(uid(1), 3))).toBe(byRevision.replace("<", "="));
      expect(yield* first(log.since(1, 3))).toBe("SEARCH events USING INTEGER PRIMARY KEY (rowid>?)");
      expect((yield* of(log.head))[0]).toContain("SEARCH events");
    }),
  );
});
