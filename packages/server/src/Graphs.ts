/**
 * The endpoints of what entities need and what needs them.
 */
import { DEFAULT_DEPTH, DEFAULT_NODES, type GraphPath, toWire } from "@cadastre/api/Graphs";
import { Graphs } from "@cadastre/core/Graphs";
import * as Reference from "@cadastre/domain/Reference";
import { edgeTypesOf } from "@cadastre/domain/Relation";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { json } from "./internal/answer.ts";
import { invalidParameters } from "./internal/parameters.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"graphs">, never, Graphs> = Effect.map(Graphs, (graphs) => ({
  walk: ({ path, query: { direction = "both", relation = [], depth = DEFAULT_DEPTH, limit = DEFAULT_NODES } }) =>
    Effect.map(
      graphs.walk(path.uid, {
        direction,
        types: edgeTypesOf(relation),
        depth: depth === "all" ? undefined : depth,
        limit,
      }),
      (graph) => json(JSON.stringify(toWire(graph))),
    ),

  path: ({ path, query: { to, relation = [] } }) =>
    Effect.flatMap(target(to), (to) =>
      Effect.map(graphs.path(path.uid, to, edgeTypesOf(relation)), (way: typeof GraphPath.Type) =>
        json(JSON.stringify(way)),
      ),
    ),
}));

const target = (text: string) =>
  Either.mapBoth(Reference.parse(text), {
    onLeft: (message) => invalidParameters([{ path: "to", message }]),
    onRight: Reference.key,
  });
