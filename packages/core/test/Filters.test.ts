import { Entities, type EntityList } from "@cadastre/core/Entities";
import { Facets } from "@cadastre/core/Facets";
import type { EntityState } from "@cadastre/domain/Entity";
import type { EntityQuery, SortField } from "@cadastre/domain/EntityQuery";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { Expressions } from "@cadastre/domain/Expressions";
import type { Facet } from "@cadastre/domain/Facets";
import { backend } from "@cadastre/testing/Backends";
import { entity, everything, save } from "@cadastre/testing/Fixtures";
import { expect, it } from "@effect/vitest";
import * as Context from "effect/Context";
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";
import * as Layer from "effect/Layer";
import * as TestClock from "effect/TestClock";
import { layerOver, onEachStore } from "./support.ts";

const entities = fc.array(
  fc
    .record(
      {
        kind: fc.constantFrom("Component", "component", "API", "Resource"),
        title: fc.constantFrom("Payments", "pay", "Zeta", "éclair"),
        tags: fc.subarray(["java", "pci", "go"]),
        owner: fc.constantFrom("team-a", "Team-A", "team-b", "user:jane"),
        replicas: fc.constantFrom(1, 2, 3, 2.5, true, "2"),
        labels: fc.constantFrom({ tier: "1" }, { tier: "2" }, { other: "x" }),
        state: fc.constantFrom<EntityState>("active", "active", "inactive"),
      },
      { requiredKeys: ["kind", "state"] },
    )
    .map(({ owner, replicas, ...options }) =>
      entity({
        ...options,
        spec: { ...(owner === undefined ? {} : { owner }), ...(replicas === undefined ? {} : { replicas }) },
      }),
    ),
  { minLength: 1, maxLength: 60 },
);

/** Each has a part that no store can decide. */
const filter = fc.constantFrom(
  "size(tags) >= 1",
  'kind == "Component" && size(name) > 3',
  "entity.spec.replicas * 2.0 > 3.0",
  'name.matches("[02468]$")',
  '"java" in tags && size(tags) < 3',
  'entity.status.state == "inactive" && size(name) > 0',
  "entity.relations.exists(r, r.dangling)",
  'owner == "group:default/team-a" || size(entity.metadata.title) < 5',
);

const FACETS: ReadonlyArray<Facet> = [
  { _tag: "Field", field: "kind" },
  { _tag: "Field", field: "namespace" },
  { _tag: "Field", field: "owner" },
  { _tag: "Field", field: "state" },
  { _tag: "Tag" },
  { _tag: "Label", label: "tier" },
  { _tag: "Spec", path: ["replicas"] },
];

const order = fc.record({
  field: fc.constantFrom<SortField>("name", "title", "owner", "updatedAt", "kind"),
  descending: fc.boolean(),
});

const pages = (query: EntityQuery, filter: string) =>
  Effect.gen(function* () {
    const { list } = yield* Entities;
    const found: Array<EntityList> = [];
    let after: EntityQuery["after"];
    do {
      const page: EntityList = yield* list({ ...query, after }, { filter });
      found.push(page);
      after = page.next;
    } while (after !== undefined);
    return found;
  });

const names = (pages: ReadonlyArray<EntityList>) =>
  pages.flatMap(({ items }) => items.map(({ json }) => JSON.parse(json).metadata.name));

const STORES = [
  ["memory", 100],
  ["sqlite in memory", 30],
] as const;

