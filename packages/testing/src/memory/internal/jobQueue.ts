import * as Job from "@cadastre/domain/Job";
import type { Claim, JobQueue } from "@cadastre/domain/JobQueue";
import * as Clock from "effect/Clock";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Database } from "./database.ts";
import type { JobRow } from "./jobRow.ts";

/** A job, its payload as JSON text, with what only the store knows of it. */
export const make = (database: Database): Context.Tag.Service<JobQueue> => {
  const { jobs, periods, lastSequence } = database;

  /** A statement that knows the time. */
  const at = <A>(run: (now: number) => A): Effect.Effect<A> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => database.statement(Effect.sync(() => run(now))));

  const enqueue = (job: Job.NewJob, now: number): Job.JobId => {
    const { payload, ...complete } = Job.complete(job, now);
    const twin =
      complete.dedupeKey === undefined
        ? undefined
        : jobs.values().find((one) => one.queue === job.queue && one.dedupeKey === complete.dedupeKey);
    if (twin !== undefined) {
      const state = twin.state === "scheduled" && complete.runAt <= now ? "ready" : twin.state;
      jobs.set(twin.id, { ...twin, state, runAt: Math.min(twin.runAt, complete.runAt), updatedAt: now });
      return twin.id;
    }
    const id = (lastSequence.get("jobs") ?? 0) + 1;
    lastSequence.set("jobs", id);
    jobs.set(id, {
      ...complete,
      id,
      payload: JSON.stringify(JSON.parse(payload)),
      state: complete.orderingKey !== undefined ? "blocked" : complete.runAt > now ? "scheduled" : "ready",
      attempts: 0,
      releases: 0,
      leaseSeq: 0,
      createdAt: now,
      updatedAt: now,
      finishedAt: undefined,
      leaseUntil: undefined,
      leasedBy: undefined,
      lastError: undefined,
    });
    advance(database, now);
    return id;
  };

  const sweep = (queue: string, now: number): void => {
    for (const row of jobs.values().filter((one) => one.queue === queue)) {
      if (row.state === "scheduled" && row.runAt <= now) jobs.set(row.id, { ...row, state: "ready", updatedAt: now });
      if (row.state === "running" && (row.leaseUntil ?? 0) <= now) {
        const error = Job.expired(row.leasedBy ?? "");
        jobs.set(row.id, failed(row, now, error, now + Job.crashBackoff(row.attempts)));
      }
    }
    advance(database, now);
  };

  const inForce = (lease: Job.Lease, now: number): JobRow | undefined => {
    const row = jobs.get(lease.id);
    const holds = row?.state === "running" && row.leaseSeq === lease.seq && (row.leaseUntil ?? 0) > now;
    return holds ? row : undefined;
  };

  /** Changes the jobs whose leases are in force; gives those that are not. */
  const change = <A extends { readonly lease: Job.Lease }>(
    all: ReadonlyArray<A>,
    now: number,
    to: (row: JobRow, one: A) => JobRow,
  ): ReadonlyArray<Job.Lease> => {
    const lost = all.filter((one) => {
      const row = inForce(one.lease, now);
      if (row !== undefined) jobs.set(row.id, { ...to(row, one), updatedAt: now });
      return row === undefined;
    });
    advance(database, now);
    return lost.map(({ lease }) => lease);
  };

  return {
    enqueue: (all) => at((now) => all.map((job) => enqueue(job, now))),

    enqueueOnce: (name, period, job) =>
      at((now) => {
        if ((periods.get(name) ?? Number.NEGATIVE_INFINITY) >= period) return Option.none();
        periods.set(name, period);
        return Option.some(enqueue(job, now));
      }),

    claim: (claim) =>
      at((now) => {
        const wanted = () => claimable(jobs.values(), claim);
        const own = () => jobs.values().filter(({ queue }) => queue === claim.queue);
        const times = own().flatMap(({ state, runAt, leaseUntil }) =>
          state === "scheduled" ? [runAt] : leaseUntil === undefined ? [] : [leaseUntil],
        );
        const next = Math.min(...times);
        if (wanted().length === 0 && next > now) {
          return { jobs: [], nextAt: times.length === 0 ? undefined : next };
        }
        sweep(claim.queue, now);
        const counts = new Map(claim.running);
        const picked = wanted()
          .filter(({ groupKey }) => {
            if (groupKey === undefined) return true;
            const count = counts.get(groupKey) ?? 0;
            if (count < claim.perGroup) counts.set(groupKey, count + 1);
            return count < claim.perGroup;
          })
          .slice(0, claim.limit);
        const leased = picked.map((row) => {
          const running: JobRow = {
            ...row,
            state: "running",
            attempts: row.attempts + 1,
            leaseSeq: row.leaseSeq + 1,
            leaseUntil: now + claim.lease,
            leasedBy: claim.worker,
            dedupeKey: undefined,
            updatedAt: now,
          };
          jobs.set(row.id, running);
          return claimedOf(running);
        });
        return { jobs: leased, nextAt: now };
      }),

    extend: (leases, until) =>
      at((now) =>
        change(
          leases.map((lease) => ({ lease })),
          now,
          (row) => ({ ...row, leaseUntil: Math.max(row.leaseUntil ?? 0, until) }),
        ),
      ),

    finish: (settlements) => at((now) => change(settlements, now, (row, { outcome }) => settled(row, outcome, now))),
  };
};

