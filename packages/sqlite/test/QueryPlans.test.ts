import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import { byKey, byUid } from "@cadastre/domain/EntityStore";
import * as EntityStore from "@cadastre/sql/EntityStore";
import { EPOCH, everything, uid } from "@cadastre/testing/Fixtures";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as engines from "../src/internal/engine.ts";
import * as schema from "../src/internal/schema.ts";

/** The store on a new database, and the plan of the statement that it ran last. */
const make = Effect.gen(function* () {
  const engine = yield* engines.make({ filename: ":memory:" });
  yield* schema.migrate(engine);
  let explain: Effect.Effect<ReadonlyArray<Step>, unknown> = Effect.succeed([]);
  const store = EntityStore.make({
    ...engine,
    withReader: (use) =>
      engine.withReader((connection) =>
        use({
          ...connection,
          execute: (text, values, transform) => {
            explain = connection.execute(`EXPLAIN QUERY PLAN ${text}`, values, transform);
            return connection.execute(text, values, transform);
          },
        }),
      ),
  });
  return { store, plan: Effect.suspend(() => explain) };
});

interface Step {
  readonly id: number;
  readonly parent: number;
  readonly detail: string;
}

/** What is done under a step, in order: only what touches tables or sorts. */
const under = (plan: ReadonlyArray<Step>, step: Step | undefined): ReadonlyArray<string> =>
  plan
    .filter(({ parent }) => parent === (step?.id ?? 0))
    .flatMap((child) => [child.detail, ...under(plan, child)])
    .filter((detail) => /^(SEARCH|SCAN|USE TEMP)/.test(detail));

const RELATIONS = [
  "SEARCH edges USING INDEX edges_by_from (from_key=?)",
  "SEARCH edges USING INDEX edges_by_to (to_key=?)",
  "SEARCH t USING COVERING INDEX sqlite_autoindex_entities_2 (key=?) LEFT-JOIN",
];

/** What the use case asks for unless told. */
const active: EntityQuery = { ...everything, states: ["active"] };

const SORT = "USE TEMP B-TREE FOR ORDER BY";

describe("query plans", () => {
  it.scoped("an entity and its relations are read by index", () =>
    Effect.gen(function* () {
      const { store, plan } = yield* make;
      yield* store.read(byUid(uid(1)));
      expect(under(yield* plan, undefined)).toEqual(
        expect.arrayContaining(["SEARCH e USING INDEX sqlite_autoindex_entities_1 (uid=?)", ...RELATIONS]),
      );
      yield* store.read(byKey("a:b/c"));
      expect(under(yield* plan, undefined)).toEqual(
        expect.arrayContaining(["SEARCH e USING INDEX sqlite_autoindex_entities_2 (key=?)", ...RELATIONS]),
      );
      yield* store.findMany(["a:b/c"]);
      expect(under(yield* plan, undefined)).toContain(
        "SEARCH entities USING INDEX sqlite_autoindex_entities_2 (key=?)",
      );
      yield* store.dependents("a:b/c", 10);
      expect(under(yield* plan, undefined)).toEqual(
        expect.arrayContaining([
          "SEARCH edges USING INDEX edges_by_to (to_key=?)",
          "SEARCH e USING INDEX sqlite_autoindex_entities_2 (key=?)",
        ]),
      );
    }),
  );

  const ascending = (field: EntityQuery["order"]["field"]) => ({ order: { field, descending: false } });
  const descending = (field: EntityQuery["order"]["field"]) => ({ order: { field, descending: true } });
  const served: ReadonlyArray<readonly [string, Partial<EntityQuery>, ReadonlyArray<string>]> = [
    ["all, by name", {}, ["SCAN e USING INDEX entities_by_name"]],
    ["by kind", ascending("kind"), ["SCAN e USING INDEX entities_by_kind"]],
    ["by namespace", descending("namespace"), ["SCAN e USING INDEX entities_by_namespace"]],
    ["by creation", ascending("createdAt"), ["SCAN e USING INDEX entities_by_created_at"]],
    ["last changed first", descending("updatedAt"), ["SCAN e USING INDEX entities_by_updated_at"]],
    [
      "last changed first, a further page",
      { ...descending("updatedAt"), after: { value: EPOCH, uid: uid(1) } },
      ["SEARCH e USING INDEX entities_by_updated_at ((updated_at,uid)<(?,?))"],
    ],
    ["of one kind", { kinds: ["API"] }, ["SEARCH e USING INDEX entities_by_kind_and_name (kind=?)"]],
    [
      "of one kind, a further page",
      { kinds: ["API"], after: { value: "a", uid: uid(1) } },
      ["SEARCH e USING INDEX entities_by_kind_and_name (kind=? AND (name,uid)>(?,?))"],
    ],
    ["of one namespace", { namespaces: ["a"] }, ["SEARCH e USING INDEX entities_by_namespace_and_name (namespace=?)"]],
    [
      "of one kind in one namespace",
      { kinds: ["API"], namespaces: ["a"] },
      ["SEARCH e USING INDEX entities_by_kind_and_name (kind=?)"],
    ],
    ["of some kinds", { kinds: ["API", "User"] }, ["SCAN e USING INDEX entities_by_name"]],
    [
      "of one kind, last changed first",
      { kinds: ["API"], ...descending("updatedAt") },
      ["SCAN e USING INDEX entities_by_updated_at"],
    ],
    ["of one owner", { owners: ["group:default/a"] }, ["SEARCH e USING INDEX entities_by_owner (owner=?)", SORT]],
    [
      "of one tag",
      { tags: ["a"] },
      [
        "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH entity_tags USING COVERING INDEX entity_tags_by_tag (tag=?)",
        SORT,
      ],
    ],
    [
      "of one label",
      { labels: [{ key: "a", value: "b" }] },
      [
        "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH entity_labels USING COVERING INDEX entity_labels_by_label (label=? AND value=?)",
        SORT,
      ],
    ],
  ];

  for (const [what, query, steps] of served) {
    it.scoped(`a list ${what} reads no more than its page, or what an index selects`, () =>
      Effect.gen(function* () {
        const { store, plan } = yield* make;
        yield* store.list({ ...active, ...query });
        const all = yield* plan;
        expect(
          under(
            all,
            all.find(({ detail }) => detail.endsWith(" page")),
          ),
        ).toEqual(steps);
        expect(under(all, undefined)).toEqual(expect.arrayContaining(RELATIONS));
      }),
    );
  }

  it.scoped("a list by what not every entity has reads two pages at most", () =>
    Effect.gen(function* () {
      const { store, plan } = yield* make;
      for (const order of [ascending("title"), descending("title")]) {
        yield* store.list({ ...active, ...order });
        const all = yield* plan;
        const part = (name: string) =>
          under(
            all,
            all.find(({ detail }) => detail === `CO-ROUTINE ${name}`),
          );
        expect(part("v")).toEqual(["SEARCH e USING INDEX entities_by_title (title>?)"]);
        expect(part("w")).toEqual(["SEARCH e USING INDEX entities_by_title (title=?)"]);
      }
    }),
  );
});
