import { type Direction, type EntityGraph, MAX_NODES } from "@cadastre/domain/Graph";
import type { ReferenceKey } from "@cadastre/domain/Reference";
import type { Edge, EdgeType } from "@cadastre/domain/Relation";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Database } from "./database.ts";
import * as EntityRow from "./entityRow.ts";

export const make = ({ entities, uids, edges, statement }: Database): Context.Tag.Service<EntityGraph> => {
  const edgesAt = (key: ReferenceKey, types: ReadonlyArray<EdgeType>): ReadonlyArray<Edge> =>
    edges.at(key).filter(({ type }) => types.length === 0 || types.includes(type));

  /** Depths by key, nearest first; no more than `limit`. */
  const reach = (
    start: ReferenceKey,
    direction: Exclude<Direction, "both">,
    types: ReadonlyArray<EdgeType>,
    depth: number,
    limit: number,
  ): ReadonlyMap<ReferenceKey, number> => {
    const depths = new Map([[start, 0]]);
    // Growing while it is walked: a map's iteration comes to what was added last.
    for (const [key, steps] of depths) {
      if (steps === depth) break;
      for (const { from, to } of edgesAt(key, types)) {
        const next = direction === "dependencies" ? (from === key ? to : key) : to === key ? from : key;
        if (depths.size < limit && !depths.has(next)) depths.set(next, steps + 1);
      }
    }
    return depths;
  };

  const nodeOf = (reference: ReferenceKey, depth: number) => {
    const uid = uids.get(reference);
    const row = uid === undefined ? undefined : entities.get(uid);
    const title = row === undefined ? undefined : EntityRow.parse(row.envelope).metadata.title;
    return { reference, depth, entity: row === undefined ? undefined : { uid: row.uid, state: row.state, title } };
  };

  return {
    walk: ({ start, direction, types, depth = Infinity, limit }) =>
      statement(
        Effect.sync(() => {
          const depths = new Map<ReferenceKey, number>();
          for (const way of ["dependencies", "dependents"] as const) {
            if (direction !== way && direction !== "both") continue;
            for (const [key, steps] of reach(start, way, types, depth, limit + 1)) {
              depths.set(key, Math.min(steps, depths.get(key) ?? Infinity));
            }
          }
          const found = [...depths].sort(([a, n], [b, m]) => n - m || EntityRow.compareTexts(a, b)).slice(0, limit);
          const kept = new Set(found.map(([key]) => key));
          return {
            nodes: found.map(([key, steps]) => nodeOf(key, steps)),
            edges: sorted(
              [...kept].flatMap((key) => edgesAt(key, types).filter(({ from, to }) => from === key && kept.has(to))),
            ),
            truncated: depths.size > limit,
          };
        }),
      ),

    path: (from, to, types) =>
      statement(
        Effect.sync(() => {
          const depths = reach(from, "dependencies", types, Infinity, MAX_NODES);
          const steps: Array<Edge> = [];
          for (let end = to; end !== from; ) {
            const depth = depths.get(end);
            const step = edgesAt(end, types).find(
              (edge) => edge.to === end && depths.get(edge.from) === Number(depth) - 1,
            );
            if (step === undefined) return Option.none();
            steps.unshift(step);
            end = step.from;
          }
          return Option.some(steps);
        }),
      ),
  };
};

/** Each once: several entities may declare one. */
const sorted = (edges: ReadonlyArray<Edge>): ReadonlyArray<Edge> =>
  [...new Map(edges.map((edge) => [`${edge.type} ${edge.from} ${edge.to}`, edge])).values()].sort(
    (a, b) =>
      EntityRow.compareTexts(a.from, b.from) ||
      EntityRow.compareTexts(a.to, b.to) ||
      EntityRow.compareTexts(a.type, b.type),
  );
