/**
 * Ways through edges that were read: breadth first, so that the first way to a node is a shortest.
 */
import type { Direction } from "@cadastre/domain/Graph";
import type { ReferenceKey } from "@cadastre/domain/Reference";
import type { Edge } from "@cadastre/domain/Relation";

/** Steps from the start to each node in reach; for `both` the fewer of both ways. */
export const depths = (
  start: ReferenceKey,
  direction: Direction,
  edges: ReadonlyArray<Edge>,
): ReadonlyMap<ReferenceKey, number> => {
  if (direction === "both") {
    const needed = depths(start, "dependencies", edges);
    const both = new Map(depths(start, "dependents", edges));
    for (const [key, depth] of needed) both.set(key, Math.min(depth, both.get(key) ?? depth));
    return both;
  }
  return new Map([...walk(start, direction, edges)].map(([key, { depth }]) => [key, depth]));
};

/** The edges of a shortest way, in its order; undefined if there is none. */
export const shortest = (
  from: ReferenceKey,
  to: ReferenceKey,
  edges: ReadonlyArray<Edge>,
): ReadonlyArray<Edge> | undefined => {
  const reached = walk(from, "dependencies", edges);
  const way: Array<Edge> = [];
  for (let end = to; end !== from; ) {
    const step = reached.get(end)?.by;
    if (step === undefined) return undefined;
    way.push(step);
    end = step.from;
  }
  return way.reverse();
};

interface Arrival {
  readonly depth: number;
  /** Undefined at the start. */
  readonly by: Edge | undefined;
}

const walk = (
  start: ReferenceKey,
  direction: Exclude<Direction, "both">,
  edges: ReadonlyArray<Edge>,
): ReadonlyMap<ReferenceKey, Arrival> => {
  const [here, there] = direction === "dependencies" ? (["from", "to"] as const) : (["to", "from"] as const);
  const leaving = new Map<ReferenceKey, Array<Edge>>();
  for (const edge of edges) {
    const others = leaving.get(edge[here]);
    if (others === undefined) leaving.set(edge[here], [edge]);
    else others.push(edge);
  }
  const reached = new Map<ReferenceKey, Arrival>([[start, { depth: 0, by: undefined }]]);
  // The map grows while it is gone through, and what was added last comes last.
  for (const [key, { depth }] of reached) {
    for (const by of leaving.get(key) ?? []) {
      if (!reached.has(by[there])) reached.set(by[there], { depth: depth + 1, by });
    }
  }
  return reached;
};
