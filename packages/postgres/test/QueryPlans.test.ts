/**
 * How Postgres answers what the stores ask, on more entities than are read and sorted where an index has their order.
 */
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import { byKey, byUid } from "@cadastre/domain/EntityStore";
import type { Facet } from "@cadastre/domain/Facets";
import * as EntityGraph from "@cadastre/sql/EntityGraph";
import * as EntityStore from "@cadastre/sql/EntityStore";
import * as EventLog from "@cadastre/sql/EventLog";
import * as FacetStore from "@cadastre/sql/FacetStore";
import * as UnitOfWork from "@cadastre/sql/UnitOfWork";
import { entity, event, everything, uid } from "@cadastre/testing/Fixtures";
import { create, execute } from "@cadastre/testing/PostgresDatabase";
import { describe, expect, it } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as engines from "../src/internal/engine.ts";
import * as Postgres from "../src/Postgres.ts";
import * as plans from "./plans.ts";

const COUNT = 20_000;

const populated = Array.from({ length: COUNT }, (_, i) =>
  entity({
    kind: i % 4 === 0 ? "API" : "Component",
    name: `n${i}`,
    title: `t${i}`,
    description: i % 2 === 0 ? "common" : "usual",
    tags: i < 5 ? ["common", "rare"] : ["common"],
    labels: { common: "v" },
    spec: { owner: i % 1000 === 0 ? "few" : "common", n: i, dependsOn: [`component:n${(i * 7) % COUNT}`] },
    state: i % 500 === 0 ? "inactive" : "active",
  }),
);

const uidOf = (n: number) => populated[n]?.record.uid ?? uid(0);

class Explained extends Context.Tag("test/Explained")<
  Explained,
  {
    readonly entities: ReturnType<typeof EntityStore.make>;
    readonly facets: ReturnType<typeof FacetStore.make>;
    readonly graph: ReturnType<typeof EntityGraph.make>;
    readonly log: ReturnType<typeof EventLog.make>;
    readonly steps: ReturnType<typeof plans.watch>["steps"];
  }
>() {}

const layer = Layer.scoped(
  Explained,
  Effect.gen(function* () {
    const text = yield* create("18");
    const url = Redacted.make(text);
    yield* Postgres.migrate({ url });
    const engine = yield* engines.make({ url });
    const { transact } = UnitOfWork.make(engine);
    const events = populated.map((write) => event(write));
    for (let i = 0; i < COUNT; i += 1000) {
      yield* transact(
        Effect.zipRight(
          EntityStore.make(engine).save(populated.slice(i, i + 1000)),
          EventLog.make(engine).append(events.slice(i, i + 1000)),
        ),
      );
    }
    yield* execute(text, "VACUUM ANALYZE");
    const { watched, steps } = plans.watch(engine);
    return {
      entities: EntityStore.make(watched),
      facets: FacetStore.make(watched),
      graph: EntityGraph.make(watched),
      log: EventLog.make(watched),
      steps,
    };
  }),
).pipe(Layer.orDie);

const active: EntityQuery = { ...everything, states: ["active"], limit: 50 };

const order = (field: EntityQuery["order"]["field"], descending = false) => ({ order: { field, descending } });

describe("query plans of Postgres", () => {
  it.layer(layer, { timeout: 120_000 })((it) => {
    it.effect("an entity and its relations are read by index", () =>
      Effect.gen(function* () {
        const { entities, steps } = yield* Explained;
        for (const [selector, index] of [
          [byUid(uidOf(7)), "entities_uid_key"],
          [byKey("component:default/n7"), "entities_key_key"],
        ] as const) {
          const found = yield* steps(entities.read(selector));
          expect(found).toContain(`Index Scan ${index}`);
          expect(found).toContain("Index Only Scan edges_by_from");
          expect(found).toContain("Index Only Scan edges_by_to");
          expect(found.filter((step) => step.startsWith("Seq Scan"))).toEqual([]);
        }
      }),
    );

    const walked: ReadonlyArray<readonly [string, Partial<EntityQuery>, string]> = [
      ["all, by name", {}, "entities_by_name"],
      ["by creation", order("createdAt"), "entities_by_created_at"],
      ["last changed first", order("updatedAt", true), "entities_by_updated_at"],
      ["of one kind", { kinds: ["api"] }, "entities_by_kind_and_name"],
      ["of a common tag", { tags: ["common"] }, "entities_by_name"],
      ["of a common word, by name", { text: "common" }, "entities_by_name"],
    ];
    for (const [what, query, index] of walked) {
      it.effect(`a list ${what} walks the index that has its order`, () =>
        Effect.gen(function* () {
          const { entities, steps } = yield* Explained;
          const found = yield* steps(entities.list({ ...active, ...query }));
          expect(found.filter((step) => step.includes(index))).not.toEqual([]);
          expect(found.filter((step) => step === "Seq Scan entities")).toEqual([]);
        }),
      );
    }

    const few: ReadonlyArray<readonly [string, Partial<EntityQuery>, string]> = [
      ["of a rare owner", { owners: ["group:default/few"] }, "entities_by_owner"],
      ["of a rare tag", { tags: ["rare"], ...order("updatedAt") }, "entity_tags_by_tag"],
      ["of what is inactive", { states: ["inactive"] }, "entities_inactive"],
      ["of a rare word", { text: "n77" }, "entity_search_by_word"],
      ["of a rare word, the best first", { text: "n77", ...order("relevance") }, "entity_search_by_word"],
    ];
    for (const [what, query, index] of few) {
      it.effect(`a list ${what} is read from the index that has it`, () =>
        Effect.gen(function* () {
          const { entities, steps } = yield* Explained;
          const found = yield* steps(entities.list({ ...active, ...query }));
          expect(found.filter((step) => step.includes(index))).not.toEqual([]);
          expect(found.filter((step) => step === "Seq Scan entities")).toEqual([]);
        }),
      );
    }

    it.effect("facets of fields are counted in an index alone", () =>
      Effect.gen(function* () {
        const { facets, steps } = yield* Explained;
        for (const field of ["kind", "namespace", "owner", "state"] as const) {
          const facet: Facet = { _tag: "Field", field };
          const found = yield* steps(facets.count(active, facet, 10));
          expect(found).toContain("Index Only Scan entities_by_facets");
        }
      }),
    );

    it.effect("a graph is walked in the indexes of edges", () =>
      Effect.gen(function* () {
        const { graph, steps } = yield* Explained;
        const walk = { start: "component:default/n1", limit: 10, types: [] } as const;
        const found = yield* steps(graph.walk({ ...walk, direction: "both", depth: 3 }));
        expect(found).toContain("Index Only Scan edges_by_from");
        expect(found).toContain("Index Only Scan edges_by_to");
        expect(found.filter((step) => step.startsWith("Seq Scan"))).toEqual([]);
      }),
    );

    it.effect("the history of an entity is read by index", () =>
      Effect.gen(function* () {
        const { log, steps } = yield* Explained;
        const found = yield* steps(log.history(uidOf(3), { limit: 9 }));
        expect(found.filter((step) => step.includes("events_uid_revision_key"))).not.toEqual([]);
      }),
    );
  });
});
