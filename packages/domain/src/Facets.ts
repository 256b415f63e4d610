/**
 * How many entities there are of what.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { EntityQuery } from "./EntityQuery.ts";
import type { StoreUnavailable } from "./Errors.ts";

/** What entities are counted by. `label` and `spec` name one label and one place in the spec. */
export type Facet =
  | { readonly _tag: "Field"; readonly field: "kind" | "namespace" | "owner" | "state" }
  /** An entity counts once for each of its tags. */
  | { readonly _tag: "Tag" }
  | { readonly _tag: "Label"; readonly label: string }
  /** Texts, numbers and booleans by their text; an entity counts once for each item of a list of those. */
  | { readonly _tag: "Spec"; readonly path: ReadonlyArray<string> };

export interface FacetCount {
  /** Kinds in their commonest spelling, references as keys. */
  readonly value: string;
  readonly count: number;
}

export interface FacetCounts {
  /** The most frequent first, then by value; at most as many as were asked for. */
  readonly values: ReadonlyArray<FacetCount>;
  /** Different values there are. */
  readonly distinct: number;
  /** Entities that have no value. */
  readonly missing: number;
}

/** The port that counts. */
export class FacetStore extends Context.Tag("@cadastre/domain/FacetStore")<
  FacetStore,
  {
    /** Counts the entities that meet the conditions of the query, whatever its order, limit and cursor. */
    readonly count: (query: EntityQuery, facet: Facet, limit: number) => Effect.Effect<FacetCounts, StoreUnavailable>;
  }
>() {}
