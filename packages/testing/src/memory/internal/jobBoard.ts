import type { Job, JobId } from "@cadastre/domain/Job";
import type { JobBoard, Moved, QueueCount } from "@cadastre/domain/JobQueue";
import * as Clock from "effect/Clock";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Database } from "./database.ts";
import { advance } from "./jobQueue.ts";
import type { JobRow } from "./jobRow.ts";

export const make = (database: Database): Context.Tag.Service<JobBoard> => {
  const { jobs } = database;

  const move = (
    id: JobId,
    from: (state: Job["state"]) => boolean,
    to: (row: JobRow, now: number) => JobRow,
  ): Effect.Effect<Option.Option<Moved>> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      database.statement(
        Effect.sync(() => {
          const row = jobs.get(id);
          if (row === undefined) return Option.none();
          const changed = from(row.state);
          if (changed) {
            const moved = { ...to(row, now), leaseUntil: undefined, leasedBy: undefined, dedupeKey: undefined };
            jobs.set(id, { ...moved, updatedAt: now });
            advance(database, now);
          }
          return Option.some({ job: jobOf(jobs.get(id) ?? row), changed });
        }),
      ),
    );

  return {
    list: ({ state, queue, kind, before, limit }) =>
      database.statement(
        Effect.sync(() =>
          jobs
            .values()
            .filter((row) => state === undefined || row.state === state)
            .filter((row) => queue === undefined || row.queue === queue)
            .filter((row) => kind === undefined || row.kind === kind)
            .filter((row) => before === undefined || row.id < before)
            .sort((a, b) => b.id - a.id)
            .slice(0, limit)
            .map(jobOf),
        ),
      ),

    get: (id) => database.statement(Effect.sync(() => Option.map(Option.fromNullable(jobs.get(id)), jobOf))),

    retry: (id) =>
      move(
        id,
        (state) => state === "scheduled" || state === "dead" || state === "discarded",
        (row, now) => ({
          ...row,
          state: row.orderingKey === undefined ? "ready" : "blocked",
          attempts: 0,
          releases: 0,
          runAt: now,
          finishedAt: undefined,
        }),
      ),

    discard: (id) =>
      move(
        id,
        (state) => state !== "done" && state !== "discarded",
        (row, now) => ({ ...row, state: "discarded", finishedAt: now }),
      ),

    counts: database.statement(
      Effect.sync(() => {
        const counts = new Map<string, QueueCount>();
        for (const { queue, state, runAt } of jobs.values()) {
          const key = JSON.stringify([queue, state]);
          const { count, oldest } = counts.get(key) ?? { count: 0, oldest: runAt };
          if (state !== "done") counts.set(key, { queue, state, count: count + 1, oldest: Math.min(oldest, runAt) });
        }
        return [...counts.values()];
      }),
    ),

    prune: (state, before, limit) =>
      database.statement(
        Effect.sync(() => {
          const old = jobs
            .values()
            .filter((row) => row.state === state && (row.finishedAt ?? before) < before)
            .sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0))
            .slice(0, limit);
          for (const { id } of old) jobs.delete(id);
          return old.length;
        }),
      ),
  };
};

const jobOf = ({ leaseSeq: _, releases: __, payload, ...row }: JobRow): Job => ({
  ...row,
  payload: JSON.parse(payload),
});
