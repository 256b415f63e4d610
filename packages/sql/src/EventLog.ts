import type { SequencedEvent } from "@cadastre/domain/Event";
import type { EventLog } from "@cadastre/domain/EventLog";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "./Engine.ts";
import * as eventRows from "./internal/eventRows.ts";
import * as Statements from "./internal/statements.ts";

export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<EventLog> => {
  const { client: sql } = engine;
  const statements = Statements.make(engine);
  const insert = statements.insert(eventRows.insertion());
  const selectSince = statements.prepare(
    sql`SELECT * FROM events WHERE sequence > ${"after"} ORDER BY sequence LIMIT ${"limit"}`,
  );

  return {
    append: (events) =>
      // There is one event per revision, and the revision was won: nobody else can have written it.
      Effect.catchTag(Effect.asVoid(insert(events.map(eventRows.valuesOf))), "Conflict", Effect.die),

    since: (after, limit) =>
      Effect.map(selectSince({ after, limit }), (rows): ReadonlyArray<SequencedEvent> => rows.map(eventRows.decode)),
  };
};
