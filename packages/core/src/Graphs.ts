/**
 * Use cases on what entities need and what needs them.
 */
import { type EntityUid, referenceOf } from "@cadastre/domain/Entity";
import { byUid, EntityStore } from "@cadastre/domain/EntityStore";
import { NotFound } from "@cadastre/domain/Errors";
import { EntityGraph, type Graph, type GraphQuery, MAX_NODES } from "@cadastre/domain/Graph";
import type { Caller } from "@cadastre/domain/Principal";
import * as Reference from "@cadastre/domain/Reference";
import type { Edge, EdgeType } from "@cadastre/domain/Relation";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";
import { notFound } from "./internal/preconditions.ts";

export interface RootedGraph extends Graph {
  readonly root: Reference.ReferenceKey;
}

/** A way from one entity to what it needs, step by step; no steps if both are the same. */
export interface Path {
  readonly from: Reference.ReferenceKey;
  readonly to: Reference.ReferenceKey;
  readonly steps: ReadonlyArray<Edge>;
}

export class Graphs extends Context.Tag("@cadastre/core/Graphs")<
  Graphs,
  {
    /** What stands around an entity. */
    readonly walk: (
      uid: EntityUid,
      options: Omit<GraphQuery, "start">,
    ) => Effect.Effect<RootedGraph, Denied | NotFound, Caller>;

    /** Why an entity depends on another, registered or not: a shortest way. `NotFound` if there is none. */
    readonly path: (
      uid: EntityUid,
      to: Reference.ReferenceKey,
      types: ReadonlyArray<EdgeType>,
    ) => Effect.Effect<Path, Denied | NotFound, Caller>;
  }
>() {}

const make = Effect.gen(function* () {
  const store = yield* EntityStore;
  const graph = yield* EntityGraph;

  const keyOf = Effect.fnUntraced(function* (uid: EntityUid) {
    const selector = byUid(uid);
    const record = yield* Effect.flatMap(
      store.find(selector),
      Effect.mapError(() => notFound(selector)),
    );
    return Reference.key(referenceOf(record.document));
  });

  return Graphs.of({
    walk: Effect.fn("Graphs.walk")(function* (uid: EntityUid, options: Omit<GraphQuery, "start">) {
      const root = yield* keyOf(uid);
      return { root, ...(yield* graph.walk({ start: root, ...options })) };
    }),

    path: Effect.fn("Graphs.path")(function* (
      uid: EntityUid,
      to: Reference.ReferenceKey,
      types: ReadonlyArray<EdgeType>,
    ) {
      const from = yield* keyOf(uid);
      const found = yield* graph.path(from, to, types);
      const steps = yield* Effect.mapError(
        found,
        () =>
          new NotFound({ message: `${from} does not depend on ${to}, or only beyond ${MAX_NODES} nearer entities` }),
      );
      return { from, to, steps };
    }),
  });
});

export const layer: Layer.Layer<Graphs, never, EntityStore | EntityGraph> = Layer.effect(
  Graphs,
  Effect.map(make, (graphs) => authorize(graphs, { walk: "catalog:read", path: "catalog:read" })),
);
