/**
 * Claiming: what is due is made ready, what may run is leased.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { ClaimedJob } from "@cadastre/domain/Job";
import type { JobQueue } from "@cadastre/domain/JobQueue";
import type { Fragment } from "@effect/sql/Statement";
import * as Clock from "effect/Clock";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "../Engine.ts";
import * as jobRows from "./jobRows.ts";
import { keysOf, type OrderingKeys } from "./orderingKeys.ts";
import type { Statements } from "./statements.ts";

/** Jobs that one claim makes ready, or takes back, so that no transaction is long. */
const SWEEP = 1000;

interface Calls {
  readonly atomically: <A>(effect: Effect.Effect<A, StoreUnavailable>) => Effect.Effect<A, StoreUnavailable>;
  /** For a single statement that hands out work: a power cut may take it back. */
  readonly handOut: Calls["atomically"];
}

export const make = (
  { client: sql, dialect }: Context.Tag.Service<Engine>,
  statements: Statements,
  keys: OrderingKeys,
  { atomically, handOut }: Calls,
): Context.Tag.Service<JobQueue>["claim"] => {
  const ready = sql`queue = ${"queue"} AND state = 'ready'`;
  const isKnown = dialect.isAmong(sql`kind`, dialect.texts("kinds"));
  const order = sql`ORDER BY priority DESC, run_at, id`;

  // What is ready of a group that is full may be very much, and is not looked at: groups are gone through in the index, from one
  // to the next. The last is NULL.
  const firstOf = (groups: Fragment) =>
    sql`SELECT group_key FROM jobs WHERE ${ready} AND ${groups} ORDER BY group_key LIMIT 1`;
  const groups = sql`groups (name) AS (
    SELECT (${firstOf(sql`group_key IS NOT NULL`)})
    UNION ALL
    SELECT (${firstOf(sql`group_key > groups.name`)}) FROM groups WHERE name IS NOT NULL)`;
  const hasRoom = sql`name IS NOT NULL AND NOT (${dialect.isAmong(sql`name`, dialect.texts("full"))})`;
  // By group, although they have none: so that Postgres too knows that this is the order of the index.
  const ungrouped = sql`${ready} AND group_key IS NULL AND ${isKnown} ORDER BY group_key, priority DESC, run_at, id`;

  // On the reader: an idle worker takes no lock and writes nothing. In order, which only the index has: where it need not
  // be, Postgres may read the table from its beginning, that is all that is done.
  const look = statements.prepare(sql`
    WITH RECURSIVE ${groups}
    SELECT (SELECT id FROM jobs WHERE ${ungrouped} LIMIT 1) IS NOT NULL OR EXISTS (
        SELECT 1 FROM groups WHERE ${hasRoom}
          AND (SELECT id FROM jobs WHERE ${ready} AND group_key = name AND ${isKnown} ${order} LIMIT 1) IS NOT NULL
      ) AS claimable,
      (SELECT min(run_at) FROM jobs WHERE queue = ${"queue"} AND state = 'scheduled') AS due,
      (SELECT min(lease_until) FROM jobs WHERE queue = ${"queue"} AND state = 'running') AS ending`);

  const now = sql`CAST(${"now"} AS BIGINT)`;
  const swept = sql.literal(String(SWEEP));
  const promote = statements.prepareWrite(sql`
    UPDATE jobs SET state = 'ready', updated_at = ${now} WHERE id IN (
      SELECT id FROM jobs WHERE queue = ${"queue"} AND state = 'scheduled' AND run_at <= ${now}
      ORDER BY run_at LIMIT ${swept} ${dialect.skipLocked}
    )`);
  const isLast = sql`attempts >= max_attempts`;
  // The delay is `crashBackoff`, the error `expired`.
  const takeBack = statements.prepareWrite(sql`
    UPDATE jobs SET state = CASE WHEN ${isLast} THEN 'dead' ELSE 'scheduled' END,
      finished_at = CASE WHEN ${isLast} THEN ${now} END,
      run_at = CASE WHEN ${isLast} THEN run_at ELSE ${now} + (1000 << CASE WHEN attempts < 6 THEN attempts ELSE 6 END) END,
      last_error = 'the worker ' || leased_by || ' did not finish it within its lease',
      lease_until = NULL, leased_by = NULL, updated_at = ${now}
    WHERE id IN (
      SELECT id FROM jobs WHERE queue = ${"queue"} AND state = 'running' AND lease_until <= ${now}
      ORDER BY lease_until LIMIT ${swept} ${dialect.skipLocked}
    )
    RETURNING queue, ordering_key, state`);

  // One statement, so that it needs no transaction around it. What is locked although it is not taken stays as it is.
  const take = statements.prepareWrite(sql`
    WITH RECURSIVE ${groups}, picked AS MATERIALIZED (
      SELECT * FROM (
        SELECT id, priority, run_at, group_key FROM jobs WHERE ${ungrouped} LIMIT ${"limit"} ${dialect.skipLocked}
      ) ungrouped
      UNION ALL
      SELECT j.id, j.priority, j.run_at, j.group_key FROM ${dialect.jobsOfEach(
        sql`(SELECT name FROM groups WHERE ${hasRoom}) g`,
        sql`${ready} AND group_key = g.name AND ${isKnown} ${order} LIMIT CAST(${"ofGroup"} AS BIGINT) ${dialect.skipLocked}`,
      )}
    )
    UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_seq = lease_seq + 1,
      lease_until = ${"until"}, leased_by = ${"worker"}, dedupe_key = NULL, updated_at = ${now}
    WHERE ${dialect.residual(sql`state`)} = 'ready' AND ${dialect.isAmong(
      sql`id`,
      sql`
      SELECT id FROM (
        SELECT *, row_number() OVER (PARTITION BY group_key ${order}) AS place FROM picked
      ) placed LEFT JOIN (${dialect.records("rooms", { name: "text", room: "integer" })}) rooms ON name = group_key
      WHERE group_key IS NULL OR place <= coalesce(room, CAST(${"perGroup"} AS BIGINT))
      ${order} LIMIT ${"limit"}`,
    )}
    RETURNING ${sql.literal(jobRows.CLAIMED)}`);

  const sweep = Effect.fnUntraced(function* (queue: string, { due, ending }: Times, at: number) {
    if (due <= at) yield* handOut(promote({ queue, now: at }));
    if (ending > at) return;
    yield* atomically(
      Effect.flatMap(takeBack({ queue, now: at }), (back) =>
        keys.advance(keysOf(back.filter(({ state }) => state === "dead")), at),
      ),
    );
  });

  return Effect.fnUntraced(function* (claim) {
    const { queue, worker, limit, perGroup } = claim;
    const at = yield* Clock.currentTimeMillis;
    const running = [...claim.running];
    const full = running.filter(([, count]) => count >= perGroup).map(([group]) => group);
    const wanted = { queue, kinds: JSON.stringify(claim.kinds), full: JSON.stringify(full) };
    const [found] = yield* look(wanted);
    const times: Times = { due: timeOf(found?.["due"]), ending: timeOf(found?.["ending"]) };
    const next = Math.min(times.due, times.ending);
    if (!found?.["claimable"] && next > at) return { jobs: [], nextAt: Number.isFinite(next) ? next : undefined };

    yield* sweep(queue, times, at);
    const rooms = JSON.stringify(running.map(([group, count]) => [group, perGroup - count]));
    const rows = yield* handOut(
      take({
        ...wanted,
        limit,
        rooms,
        perGroup,
        ofGroup: Math.min(perGroup, limit),
        until: at + claim.lease,
        worker,
        now: at,
      }),
    );
    return { jobs: rows.map(jobRows.claimed).sort(byTurn), nextAt: at };
  });
};

/** RETURNING keeps no order. */
const byTurn = (a: ClaimedJob, b: ClaimedJob): number => b.priority - a.priority || a.runAt - b.runAt || a.id - b.id;

interface Times {
  /** When the next job is due; infinite if none is scheduled. */
  readonly due: number;
  /** When the next lease ends. */
  readonly ending: number;
}

const timeOf = (value: unknown): number => (value === null ? Number.POSITIVE_INFINITY : Number(value));
