import type { SequencedEvent } from "@cadastre/domain/Event";
import type { EventLog } from "@cadastre/domain/EventLog";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Database } from "./database.ts";

export const make = (database: Database): Context.Tag.Service<EventLog> => {
  const { events, lastSequence } = database;
  return {
    append: (appended) =>
      database.inTransaction(
        Effect.sync(() => {
          let sequence = lastSequence.get("events") ?? 0;
          for (const event of appended) {
            sequence += 1;
            events.set(sequence, JSON.stringify({ ...event, sequence } satisfies SequencedEvent));
          }
          lastSequence.set("events", sequence);
        }),
      ),

    since: (after, limit) =>
      database.statement(
        Effect.sync(() => {
          const found: Array<SequencedEvent> = [];
          const last = lastSequence.get("events") ?? 0;
          for (let sequence = Math.max(after, 0) + 1; sequence <= last && found.length < limit; sequence++) {
            const text = events.get(sequence);
            if (text !== undefined) found.push(eventOf(text));
          }
          return found;
        }),
      ),
  };
};

/** The cast is the store's trust in its own text. */
export const eventOf = (text: string): SequencedEvent => JSON.parse(text) as SequencedEvent;
