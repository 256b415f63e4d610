import * as Job from "@cadastre/domain/Job";
import type { JobQueue } from "@cadastre/domain/JobQueue";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment } from "@effect/sql/Statement";
import * as Clock from "effect/Clock";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Engine } from "./Engine.ts";
import * as claims from "./internal/claims.ts";
import * as jobRows from "./internal/jobRows.ts";
import * as orderingKeys from "./internal/orderingKeys.ts";
import * as Statements from "./internal/statements.ts";
import { handOut, join } from "./UnitOfWork.ts";

export const make = (
  engine: Context.Tag.Service<Engine>,
  unitOfWork: Context.Tag.Service<UnitOfWork>,
): Context.Tag.Service<JobQueue> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);
  const keys = orderingKeys.make(engine);
  const atomically = join(unitOfWork);
  const insert = statements.insert(jobRows.INSERTION);

  const enqueue = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job.NewJob>) {
    const now = yield* Clock.currentTimeMillis;
    const { rows, places } = merged(jobs.map((job) => Job.complete(job, now)));
    const concerned = rows.flatMap(({ queue, orderingKey: key }) => (key === undefined ? [] : [{ queue, key }]));
    // Before the ids are given out, so that their order is that of the commits.
    yield* keys.lock(concerned);
    const inserted = yield* Effect.catchTag(
      insert(rows.map((row) => jobRows.valuesOf(row, now))),
      "Conflict",
      Effect.die,
    );
    yield* keys.advance(concerned, now);
    return places.map((place) => Number(inserted[place]?.["id"]));
  });

  const begin = statements.prepareWrite(sql`
    INSERT INTO job_periods (name, period) VALUES (${"name"}, ${"period"})
    ON CONFLICT (name) DO UPDATE SET period = excluded.period WHERE job_periods.period < excluded.period
    RETURNING name`);

  const now = sql`CAST(${"now"} AS BIGINT)`;
  // Only what runs has a lease.
  const update = (
    changes: Fragment,
    columns: Parameters<typeof dialect.records>[1] = {},
  ): ReturnType<typeof statements.prepareWrite> =>
    statements.prepareWrite(sql`
      UPDATE jobs SET ${changes}, updated_at = ${now}
      FROM (${dialect.records("leases", { id: "integer", seq: "integer", ...columns })}) l
      WHERE jobs.id = l.id AND jobs.lease_seq = l.seq AND jobs.lease_until > ${now}
      RETURNING jobs.id, jobs.lease_seq, jobs.queue, jobs.ordering_key, jobs.state`);
  const unleased = sql`lease_until = NULL, leased_by = NULL`;

  const extend = update(sql`lease_until = CASE WHEN lease_until < l.until THEN l.until ELSE lease_until END`, {
    until: "integer",
  });
  const complete = update(sql`state = 'done', finished_at = ${now}, ${unleased}`);
  const isLast = sql`(l.at IS NULL OR attempts >= max_attempts)`;
  const fail = update(
    sql`state = CASE WHEN ${isLast} THEN 'dead' ELSE 'scheduled' END,
      finished_at = CASE WHEN ${isLast} THEN ${now} END,
      run_at = CASE WHEN ${isLast} THEN run_at ELSE l.at END,
      last_error = l.error, ${unleased}`,
    { at: "integer", error: "text" },
  );
  const postpone = update(sql`state = 'scheduled', run_at = l.at, attempts = attempts - 1, ${unleased}`, {
    at: "integer",
  });
  const givesBack = sql`releases < ${sql.literal(String(Job.MAX_RELEASES))}`;
  const isWornOut = sql`(NOT (${givesBack}) AND attempts >= max_attempts)`;
  const release = update(sql`
    state = CASE WHEN ${isWornOut} THEN 'dead' ELSE 'ready' END,
    finished_at = CASE WHEN ${isWornOut} THEN ${now} END,
    last_error = CASE WHEN ${isWornOut} THEN ${sql.literal(`'${Job.RELEASED}'`)} ELSE last_error END,
    attempts = attempts - CASE WHEN ${givesBack} THEN 1 ELSE 0 END, releases = releases + 1, ${unleased}`);

  const settle = (settlements: ReadonlyArray<Job.Settlement>, at: number) => {
    const records: { [Tag in Job.Outcome["_tag"]]: Array<ReadonlyArray<unknown>> } = {
      Done: [],
      Failed: [],
      Postponed: [],
      Released: [],
    };
    for (const { lease, outcome } of settlements) {
      records[outcome._tag].push([lease.id, lease.seq, ...detailsOf(outcome)]);
    }
    const run = (statement: typeof complete, leases: ReadonlyArray<unknown>) =>
      leases.length === 0 ? Effect.succeed([]) : statement({ leases: JSON.stringify(leases), now: at });
    return Effect.map(
      Effect.all([
        run(complete, records.Done),
        run(fail, records.Failed),
        run(postpone, records.Postponed),
        run(release, records.Released),
      ]),
      (rows) => rows.flat(),
    );
  };

  return {
    enqueue: (jobs) => (jobs.length === 0 ? Effect.succeed([]) : atomically(enqueue(jobs))),

    enqueueOnce: (name, period, job) =>
      atomically(
        Effect.flatMap(begin({ name, period }), (begun) =>
          begun.length === 0 ? Effect.succeedNone : Effect.map(enqueue([job]), ([id]) => Option.fromNullable(id)),
        ),
      ),

    claim: claims.make(engine, statements, keys, { atomically, handOut: handOut(engine) }),

    extend: Effect.fnUntraced(function* (leases, until) {
      if (leases.length === 0) return [];
      const at = yield* Clock.currentTimeMillis;
      const records = JSON.stringify(leases.map(({ id, seq }) => [id, seq, until]));
      return missing(leases, yield* atomically(extend({ leases: records, now: at })));
    }),

    finish: Effect.fnUntraced(function* (settlements) {
      if (settlements.length === 0) return [];
      const at = yield* Clock.currentTimeMillis;
      const settled = yield* atomically(
        Effect.tap(settle(settlements, at), (rows) =>
          keys.advance(orderingKeys.keysOf(rows.filter(({ state }) => state === "done" || state === "dead")), at),
        ),
      );
      return missing(
        settlements.map(({ lease }) => lease),
        settled,
      );
    }),
  };
};

