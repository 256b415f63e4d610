import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import { byKey, byUid } from "@cadastre/domain/EntityStore";
import type { Predicate } from "@cadastre/domain/Predicate";
import { EPOCH, uid } from "@cadastre/testing/Fixtures";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as plans from "./plans.ts";

const RELATIONS = [
  "SEARCH edges USING COVERING INDEX edges_by_from (from_key=?)",
  "SEARCH edges USING COVERING INDEX edges_by_to (to_key=?)",
  "SEARCH t USING COVERING INDEX sqlite_autoindex_entities_2 (key=?) LEFT-JOIN",
];

const ascending = (field: EntityQuery["order"]["field"]) => ({ order: { field, descending: false } });
const descending = (field: EntityQuery["order"]["field"]) => ({ order: { field, descending: true } });

const LOOK_UP = "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)";
const SORT = "USE TEMP B-TREE FOR ORDER BY";

describe("query plans of entities", () => {
  it.scoped("an entity and its relations are read by index", () =>
    Effect.gen(function* () {
      const { store, plans: of } = yield* plans.make();
      const [byId] = yield* of(store.read(byUid(uid(1))));
      expect(byId).toEqual(
        expect.arrayContaining(["SEARCH e USING INDEX sqlite_autoindex_entities_1 (uid=?)", ...RELATIONS]),
      );
      const [byReference] = yield* of(store.read(byKey("a:b/c")));
      expect(byReference).toEqual(
        expect.arrayContaining(["SEARCH e USING INDEX sqlite_autoindex_entities_2 (key=?)", ...RELATIONS]),
      );
      const [many] = yield* of(store.findMany(["a:b/c"]));
      expect(many).toContain("SEARCH entities USING INDEX sqlite_autoindex_entities_2 (key=?)");
      const [dependents] = yield* of(store.dependents("a:b/c", 10));
      expect(dependents).toEqual(
        expect.arrayContaining([
          "SEARCH edges USING COVERING INDEX edges_by_to (to_key=?)",
          "SEARCH e USING INDEX sqlite_autoindex_entities_2 (key=?)",
        ]),
      );
    }),
  );

  const served: ReadonlyArray<readonly [string, Partial<EntityQuery>, string]> = [
    ["all, by name", {}, "SCAN e USING INDEX entities_by_name"],
    ["by kind", ascending("kind"), "SCAN e USING INDEX entities_by_kind"],
    ["by namespace", descending("namespace"), "SCAN e USING INDEX entities_by_namespace"],
    ["by creation", ascending("createdAt"), "SCAN e USING INDEX entities_by_created_at"],
    ["last changed first", descending("updatedAt"), "SCAN e USING INDEX entities_by_updated_at"],
    [
      "last changed first, a further page",
      { ...descending("updatedAt"), after: { value: EPOCH, uid: uid(1) } },
      "SEARCH e USING INDEX entities_by_updated_at ((updated_at,uid)<(?,?))",
    ],
    ["of one kind", { kinds: ["API"] }, "SEARCH e USING INDEX entities_by_kind_and_name (kind=?)"],
    [
      "of one kind, a further page",
      { kinds: ["API"], after: { value: "a", uid: uid(1) } },
      "SEARCH e USING INDEX entities_by_kind_and_name (kind=? AND (name,uid)>(?,?))",
    ],
    ["of one namespace", { namespaces: ["a"] }, "SEARCH e USING INDEX entities_by_namespace_and_name (namespace=?)"],
  ];

  for (const [what, query, step] of served) {
    it.scoped(`a list ${what} reads no more than its page`, () =>
      Effect.gen(function* () {
        const { store, statements } = yield* plans.make();
        const [asked, ...more] = yield* statements(store.list({ ...plans.active, ...query }));
        expect(more).toEqual([]);
        expect(plans.stepsOf(asked?.plan ?? [], "page")).toEqual([step]);
      }),
    );
  }

  const few: ReadonlyArray<readonly [string, Partial<EntityQuery>, string]> = [
    ["of some kinds", { kinds: ["a", "b"] }, "SEARCH entities USING COVERING INDEX entities_by_kind_and_name (kind=?)"],
    [
      "of one kind, last changed first",
      { kinds: ["a"], ...descending("updatedAt") },
      "SEARCH entities USING COVERING INDEX entities_by_kind_and_name (kind=?)",
    ],
    ["of one owner", { owners: ["a"] }, "SEARCH entities USING COVERING INDEX entities_by_owner (owner=?)"],
    [
      "of a common owner and a rare tag",
      { owners: ["group:default/common"], tags: ["common", "rare"] },
      "SEARCH entity_tags USING COVERING INDEX entity_tags_by_tag (tag=?)",
    ],
    [
      "of one label",
      { labels: [{ key: "a", value: "b" }] },
      "SEARCH entity_labels USING COVERING INDEX entity_labels_by_label (label=? AND value=?)",
    ],
    [
      "of what is inactive",
      { states: ["inactive"] },
      "SEARCH entities USING COVERING INDEX entities_inactive (state=?)",
    ],
    ["of what a rare word finds, by name", { text: "n77" }, "SCAN f VIRTUAL TABLE INDEX 0:M1"],
  ];

  it.scoped("a list reads and sorts what few have, on further pages too", () =>
    Effect.gen(function* () {
      const { store, statements } = yield* plans.make(...plans.alike);
      for (const [what, query, step] of few) {
        for (const after of [undefined, { value: 1, uid: uid(1) }]) {
          const [, asked, ...more] = yield* statements(store.list({ ...plans.active, ...query, after }));
          expect(more, what).toEqual([]);
          const [first, second, ...others] = plans.stepsOf(asked?.plan ?? [], "page");
          expect([first, second, others.at(-1)], what).toEqual([LOOK_UP, step, SORT]);
        }
      }
    }),
  );

  const CANDIDATES = "SCAN e USING COVERING INDEX entities_by_name";
  const common: ReadonlyArray<readonly [string, Partial<EntityQuery>, ReadonlyArray<string>]> = [
    [
      "a tag",
      { tags: ["common"] },
      [CANDIDATES, LOOK_UP, "SEARCH entity_tags USING PRIMARY KEY (entity_id=? AND tag=?)"],
    ],
    [
      "a label",
      { labels: [{ key: "common", value: "v" }] },
      [CANDIDATES, LOOK_UP, "SEARCH entity_labels USING PRIMARY KEY (entity_id=? AND label=?)"],
    ],
    [
      "an owner, by another order",
      { owners: ["group:default/common"], ...descending("updatedAt") },
      ["SCAN e USING COVERING INDEX entities_by_updated_at", LOOK_UP],
    ],
    [
      "a kind in a namespace",
      { kinds: ["Component"], namespaces: ["default"] },
      ["SEARCH e USING COVERING INDEX entities_by_kind_and_name (kind=?)", LOOK_UP],
    ],
    ["a word, by name", { text: "common" }, [CANDIDATES, LOOK_UP, "SCAN f VIRTUAL TABLE INDEX 0:M1"]],
    ["a predicate", { where: plans.hasN }, [CANDIDATES, LOOK_UP]],
    [
      "a predicate, on a further page",
      { where: plans.hasN, after: { value: "n1", uid: uid(1) } },
      ["SEARCH e USING COVERING INDEX entities_by_name ((name,uid)>(?,?))", LOOK_UP],
    ],
    [
      "a predicate on one kind",
      { where: { _tag: "All", of: [plans.isOf(plans.place("kind"), "Component"), plans.hasN] } },
      ["SEARCH e USING COVERING INDEX entities_by_kind_and_name (kind=?)", LOOK_UP],
    ],
    [
      "a word, by relevance",
      { text: "common", ...ascending("relevance") },
      ["SCAN f VIRTUAL TABLE INDEX 64:M1>", LOOK_UP],
    ],
  ];

  it.scoped("a list tests what many have, in the order of an index, and reads a bounded number", () =>
    Effect.gen(function* () {
      const { store, statements } = yield* plans.make(...plans.alike);
      for (const [what, query, steps] of common) {
        const asked = yield* statements(store.list({ ...plans.active, ...query }));
        const tested = asked.filter(({ text }) => text.includes("AS kept")).at(-1);
        const found = tested?.plan.map(({ detail }) => detail) ?? [];
        expect(found, what).toEqual(expect.arrayContaining([...steps]));
        expect(
          found.filter((detail) => /^SCAN (e|entities|edges|events)\b(?!.*COVERING)/.test(detail)),
          what,
        ).toEqual([]);
        expect(tested?.values, what).toContain(200);
        const [relations] = asked.slice(-1);
        expect(relations?.plan.map(({ detail }) => detail)).toEqual(expect.arrayContaining(RELATIONS));
      }
    }),
  );

  it.scoped("a predicate that keeps nothing is tested piece by piece", () =>
    Effect.gen(function* () {
      const { store, statements } = yield* plans.make(...plans.alike);
      const where = plans.isOf(plans.place("spec", "n"), "none");
      const asked = yield* statements(store.list({ ...plans.active, where }));
      expect(asked.length).toBeGreaterThan(3);
      const numbers = asked.flatMap(({ values }) => values.filter((value) => typeof value === "number"));
      expect(Math.max(...numbers)).toBe(2000);
    }),
  );

  it.scoped("what a predicate implies is looked up, and the rest of it tested on that alone", () =>
    Effect.gen(function* () {
      const { store, plans: of } = yield* plans.make(...plans.alike);
      const tag: Predicate = {
        _tag: "Some",
        at: plans.place("metadata", "tags"),
        holds: plans.isOf({ root: 0, path: [] }, "rare"),
      };
      const implied: ReadonlyArray<readonly [Predicate, string]> = [
        [tag, "SEARCH entity_tags USING COVERING INDEX entity_tags_by_tag (tag=?)"],
        [
          plans.isOf({ root: "owner", path: [] }, "a"),
          "SEARCH entities USING COVERING INDEX entities_by_owner (owner=?)",
        ],
        [
          plans.isOf(plans.place("metadata", "name"), "n7"),
          "SEARCH entities USING COVERING INDEX entities_by_name (name=?)",
        ],
      ];
      for (const [first, step] of implied) {
        const [, tested] = yield* of(store.list({ ...plans.active, where: { _tag: "All", of: [first, plans.hasN] } }));
        expect(tested?.slice(0, 2)).toEqual([LOOK_UP, step]);
      }
    }),
  );

  it.scoped("a search reads no more than its page, however many it finds, and only few if something else says so", () =>
    Effect.gen(function* () {
      const { store, plans: of } = yield* plans.make(...plans.alike);
      const found = yield* of(store.list({ ...plans.active, text: "common", ...ascending("relevance") }));
      for (const steps of found.slice(0, -1))
        expect(steps.slice(0, 3)).toEqual(["SCAN f VIRTUAL TABLE INDEX 64:M1>", "SCAN c", LOOK_UP]);
      const [, first] = yield* of(
        store.list({ ...plans.active, text: "common", tags: ["rare"], ...ascending("relevance") }),
      );
      expect(first?.slice(0, 2)).toEqual([
        "SCAN f VIRTUAL TABLE INDEX 64:M1>",
        "SEARCH entity_tags USING COVERING INDEX entity_tags_by_tag (tag=?)",
      ]);
    }),
  );

  it.scoped("a list by what not every entity has reads two pages at most", () =>
    Effect.gen(function* () {
      const { store, statements } = yield* plans.make();
      for (const order of [ascending("title"), descending("title")]) {
        const [asked] = yield* statements(store.list({ ...plans.active, ...order }));
        const part = (name: string) => plans.stepsOf(asked?.plan ?? [], name);
        expect(part("v")).toEqual(["SEARCH e USING INDEX entities_by_title (title>?)"]);
        expect(part("w")).toEqual(["SEARCH e USING INDEX entities_by_title (title=?)"]);
      }
    }),
  );
});
