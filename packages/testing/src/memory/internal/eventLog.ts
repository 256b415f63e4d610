import type { SequencedEvent } from "@cadastre/domain/Event";
import type { EventLog } from "@cadastre/domain/EventLog";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Database } from "./database.ts";

export const make = (database: Database): Context.Tag.Service<EventLog> => {
  const { events, lastSequence } = database;

  const revisionsOf = (uid: SequencedEvent["uid"]): ReadonlyArray<SequencedEvent> =>
    events
      .values()
      .map(eventOf)
      .filter((event) => event.uid === uid)
      .sort((a, b) => b.revision - a.revision);

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

    head: database.statement(Effect.sync(() => Math.max(0, ...events.values().map((text) => eventOf(text).sequence)))),

    history: (uid, { before, path, limit }) =>
      database.statement(
        Effect.sync(() =>
          revisionsOf(uid)
            .filter(({ revision }) => before === undefined || revision < before)
            .filter((event) => path === undefined || event.type === "entity.created" || changes(event, path))
            .slice(0, limit),
        ),
      ),

    revision: (uid, revision) =>
      database.statement(
        Effect.sync(() => Option.fromNullable(revisionsOf(uid).find((event) => event.revision === revision))),
      ),
  };
};

const changes = ({ patch }: SequencedEvent, pointer: string): boolean =>
  patch.some(({ path, from = path }) =>
    [path, from].some((place) => isWithin(place, pointer) || isWithin(pointer, place)),
  );

const isWithin = (pointer: string, outer: string): boolean => `${pointer}/`.startsWith(`${outer}/`);

/** The cast is the store's trust in its own text. */
export const eventOf = (text: string): SequencedEvent => JSON.parse(text) as SequencedEvent;