/** One row for the jobs of one dedupe key, and which row each job became. */
const merged = (jobs: ReadonlyArray<Job.CompleteJob>) => {
  const rows: Array<Job.CompleteJob> = [];
  const byKey = new Map<string, number>();
  const places = jobs.map((job) => {
    const key = JSON.stringify([job.queue, job.dedupeKey]);
    const place = job.dedupeKey === undefined ? undefined : byKey.get(key);
    const first = place === undefined ? undefined : rows[place];
    if (place === undefined || first === undefined) {
      byKey.set(key, rows.length);
      return rows.push(job) - 1;
    }
    rows[place] = { ...first, runAt: Math.min(first.runAt, job.runAt) };
    return place;
  });
  return { rows, places };
};

const detailsOf = (outcome: Job.Outcome): ReadonlyArray<unknown> => {
  switch (outcome._tag) {
    case "Failed":
      return [outcome.retryAt ?? null, Job.keptError(outcome.error)];
    case "Postponed":
      return [outcome.until];
    default:
      return [];
  }
};

/** The leases that a statement did not find in force. */
const missing = (leases: ReadonlyArray<Job.Lease>, rows: ReadonlyArray<Row>): ReadonlyArray<Job.Lease> => {
  if (rows.length === leases.length) return [];
  const found = new Set(rows.map((row) => `${row["id"]}.${row["lease_seq"]}`));
  return leases.filter(({ id, seq }) => !found.has(`${id}.${seq}`));
};
