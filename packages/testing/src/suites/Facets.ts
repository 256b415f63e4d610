import { EntityStore, type EntityWrite } from "@cadastre/domain/EntityStore";
import { type Facet, type FacetCounts, FacetStore } from "@cadastre/domain/Facets";
import type { Json } from "@cadastre/domain/Json";
import { ownerOf } from "@cadastre/domain/Relation";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";
import type { Backend } from "../Backends.ts";
import * as Fixtures from "../Fixtures.ts";
import { pagesOf, uidsOf } from "../internal/paging.ts";
import { tester } from "../internal/tester.ts";

const { entity, everything, save } = Fixtures;

/** `FacetStore`. */
export const facets = (backend: Backend): void => {
  const { test, property } = tester(backend);

  const count = (facet: Facet, limit = 1000, query = everything) =>
    Effect.flatMap(FacetStore, (store) => store.count(query, facet, limit));

  describe(`facets on ${backend.name}`, () => {
    property(
      "facets are what counting by hand gives, under any conditions",
      fc.record({
        all: Fixtures.entities,
        specs: fc.array(values, { minLength: 40, maxLength: 40 }),
        conditions: Fixtures.conditions,
        text: fc.option(fc.constantFrom("b", "zurich"), { nil: undefined, freq: 1 }),
        hasTitle: fc.boolean(),
        facet,
      }),
      Effect.fnUntraced(function* ({ all, specs, conditions, text, hasTitle, facet }) {
        const writes = all.map((write, i) => Fixtures.write({ ...write.record, document: withSpec(write, specs[i]) }));
        yield* save(...writes);
        const title = { root: "envelope" as const, path: ["metadata", "title"] };
        const query = {
          ...everything,
          ...conditions,
          ...(text === undefined ? {} : { text }),
          ...(hasTitle ? { where: { _tag: "Present" as const, at: title } } : {}),
        };
        const listed = new Set(uidsOf(yield* pagesOf(query)));
        const counted = byHand(
          writes.filter(({ record }) => listed.has(record.uid)),
          facet,
        );
        expect(yield* count(facet, 1000, query)).toEqual(counted);
        expect(yield* count(facet, 2, { ...query, limit: 1 })).toEqual({
          ...counted,
          values: counted.values.slice(0, 2),
        });
      }),
    );

    test("a kind shows its commonest spelling, and a revision may change it", () =>
      Effect.gen(function* () {
        const last = entity({ kind: "API", name: "c" });
        yield* save(
          entity({ kind: "Api", name: "a" }),
          entity({ kind: "api", name: "b" }),
          last,
          entity({ kind: "Group" }),
        );
        const kind: Facet = { _tag: "Field", field: "kind" };
        expect(yield* count(kind)).toEqual({
          values: [
            { value: "API", count: 3 },
            { value: "Group", count: 1 },
          ],
          distinct: 2,
          missing: 0,
        });
        const { record } = Fixtures.revised(last);
        yield* save(Fixtures.write({ ...record, document: { ...record.document, kind: "api" } }));
        expect((yield* count(kind)).values[0]).toEqual({ value: "api", count: 3 });
      }));

    test("a spec is counted by any scalar, item by item of a list, and each entity once for a value", () =>
      Effect.gen(function* () {
        const specs = [{ a: "x" }, { a: ["x", "y", "x"] }, { a: 1 }, { a: 1.5 }, { a: 1e21 }, { a: true }, { a: "1" }];
        const without = [{}, { a: null }, { a: {} }, { a: { b: "x" } }, { a: [] }, { a: [null, {}, ["x"]] }];
        yield* save(...[...specs, ...without].map((spec) => entity({ spec })));
        const at = (...path: ReadonlyArray<string>) => count({ _tag: "Spec", path });
        expect(yield* at("a")).toEqual({
          values: [
            { value: "1", count: 2 },
            { value: "x", count: 2 },
            ...["1.5", "1e+21", "true", "y"].map((value) => ({ value, count: 1 })),
          ],
          distinct: 6,
          missing: without.length,
        });
        expect((yield* at("a", "b")).values).toEqual([{ value: "x", count: 1 }]);
        expect((yield* at("a", "0")).values).toEqual([]);
        expect((yield* at('a"b')).values).toEqual([]);
      }));

    test("counts follow changes and removals", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const one = entity({ tags: ["t"], labels: { l: "v" }, spec: { owner: "a" } });
        const other = entity({ tags: ["t", "u"], labels: { l: "v" }, spec: { owner: "a" } });
        yield* save(one, other);
        yield* save(Fixtures.revised(one, { state: "inactive", spec: { owner: "b" } }));
        yield* transact(store.remove(other.record.uid));
        const only = (value: string) => ({ values: [{ value, count: 1 }], distinct: 1, missing: 0 });
        expect(yield* count({ _tag: "Tag" })).toEqual(only("t"));
        expect(yield* count({ _tag: "Label", label: "l" })).toEqual(only("v"));
        expect(yield* count({ _tag: "Field", field: "owner" })).toEqual(only("group:default/b"));
        expect(yield* count({ _tag: "Field", field: "state" })).toEqual(only("inactive"));
        expect(yield* count({ _tag: "Tag" }, 10, { ...everything, states: ["active"] })).toEqual({
          ...only(""),
          values: [],
          distinct: 0,
        });
      }));
  });
};

const withSpec = ({ record }: EntityWrite, a: Json | undefined) => ({
  ...record.document,
  spec: { ...record.document.spec, ...(a === undefined ? {} : { a }) },
});

const values = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom<Json>("x", "y", "😀", "｡", 1, 2.5, true, null, { b: "x" }),
  fc.array(fc.constantFrom<Json>("x", "z", 1, null, ["x"]), { maxLength: 3 }),
);

const facet: fc.Arbitrary<Facet> = fc.constantFrom<Facet>(
  { _tag: "Field", field: "kind" },
  { _tag: "Field", field: "namespace" },
  { _tag: "Field", field: "owner" },
  { _tag: "Field", field: "state" },
  { _tag: "Tag" },
  { _tag: "Label", label: "tier" },
  { _tag: "Label", label: "nothing" },
  { _tag: "Spec", path: ["a"] },
  { _tag: "Spec", path: ["owner"] },
);

const byHand = (writes: ReadonlyArray<EntityWrite>, facet: Facet): FacetCounts => {
  const each = writes.map((write) => [...new Set(valuesOf(write, facet))]);
  const counts = new Map<string, number>();
  for (const value of each.flat()) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort(([a, n], [b, m]) => m - n || Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return {
    values: sorted.map(([value, count]) => ({ value, count })),
    distinct: counts.size,
    missing: each.filter(({ length }) => length === 0).length,
  };
};

const valuesOf = ({ record }: EntityWrite, facet: Facet): ReadonlyArray<string> => {
  const { kind, metadata, spec } = record.document;
  switch (facet._tag) {
    case "Field":
      return [
        {
          kind,
          namespace: metadata.namespace.toLowerCase(),
          owner: ownerOf(record.document) ?? [],
          state: record.state,
        }[facet.field],
      ].flat();
    case "Tag":
      return metadata.tags ?? [];
    case "Label":
      return [metadata.labels?.[facet.label] ?? []].flat();
    case "Spec": {
      const value = spec?.[String(facet.path[0])];
      return [value]
        .flat()
        .flatMap((item) => (["string", "number", "boolean"].includes(typeof item) ? String(item) : []));
    }
  }
};