for (const [name, numRuns] of STORES) {
  const layer = layerOver(backend(name).layer);

  it.scoped.prop(
    `a list with a filter that must be evaluated is the whole list filtered, page by page, on ${name}`,
    { entities, filter, order, limit: fc.integer({ min: 1, max: 20 }) },
    ({ entities, filter, order, limit }) =>
      Effect.gen(function* () {
        yield* save(...entities);
        const query: EntityQuery = { ...everything, order, limit };
        const found = yield* pages(query, filter);

        const store = yield* EntityStore;
        const expression = yield* (yield* Expressions).compile(filter, "filter");
        expect(expression.exact).toBe(false);
        const states = filter.includes("inactive") ? (["inactive"] as const) : (["active"] as const);
        const { items } = yield* store.list({ ...query, states, limit: 1000 });
        const verdicts = items.map(({ json }) => ({
          json,
          verdict: expression.evaluate({ entity: JSON.parse(json) }),
        }));
        expect(names(found)).toEqual(
          verdicts.flatMap(({ json, verdict }) => (verdict._tag === "True" ? JSON.parse(json).metadata.name : [])),
        );
        for (const page of found.slice(0, -1)) expect(page.items.length).toBe(limit);

        const errors = found.reduce((sum, { unevaluated }) => sum + (unevaluated?.count ?? 0), 0);
        const { items: selected } = yield* store.list({ ...query, states, limit: 1000, where: expression.pushed });
        const evaluated = new Set(selected.map(({ uid }) => uid));
        const failing = items.filter(({ uid }, i) => evaluated.has(uid) && verdicts[i]?.verdict._tag === "Error");
        expect(errors).toBe(failing.length);
      }).pipe(Effect.provide(layer)),
    { fastCheck: { numRuns } },
  );

  it.scoped.prop(
    `counts are the same whether the store or evaluation chooses what is counted, on ${name}`,
    { entities, limit: fc.integer({ min: 1, max: 5 }) },
    ({ entities, limit }) =>
      Effect.gen(function* () {
        yield* save(...entities);
        const { count } = yield* Facets;
        const query = { ...everything, states: ["active", "inactive"] } as const;
        const chosen = yield* count(query, FACETS, { limit });
        const evaluated = yield* count(query, FACETS, { limit, filter: "size(name) > 0" });
        expect(evaluated).toEqual({ ...chosen, unevaluated: undefined });
      }).pipe(Effect.provide(layer)),
    { fastCheck: { numRuns } },
  );
}

onEachStore("filters", (test) => {
  test("a wrong one is refused with its place and the mend, in lists and in counts", () =>
    Effect.gen(function* () {
      const filter = 'has(labels["tier"])';
      const wrong = { _tag: "InvalidInput", faults: [{ path: "filter", message: expect.stringMatching(/\^\^\^/) }] };
      const [entities, facets] = yield* Effect.all([Entities, Facets]);
      expect(yield* Effect.flip(entities.list(everything, { filter }))).toMatchObject(wrong);
      expect(yield* Effect.flip(facets.count(everything, FACETS, { filter, limit: 1 }))).toMatchObject(wrong);
    }));

  test("one that the store decides is told to be exact, and nothing is evaluated", () =>
    Effect.gen(function* () {
      yield* save(entity({ spec: { lifecycle: "production" } }), entity());
      const { list } = yield* Entities;
      const page = yield* list(everything, { filter: 'entity.spec.lifecycle == "production"' });
      expect(page.items.length).toBe(1);
      expect(page.plan).toMatchObject({ exact: true, evaluated: 0, parts: [{ pushed: true }] });
      expect(page.unevaluated).toBeUndefined();
    }));

  test("what cannot be evaluated is left out, counted and shown by a sample", () =>
    Effect.gen(function* () {
      yield* save(entity({ name: "a" }), entity({ name: "b", spec: { replicas: 3 } }), entity({ name: "c" }));
      const { list } = yield* Entities;
      const page = yield* list(everything, { filter: "entity.spec.replicas * 2.0 > 5.0" });
      expect(names([page])).toEqual(["b"]);
      expect(page.unevaluated).toEqual({
        count: 2,
        sample: { reference: "component:default/a", message: expect.stringContaining("replicas") },
      });
      expect(page.plan).toMatchObject({ exact: false, evaluated: 3 });
    }));

  test("one that speaks of states replaces the default, and the query's own states replace both", () =>
    Effect.gen(function* () {
      yield* save(entity({ name: "on" }), entity({ name: "off", state: "inactive" }));
      const { list } = yield* Entities;
      const found = (query: EntityQuery, filter?: string) =>
        Effect.map(list(query, { filter }), (page) => names([page]));
      const retired = 'entity.status.state == "inactive"';
      expect(yield* found(everything)).toEqual(["on"]);
      expect(yield* found(everything, "size(name) > 0")).toEqual(["on"]);
      expect(yield* found(everything, retired)).toEqual(["off"]);
      expect(yield* found(everything, `${retired} && size(name) > 0`)).toEqual(["off"]);
      expect(yield* found({ ...everything, states: ["active"] }, retired)).toEqual([]);
    }));

  test("a text and a filter that must be evaluated go together, the best match first", () =>
    Effect.gen(function* () {
      yield* save(
        entity({ name: "checkout", title: "Takes payments" }),
        entity({ name: "payments" }),
        entity({ name: "payments-old", tags: ["legacy"] }),
      );
      const query: EntityQuery = {
        ...everything,
        text: "paym",
        order: { field: "relevance", descending: false },
        limit: 1,
      };
      const found = yield* pages(query, "size(tags) == 0");
      expect(names(found)).toEqual(["payments", "checkout"]);
    }));

  test("an order by relevance without a text is refused", () =>
    Effect.gen(function* () {
      const { list } = yield* Entities;
      const refused = yield* Effect.flip(list({ ...everything, order: { field: "relevance", descending: false } }));
      expect(refused).toMatchObject({ _tag: "InvalidInput", faults: [{ path: "orderBy" }] });
    }));
});

