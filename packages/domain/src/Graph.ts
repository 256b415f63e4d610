/**
 * What an entity needs and what needs it, over any number of steps.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { EntityState, EntityUid } from "./Entity.ts";
import type { StoreUnavailable } from "./Errors.ts";
import type { ReferenceKey } from "./Reference.ts";
import type { Edge, EdgeType } from "./Relation.ts";

/** `dependencies` follows edges from the needing to the needed end, `dependents` against it; `both` is one walk of each. */
export type Direction = "dependencies" | "dependents" | "both";

export interface GraphQuery {
  readonly start: ReferenceKey;
  readonly direction: Direction;
  /** Only edges of these types; empty: of all. */
  readonly types: ReadonlyArray<EdgeType>;
  /** Steps from the start, from 1; undefined: to the end. */
  readonly depth: number | undefined;
  /** Nodes, the start included; the nearest are kept. */
  readonly limit: number;
}

export interface GraphNode {
  readonly reference: ReferenceKey;
  /** Steps from the start by the shortest way. */
  readonly depth: number;
  /** Undefined for a dangling node: something names it, and it is not registered. */
  readonly entity:
    | { readonly uid: EntityUid; readonly state: EntityState; readonly title: string | undefined }
    | undefined;
}

export interface Graph {
  /** By depth, then reference. */
  readonly nodes: ReadonlyArray<GraphNode>;
  /** Every edge of the asked types between two of the nodes, each once; sorted. */
  readonly edges: ReadonlyArray<Edge>;
  /** True if the limit left nodes out. */
  readonly truncated: boolean;
}

/** Nodes of one answer, at the most. */
export const MAX_NODES = 10_000;

/** The port that walks edges. Cycles are walked once. */
export class EntityGraph extends Context.Tag("@cadastre/domain/EntityGraph")<
  EntityGraph,
  {
    /** The start is always a node, registered or not. */
    readonly walk: (query: GraphQuery) => Effect.Effect<Graph, StoreUnavailable>;

    /**
     * A shortest way from one entity to what it needs, in the order of the steps; empty if both are the same. None: there
     * is no way, or none within {@link MAX_NODES} nodes of the start.
     */
    readonly path: (
      from: ReferenceKey,
      to: ReferenceKey,
      types: ReadonlyArray<EdgeType>,
    ) => Effect.Effect<Option.Option<ReadonlyArray<Edge>>, StoreUnavailable>;
  }
>() {}
