import { byUid, EntityStore, type EntityWrite } from "@cadastre/domain/EntityStore";
import * as Predicate from "@cadastre/domain/Predicate";
import { ownerOf } from "@cadastre/domain/Relation";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";
import type { Backend } from "../Backends.ts";
import * as Fixtures from "../Fixtures.ts";
import { pagesOf, uidsOf } from "../internal/paging.ts";
import { tester } from "../internal/tester.ts";
import { holds } from "../memory/Predicates.ts";

const { entity, everything, save } = Fixtures;

/** `EntityStore.list` with a predicate. */
export const filters = (backend: Backend): void => {
  const { test, property } = tester(backend);

  describe(`filters on ${backend.name}`, () => {
    property(
      "a predicate keeps what it holds for, page by page, in every order and beside other conditions",
      fc.record({
        all: Fixtures.entities,
        where: predicates,
        conditions: Fixtures.conditions,
        order: Fixtures.orders,
        limit: fc.integer({ min: 1, max: 7 }),
      }),
      Effect.fnUntraced(function* ({ all, where, conditions, order, limit }) {
        yield* save(...all);
        const asked = { ...conditions, order, limit, after: undefined };
        const pages = yield* pagesOf({ ...asked, where });
        expect(pages.slice(0, -1).every(({ items }) => items.length === limit)).toBe(true);
        const kept = new Set(all.filter(isKept(where)).map(({ record }) => record.uid));
        expect(uidsOf(pages)).toEqual(uidsOf(yield* pagesOf(asked)).filter((uid) => kept.has(uid)));
      }),
    );

    test("the few among thousands are found, each page of them, with the place where each stands", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const all = Array.from({ length: 5000 }, (_, i) =>
          entity({
            name: `n${String(i).padStart(5, "0")}`,
            spec: { n: i },
            ...(i % 7 === 0 ? { title: `t${i}` } : {}),
          }),
        );
        yield* save(...all);
        const where: Predicate.Predicate = {
          _tag: "OneOf",
          at: spec("n"),
          values: [0, 1, 2500, 2501, 2506, 4998, 4999],
        };
        for (const field of ["name", "title"] as const) {
          for (const descending of [false, true]) {
            const query = { ...everything, where, order: { field, descending }, limit: 2 };
            const pages = yield* pagesOf(query);
            const found = pages.flatMap(({ items }) => items);
            expect(found).toHaveLength(7);
            const [first, second] = found;
            const next = yield* store.list({ ...query, limit: 1, after: first?.place });
            expect(next.items[0]?.uid).toBe(second?.uid);
          }
        }
        const read = yield* Effect.flatten(
          store.read(byUid(uidsOf(yield* pagesOf({ ...everything, where }))[0] ?? Fixtures.uid(1))),
        );
        const [listed] = (yield* store.list({ ...everything, where, limit: 1 })).items;
        expect(JSON.parse(listed?.json ?? "")).toEqual(JSON.parse(read.json));
      }));

    test("with a predicate a text is searched for too", () =>
      Effect.gen(function* () {
        const all = Array.from({ length: 3000 }, (_, i) =>
          entity({ name: `n${i}`, spec: { n: i % 1000 }, description: i % 2 === 0 ? "even" : "odd" }),
        );
        yield* save(...all);
        const where: Predicate.Predicate = { _tag: "Order", at: spec("n"), op: "<", value: 10 };
        for (const field of ["relevance", "name", "updatedAt"] as const) {
          for (const [text, count] of [
            ["even", 15],
            ["o", 15],
            ["even n8", 1],
            ["neither", 0],
          ] as const) {
            const pages = yield* pagesOf({ ...everything, where, text, limit: 4, order: { field, descending: false } });
            expect(new Set(uidsOf(pages)).size).toBe(count);
            expect(uidsOf(pages)).toHaveLength(count);
          }
        }
      }));

    test("nothing at all and everything are predicates", () =>
      Effect.gen(function* () {
        yield* save(entity(), entity());
        expect(uidsOf(yield* pagesOf({ ...everything, where: Predicate.always }))).toHaveLength(2);
        expect(uidsOf(yield* pagesOf({ ...everything, where: Predicate.never }))).toHaveLength(0);
      }));
  });
};

const spec = (...path: ReadonlyArray<string>): Predicate.Place => ({ root: "envelope", path: ["spec", ...path] });

const isKept =
  (where: Predicate.Predicate) =>
  ({ record, envelope }: EntityWrite): boolean =>
    holds(where, { envelope: JSON.parse(envelope), owner: ownerOf(record.document) ?? "" });

const places: fc.Arbitrary<Predicate.Place> = fc.oneof(
  fc.constant<Predicate.Place>({ root: "owner", path: [] }),
  fc
    .constantFrom(
      ["kind"],
      ["metadata", "name"],
      ["metadata", "namespace"],
      ["metadata", "title"],
      ["metadata", "tags"],
      ["metadata", "labels", "tier"],
      ["metadata", "labels", "Zone"],
      ["metadata", "revision"],
      ["spec", "owner"],
      ["status", "state"],
      ["nothing"],
    )
    .map((path): Predicate.Place => ({ root: "envelope", path })),
);

const scalars = fc.constantFrom<Predicate.Scalar>(
  ...["Component", "resource", "a", "b", "Zürich", "😀", "default", "Other", "java", "größe", "1", "", "team-a"],
  ...["group:default/team-a", "user:x/y", "active", "inactive", 1, 0, true, null],
);

const tests = (at: Predicate.Place): fc.Arbitrary<Predicate.Predicate> =>
  fc.oneof(
    fc.constant<Predicate.Predicate>({ _tag: "Present", at }),
    fc
      .constantFrom<Predicate.ValueType>("null", "boolean", "number", "string", "list", "map")
      .map((type): Predicate.Predicate => ({ _tag: "Is", at, type })),
    fc
      .array(scalars, { minLength: 1, maxLength: 3 })
      .map((values): Predicate.Predicate => ({ _tag: "OneOf", at, values })),
    fc
      .record({
        op: fc.constantFrom<Predicate.OrderOperator>("<", "<=", ">", ">="),
        value: fc.constantFrom("b", "｡", "😀", 1, 0.5),
      })
      .map((order): Predicate.Predicate => ({ _tag: "Order", at, ...order })),
    fc
      .record({
        test: fc.constantFrom<Predicate.TextTest>("startsWith", "endsWith", "contains"),
        value: fc.constantFrom("a", "Z", "ü", "e", "%"),
      })
      .map((text): Predicate.Predicate => ({ _tag: "Text", at, ...text })),
  );

const predicates: fc.Arbitrary<Predicate.Predicate> = fc.letrec<{ readonly predicate: Predicate.Predicate }>((tie) => ({
  predicate: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    places.chain(tests),
    fc
      .record({ at: places, holds: tests({ root: 0, path: [] }) })
      .map(({ at, holds }): Predicate.Predicate => ({ _tag: "Some", at, holds })),
    fc.array(tie("predicate"), { maxLength: 3 }).map((of) => Predicate.all(...of)),
    fc.array(tie("predicate"), { maxLength: 3 }).map((of) => Predicate.any(...of)),
    tie("predicate").map(Predicate.not),
  ),
})).predicate;
