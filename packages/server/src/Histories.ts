/**
 * The endpoint of what an entity was.
 */
import { DEFAULT_REVISIONS, toChange } from "@cadastre/api/Histories";
import { Histories } from "@cadastre/core/Histories";
import * as Effect from "effect/Effect";
import { json } from "./internal/answer.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"histories">, never, Histories> = Effect.map(
  Histories,
  (histories) => ({
    list: ({ path, query: { limit = DEFAULT_REVISIONS, ...query } }) =>
      Effect.map(histories.list(path.uid, { ...query, limit }), ({ items, next }) =>
        json(JSON.stringify({ items: items.map(toChange), next })),
      ),
  }),
);
