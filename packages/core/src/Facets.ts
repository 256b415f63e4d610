/**
 * Use case: count entities.
 */
import { type EntityQuery, MAX_LIMIT } from "@cadastre/domain/EntityQuery";
import { EntityStore } from "@cadastre/domain/EntityStore";
import type { InvalidInput } from "@cadastre/domain/Errors";
import type { Expressions } from "@cadastre/domain/Expressions";
import { type Facet, type FacetCounts, FacetStore } from "@cadastre/domain/Facets";
import type { Caller } from "@cadastre/domain/Principal";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";
import { scan } from "./internal/scan.ts";
import * as Selection from "./internal/selection.ts";
import * as Tally from "./internal/tally.ts";
import type { Unevaluated } from "./internal/unevaluated.ts";

interface FacetOptions {
  /** An expression of the environment `filter`. */
  readonly filter?: string | undefined;
  /** Values of one facet. */
  readonly limit: number;
}

export interface FacetReport {
  /** In the order in which they were asked for. */
  readonly facets: ReadonlyArray<FacetCounts>;
  /** Only the first 20,000 entities, or those of the first 250 ms, were evaluated and counted. */
  readonly isApproximate: boolean;
  /** Of the entities that were evaluated; what the store decides is not. */
  readonly unevaluated?: Unevaluated | undefined;
}

export class Facets extends Context.Tag("@cadastre/core/Facets")<
  Facets,
  {
    /** Counts the entities that a list of the same conditions has; order, limit and cursor of the query count for nothing. */
    readonly count: (
      query: EntityQuery,
      facets: ReadonlyArray<Facet>,
      options: FacetOptions,
    ) => Effect.Effect<FacetReport, Denied | InvalidInput, Caller>;
  }
>() {}

const make = Effect.gen(function* () {
  const entities = yield* EntityStore;
  const store = yield* FacetStore;
  const select = yield* Selection.make;

  return Facets.of({
    count: Effect.fn("Facets.count")(function* (
      asked: EntityQuery,
      facets: ReadonlyArray<Facet>,
      { filter, limit }: FacetOptions,
    ) {
      const { query, residual } = yield* select(asked, filter);
      if (residual === undefined) {
        const counts = yield* Effect.forEach(facets, (facet) => store.count(query, facet, limit));
        return { facets: counts, isApproximate: false };
      }
      const tallies = facets.map(Tally.make);
      const { next, unevaluated } = yield* scan(entities, inAnyOrder(query), residual, (_, content) => {
        for (const tally of tallies) tally.add(content);
        return false;
      });
      return { facets: tallies.map(({ counts }) => counts(limit)), isApproximate: next !== undefined, unevaluated };
    }),
  });
});

/** From the first on, in large batches and in the order that every store has an index for. */
const inAnyOrder = (query: EntityQuery): EntityQuery => ({
  ...query,
  order: { field: "name", descending: false },
  limit: MAX_LIMIT,
  after: undefined,
});

export const layer: Layer.Layer<Facets, never, EntityStore | FacetStore | Expressions> = Layer.effect(
  Facets,
  Effect.map(make, (facets) => authorize(facets, { count: "catalog:read" })),
);
