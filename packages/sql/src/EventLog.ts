import type { SequencedEvent } from "@cadastre/domain/Event";
import type { EventLog } from "@cadastre/domain/EventLog";
import type { Row } from "@effect/sql/SqlConnection";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Engine } from "./Engine.ts";
import * as eventRows from "./internal/eventRows.ts";
import * as Statements from "./internal/statements.ts";

export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<EventLog> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);
  const insert = statements.insert(eventRows.insertion());
  const selectSince = statements.prepare(sql`SELECT * FROM ${dialect.feed.since("after", "limit")}`);
  const selectHead = statements.prepare(sql`SELECT ${dialect.feed.head} AS head`);

  const past = sql`SELECT * FROM events WHERE uid = ${"uid"} AND revision < ${"before"}`;
  const latest = sql`ORDER BY revision DESC LIMIT ${"limit"}`;
  const selectHistory = statements.prepare(sql`${past} ${latest}`);
  // Two places overlap if one is the beginning of the other, cut where a step ends.
  const leads = (shorter: string, longer: string) =>
    sql.literal(`substr(${longer} || '/', 1, length(${shorter}) + 1) = ${shorter} || '/'`);
  const selectHistoryOf = statements.prepare(sql`
    ${past} AND (type = 'entity.created' OR EXISTS (
      SELECT 1 FROM (${dialect.places(sql`patch`)}) o, (SELECT ${"path"} AS place) p
      WHERE ${sql.or([leads("o.place", "p.place"), leads("p.place", "o.place")])}
    ))
    ${latest}`);
  const selectRevision = statements.prepare(
    sql`SELECT * FROM events WHERE uid = ${"uid"} AND revision = ${"revision"}`,
  );

  return {
    append: (events) =>
      // There is one event per revision, and the revision was won: nobody else can have written it.
      Effect.catchTag(Effect.asVoid(insert(events.map(eventRows.valuesOf))), "Conflict", Effect.die),

    since: (after, limit) => Effect.map(selectSince({ after, limit }), decode),

    head: Effect.map(selectHead({}), ([row]) => Number(row?.["head"])),

    history: (uid, { before = Number.MAX_SAFE_INTEGER, path, limit }) =>
      Effect.map(
        path === undefined ? selectHistory({ uid, before, limit }) : selectHistoryOf({ uid, before, path, limit }),
        decode,
      ),

    revision: (uid, revision) =>
      Effect.map(selectRevision({ uid, revision }), ([row]) => Option.map(Option.fromNullable(row), eventRows.decode)),
  };
};

const decode = (rows: ReadonlyArray<Row>): ReadonlyArray<SequencedEvent> => rows.map(eventRows.decode);