/** The store, of which each list takes so long on the test's clock. */
const slow = (duration: Duration.DurationInput) =>
  Layer.map(backend("memory").layer, (context) => {
    const store = Context.get(context, EntityStore);
    const list = (query: EntityQuery) => Effect.zipLeft(store.list(query), TestClock.adjust(duration));
    return Context.add(context, EntityStore, { ...store, list });
  });

const many = (count: number) =>
  Array.from({ length: count }, (_, i) => entity({ name: `e-${String(i).padStart(6, "0")}` }));

it.scoped("a call that takes too long answers with a short page that goes on", () =>
  Effect.gen(function* () {
    yield* save(...many(900));
    const { list } = yield* Entities;
    const first = yield* list({ ...everything, limit: 50 }, { filter: 'name.matches("^e-0008")' });
    expect(first.items).toEqual([]);
    expect(first.plan?.evaluated).toBe(401);
    expect(first.next).toBeDefined();
    const found = yield* pages({ ...everything, limit: 50 }, 'name.matches("^e-0008")');
    expect(names(found)).toEqual(Array.from({ length: 100 }, (_, i) => `e-0008${String(i).padStart(2, "0")}`));
  }).pipe(Effect.provide(layerOver(slow("100 millis")))),
);

it.scoped("a count that takes too long says that it is not exact", () =>
  Effect.gen(function* () {
    yield* save(...many(2));
    const { count } = yield* Facets;
    const found = yield* count(everything, [{ _tag: "Tag" }], { limit: 1, filter: "size(name) > 0" });
    expect(found).toMatchObject({ isApproximate: true, facets: [{ missing: 1 }] });
  }).pipe(Effect.provide(layerOver(slow("300 millis")))),
);

it.scoped("a call evaluates 20,000 entities at the most", () =>
  Effect.gen(function* () {
    yield* save(...many(20_100));
    const { list } = yield* Entities;
    const first = yield* list({ ...everything, limit: 1000 }, { filter: 'name.matches("^e-02")' });
    expect([first.items.length, first.plan?.evaluated]).toEqual([0, 20_000]);
    const second = yield* list({ ...everything, limit: 1000, after: first.next }, { filter: 'name.matches("^e-02")' });
    expect([second.items.length, second.next]).toEqual([100, undefined]);
  }).pipe(Effect.provide(layerOver(backend("memory").layer))),
);