/** Lets the first job of each ordering key go where none does. */
export const advance = ({ jobs }: Database, now: number): void => {
  const keyOf = ({ queue, orderingKey }: JobRow) => JSON.stringify([queue, orderingKey]);
  const all = jobs.values().filter(({ orderingKey }) => orderingKey !== undefined);
  const busy = new Set(all.filter(({ state }) => isUnderWay(state)).map(keyOf));
  const blocked = all.filter(({ state }) => state === "blocked").sort((a, b) => a.id - b.id);
  for (const row of blocked) {
    if (busy.has(keyOf(row))) continue;
    busy.add(keyOf(row));
    jobs.set(row.id, { ...row, state: row.runAt <= now ? "ready" : "scheduled", updatedAt: now });
  }
};

const isUnderWay = (state: Job.JobState): boolean => ["scheduled", "ready", "running"].includes(state);

const claimable = (all: ReadonlyArray<JobRow>, { queue, kinds, running, perGroup }: Claim): ReadonlyArray<JobRow> =>
  all
    .filter((row) => row.queue === queue && row.state === "ready" && kinds.includes(row.kind))
    .filter(({ groupKey }) => groupKey === undefined || (running.get(groupKey) ?? -1) < perGroup)
    .sort((a, b) => b.priority - a.priority || a.runAt - b.runAt || a.id - b.id);

const unleased = { leaseUntil: undefined, leasedBy: undefined };

const failed = (row: JobRow, now: number, lastError: string, retryAt: number | undefined): JobRow => {
  const ended = { ...row, ...unleased, lastError, updatedAt: now };
  return retryAt === undefined || row.attempts >= row.maxAttempts
    ? { ...ended, state: "dead", finishedAt: now }
    : { ...ended, state: "scheduled", runAt: retryAt };
};

const settled = (row: JobRow, outcome: Job.Outcome, now: number): JobRow => {
  switch (outcome._tag) {
    case "Done":
      return { ...row, ...unleased, state: "done", finishedAt: now };
    case "Failed":
      return failed(row, now, Job.keptError(outcome.error), outcome.retryAt);
    case "Postponed":
      return { ...row, ...unleased, state: "scheduled", runAt: outcome.until, attempts: row.attempts - 1 };
    case "Released": {
      const released = { ...row, ...unleased, releases: row.releases + 1 };
      if (row.releases < Job.MAX_RELEASES) return { ...released, state: "ready", attempts: row.attempts - 1 };
      return row.attempts < row.maxAttempts
        ? { ...released, state: "ready" }
        : { ...released, state: "dead", finishedAt: now, lastError: Job.RELEASED };
    }
  }
};

const claimedOf = (row: JobRow): Job.ClaimedJob => ({
  id: row.id,
  queue: row.queue,
  kind: row.kind,
  payload: JSON.parse(row.payload),
  priority: row.priority,
  runAt: row.runAt,
  attempts: row.attempts,
  maxAttempts: row.maxAttempts,
  groupKey: row.groupKey,
  traceparent: row.traceparent,
  createdAt: row.createdAt,
  lease: { id: row.id, seq: row.leaseSeq },
});
