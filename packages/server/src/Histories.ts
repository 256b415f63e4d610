/**
 * The endpoint of what an entity was.
 */
import { DEFAULT_REVISIONS } from "@cadastre/api/Histories";
import { Histories } from "@cadastre/core/Histories";
import { type SequencedEvent, toWire } from "@cadastre/domain/Event";
import type { JsonObject } from "@cadastre/domain/Json";
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

/** Less what all revisions of an entity have in common. */
const toChange = (event: SequencedEvent): JsonObject => {
  const { id: _, uid: __, reference: ___, ...change } = toWire(event);
  return change;
};
