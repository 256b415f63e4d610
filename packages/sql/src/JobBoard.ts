import type { Job, JobState } from "@cadastre/domain/Job";
import { type JobBoard, MAX_COUNTED, type QueueCount } from "@cadastre/domain/JobQueue";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Row } from "@effect/sql/SqlConnection";
import * as Clock from "effect/Clock";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Engine } from "./Engine.ts";
import * as jobRows from "./internal/jobRows.ts";
import * as orderingKeys from "./internal/orderingKeys.ts";
import * as Statements from "./internal/statements.ts";
import { join } from "./UnitOfWork.ts";

export const make = (
  engine: Context.Tag.Service<Engine>,
  unitOfWork: Context.Tag.Service<UnitOfWork>,
): Context.Tag.Service<JobBoard> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);
  const keys = orderingKeys.make(engine);
  const atomically = join(unitOfWork);

  const select = statements.prepare(sql`SELECT * FROM jobs WHERE id = ${"id"}`);

  const now = sql`CAST(${"now"} AS BIGINT)`;
  const unleased = sql`lease_until = NULL, leased_by = NULL, dedupe_key = NULL`;
  const retry = statements.prepareWrite(sql`
    UPDATE jobs SET state = CASE WHEN ordering_key IS NULL THEN 'ready' ELSE 'blocked' END,
      attempts = 0, releases = 0, run_at = ${now}, finished_at = NULL, updated_at = ${now}, ${unleased}
    WHERE id = ${"id"} AND state IN ('scheduled', 'dead', 'discarded')
    RETURNING queue, ordering_key`);
  const discard = statements.prepareWrite(sql`
    UPDATE jobs SET state = 'discarded', finished_at = ${now}, updated_at = ${now}, ${unleased}
    WHERE id = ${"id"} AND state NOT IN ('done', 'discarded')
    RETURNING queue, ordering_key`);

  /** A table, and what begins its conditions: jobs of one state, by the index that has them and no others. */
  const jobsIn = (state: Exclude<JobState, "done">) => {
    const { index, condition = "" } = INDEXES[state];
    return sql`jobs ${dialect.indexed(index)} WHERE state = ${sql.literal(`'${state}' ${condition}`)}`;
  };
  const counted = (state: Exclude<JobState, "done">) => sql`
    SELECT queue, ${sql.literal(`'${state}'`)} AS state, count(*) AS count, min(run_at) AS oldest
    FROM ${jobsIn(state)} GROUP BY queue`;
  // Their queue is in no index, so each is looked up: 5 µs.
  const countedOfLatest = (state: "dead" | "discarded") => sql`
    SELECT queue, ${sql.literal(`'${state}'`)} AS state, count(*) AS count, min(run_at) AS oldest FROM (
      SELECT queue, run_at FROM ${jobsIn(state)} ORDER BY id DESC LIMIT ${sql.literal(String(MAX_COUNTED))}
    ) latest GROUP BY queue`;
  const count = statements.prepare(sql`
    ${counted("scheduled")}
    UNION ALL ${counted("blocked")}
    UNION ALL ${counted("ready")}
    UNION ALL ${counted("running")}
    UNION ALL SELECT * FROM (${countedOfLatest("dead")}) dead
    UNION ALL SELECT * FROM (${countedOfLatest("discarded")}) discarded`);

  const prune = statements.prepareWrite(sql`
    DELETE FROM jobs WHERE id IN (
      SELECT id FROM jobs WHERE state = ${"state"} AND finished_at < ${"before"} ORDER BY finished_at LIMIT ${"limit"}
    )
    RETURNING id`);

  const get = (id: number) =>
    Effect.map(select({ id }), ([row]) => Option.map(Option.fromNullable(row), jobRows.decode));

  /** What a statement does to one job, and what follows for the others of its ordering key. */
  const move = (statement: typeof retry) =>
    Effect.fnUntraced(function* (id: number) {
      const at = yield* Clock.currentTimeMillis;
      return yield* atomically(
        Effect.gen(function* () {
          const moved = yield* statement({ id, now: at });
          yield* keys.advance(orderingKeys.keysOf(moved), at);
          return Option.map(yield* get(id), (job) => ({ job, changed: moved.length > 0 }));
        }),
      );
    });

  return {
    list: ({ state, queue, kind, before, limit }) => {
      // What is done is everywhere, and found as soon as by an index.
      const rest = state === undefined || state === "done" ? undefined : jobsIn(state);
      const conditions = [
        ...(state === "done" ? [sql`state = 'done'`] : []),
        ...(queue === undefined ? [] : [sql`queue = ${queue}`]),
        ...(kind === undefined ? [] : [sql`kind = ${kind}`]),
        ...(before === undefined ? [] : [sql`id < ${before}`]),
      ];
      const from = rest === undefined ? sql`jobs WHERE` : sql`${rest} AND`;
      const ids = sql`SELECT id FROM ${from} ${sql.and(conditions)} ORDER BY id DESC LIMIT ${limit}`;
      return Effect.map(
        statements.run(sql`SELECT * FROM jobs WHERE ${dialect.isAmong(sql`id`, ids)} ORDER BY id DESC`),
        (rows) => rows.map(jobRows.decode),
      );
    },

    get,
    retry: move(retry),
    discard: move(discard),

    counts: Effect.map(count({}), (rows) => rows.map(countOf)),

    prune: (state, before, limit) =>
      Effect.map(atomically(prune({ state, before, limit })), (deleted) => deleted.length),
  };
};

const INDEXES: {
  readonly [State in Exclude<JobState, "done">]: { readonly index: string; readonly condition?: string };
} = {
  scheduled: { index: "jobs_scheduled" },
  blocked: { index: "jobs_blocked", condition: "AND ordering_key IS NOT NULL" },
  ready: { index: "jobs_ready" },
  running: { index: "jobs_running" },
  dead: { index: "jobs_dead" },
  discarded: { index: "jobs_discarded" },
};

const countOf = (row: Row): QueueCount => ({
  queue: String(row["queue"]),
  state: row["state"] as Job["state"], // one of the words in the statement
  count: Number(row["count"]),
  oldest: Number(row["oldest"]),
});
