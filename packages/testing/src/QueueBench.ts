/**
 * The queue as `scripts/bench/queue.mjs` measures it. Bundled, and called from there.
 */
import type { ClaimedJob } from "@cadastre/domain/Job";
import { done } from "@cadastre/domain/Job";
import * as Kinds from "@cadastre/domain/JobKind";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Postgres from "@cadastre/postgres/Postgres";
import type { Stores } from "@cadastre/sql/Stores";
import * as Sqlite from "@cadastre/sqlite/Sqlite";
import * as Handler from "@cadastre/workers/Handler";
import * as Runner from "@cadastre/workers/Runner";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as ManagedRuntime from "effect/ManagedRuntime";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { claim, job } from "./Fixtures.ts";

/** A queue on the database at a path or a `postgres` URL. */
export const open = (database: string, synchronous: "full" | "normal") => {
  const stores: Layer.Layer<Stores, unknown> = database.startsWith("postgres")
    ? Postgres.layer({ url: Redacted.make(database) })
    : Sqlite.layer({ filename: database, synchronous });
  const runtime = ManagedRuntime.make(Layer.provideMerge(stores, Layer.setTracerEnabled(false)));
  const run = <A>(effect: Effect.Effect<A, unknown, Stores>): Promise<A> => runtime.runPromise(effect);

  /** Claims and ends until `count` jobs are done. */
  const drain = (count: number, batch: number, concurrency: number) => {
    let left = count;
    const cycle = Effect.gen(function* () {
      const queue = yield* JobQueue;
      while (left > 0) {
        const { jobs } = yield* queue.claim(claim({ limit: batch, perGroup: batch }));
        if (jobs.length === 0) return;
        yield* queue.finish(jobs.map(({ lease }: ClaimedJob) => ({ lease, outcome: done })));
        left -= jobs.length;
      }
    });
    return Effect.all(
      Array.from({ length: concurrency }, () => cycle),
      { concurrency: "unbounded", discard: true },
    );
  };

  /** A worker that calls `onJob` for each job, while `during` runs. */
  const working = <A>(concurrency: number, onJob: () => void, during: Effect.Effect<A, unknown, Stores>): Promise<A> =>
    run(
      Effect.provide(
        during,
        Runner.layer(
          { queue: "q", worker: "bench", concurrency },
          Effect.succeed([Handler.make(kind, () => Effect.sync(onJob))]),
        ),
      ),
    );

  return {
    enqueue: (count: number, runAt?: number) =>
      run(
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          for (let left = count; left > 0; left -= 1000) {
            yield* queue.enqueue(
              Array.from({ length: Math.min(left, 1000) }, (_, n) => job({ payload: { n }, runAt })),
            );
          }
        }),
      ),

    /** By the port alone. */
    drain: (count: number, batch: number, concurrency: number) => run(drain(count, batch, concurrency)),

    /** By a worker whose handler does nothing. */
    work: (count: number, concurrency: number) => {
      const ended = Effect.runSync(Deferred.make<void>());
      let left = count;
      const onJob = () => {
        left -= 1;
        if (left === 0) Effect.runSync(Deferred.succeed(ended, undefined));
      };
      return working(concurrency, onJob, Deferred.await(ended));
    },

    /** Milliseconds from before a job is enqueued to its start, one at a time, with nothing else to do. */
    latencies: (count: number) => {
      let started = (): void => undefined;
      const one = Effect.gen(function* () {
        const queue = yield* JobQueue;
        const { notify } = yield* Wakeups;
        yield* Effect.sleep("50 millis");
        const start = performance.now();
        const begun = new Promise<number>((resolve) => {
          started = () => resolve(performance.now() - start);
        });
        yield* queue.enqueue([job({ payload: { n: 1 } })]);
        yield* notify("jobs");
        return yield* Effect.promise(() => begun);
      });
      return working(10, () => started(), Effect.replicateEffect(one, count));
    },

    /** A worker that has nothing to do, for so many milliseconds. */
    idle: (millis: number) => working(10, () => undefined, Effect.sleep(millis)),

    close: () => runtime.dispose(),
  };
};

const kind = Kinds.make({ queue: "q", name: "k", payload: Schema.Struct({ n: Schema.Number }) });
