/**
 * Does the jobs of one queue: fibers in a bounded number, supervised, drained at the end.
 */
import type * as Job from "@cadastre/domain/Job";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as FiberSet from "effect/FiberSet";
import * as Layer from "effect/Layer";
import * as Queue from "effect/Queue";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import type { Handler } from "./Handler.ts";
import * as attempt from "./internal/attempt.ts";
import * as Metrics from "./internal/jobMetrics.ts";
import { persistently } from "./internal/persistence.ts";

export interface Options {
  readonly queue: string;
  /** Names this worker, for people who look at what runs. */
  readonly worker: string;
  /** Jobs at once. */
  readonly concurrency: number;
  /** Jobs of one group key at once; no limit of its own where absent. */
  readonly perGroup?: number;
  /** For which a job is claimed; it is extended every quarter of that. A minute where absent. */
  readonly lease?: Duration.Duration;
  /** After which the store is asked for jobs even if nothing says that there are any. A second where absent. */
  readonly poll?: Duration.Duration;
  /** For jobs to end when the worker is stopped; those that do not are released. Four seconds where absent. */
  readonly drain?: Duration.Duration;
}

/** Works until the scope is closed: then no more jobs are claimed, and what runs is finished or released. */
export const layer = <E, R>(
  options: Options,
  handlers: Effect.Effect<ReadonlyArray<Handler>, E, R>,
): Layer.Layer<never, E, Exclude<R, Scope.Scope> | JobQueue | Wakeups> =>
  Layer.scopedDiscard(Effect.flatMap(handlers, (all) => make(options, all)));

/** Jobs that are claimed, or whose ends are written, at once. */
const BATCH = 200;

interface Held {
  readonly job: Job.ClaimedJob;
  readonly deadline: number;
  fiber: Fiber.RuntimeFiber<void> | undefined;
  /** Interrupted because its time was over. */
  isOverdue: boolean;
  /** The end of the lease as this worker knows it. */
  until: number;
}

const make = Effect.fnUntraced(function* (options: Options, handlers: ReadonlyArray<Handler>) {
  const { concurrency, perGroup = concurrency, drain = Duration.seconds(4) } = options;
  const lease = Duration.toMillis(options.lease ?? Duration.minutes(1));
  const poll = Duration.toMillis(options.poll ?? Duration.seconds(1));
  const queue = yield* JobQueue;
  const { listen } = yield* Wakeups;

  const byKind = new Map(handlers.map((handler) => [handler.kind, handler]));
  const kinds = [...byKind.keys()];
  const fibers = yield* FiberSet.make<void>();
  /** Jobs whose end is not written yet. */
  const held = new Map<Job.JobId, Held>();
  const groups = new Map<string, number>();
  let running = 0;
  let stopping = false;
  const ended = yield* Queue.unbounded<Job.Settlement>();
  /** There may be something to claim, or room for it, or an end of what one waits for. */
  const stirred = yield* Queue.sliding<void>(1);

  const count = ({ groupKey }: Job.ClaimedJob, change: 1 | -1): void => {
    running += change;
    if (groupKey === undefined) return;
    const now = (groups.get(groupKey) ?? 0) + change;
    if (now === 0) groups.delete(groupKey);
    else groups.set(groupKey, now);
  };

  /** An attempt in a fiber of its own. Where that is interrupted, another has the job or the worker stops. */
  const start = Effect.fnUntraced(function* (job: Job.ClaimedJob, now: number) {
    const handler = byKind.get(job.kind);
    if (handler === undefined) return yield* Effect.dieMessage(`a job of kind ${job.kind} was not asked for`);
    const deadline = now + Duration.toMillis(handler.timeout);
    const one: Held = { job, deadline, until: now + lease, fiber: undefined, isOverdue: false };
    held.set(job.id, one);
    count(job, 1);
    Metrics.begun(job, now);
    const started = performance.now();
    // Whatever becomes of the attempt, it ends here; even one that is interrupted before it began.
    const body = Effect.uninterruptible(
      Effect.flatMap(Effect.exit(Effect.interruptible(attempt.outcome(handler, job))), (exit) => {
        count(job, -1);
        const end = Exit.isSuccess(exit)
          ? endOf(exit.value)
          : one.isOverdue
            ? "failed"
            : stopping
              ? "released"
              : "lost";
        Metrics.ended(job, end, (performance.now() - started) / 1000);
        const settle = (outcome: Job.Outcome | undefined) =>
          outcome === undefined
            ? Effect.sync(() => forget(job.lease))
            : Queue.offer(ended, { lease: job.lease, outcome });
        const written = Exit.isSuccess(exit)
          ? settle(exit.value)
          : one.isOverdue
            ? Effect.flatMap(attempt.overdue(handler, job), settle)
            : stopping
              ? settle({ _tag: "Released" })
              : Effect.void;
        return Effect.zipRight(written, Effect.asVoid(Queue.offer(stirred, undefined)));
      }),
    );
    one.fiber = yield* FiberSet.run(fibers, body);
  });

  /** Claims what there is room for; gives how long to wait before the next time. */
  const claim = Effect.gen(function* () {
    const limit = Math.min(concurrency - running, BATCH);
    if (limit <= 0) return Number.POSITIVE_INFINITY;
    const { worker } = options;
    const { jobs, nextAt } = yield* queue.claim({
      queue: options.queue,
      kinds,
      limit,
      worker,
      lease,
      perGroup,
      running: groups,
    });
    const now = yield* Clock.currentTimeMillis;
    yield* Effect.forEach(jobs, (job) => start(job, now), { discard: true });
    return Math.min((nextAt ?? Number.POSITIVE_INFINITY) - now, poll);
  });
  // Not to be interrupted between the claim and the start: the jobs would wait for the end of their leases.
  const claiming = Effect.flatMap(persistently("claiming jobs", Effect.uninterruptible(claim)), (wait) =>
    wait <= 0
      ? Effect.yieldNow()
      : Number.isFinite(wait)
        ? Effect.timeoutOption(Queue.take(stirred), Duration.millis(wait))
        : Queue.take(stirred),
  );

  const settle = Effect.gen(function* () {
    const settlements = [...(yield* Queue.takeBetween(ended, 1, BATCH))];
    const lost = yield* persistently("ending jobs", queue.finish(settlements));
    for (const { lease } of settlements) forget(lease);
    if (lost.length > 0) yield* Effect.logWarning(`the ends of ${lost.length} jobs came after their leases`);
    yield* Queue.offer(stirred, undefined);
  });

  const forget = ({ id, seq }: Job.Lease): void => {
    if (held.get(id)?.job.lease.seq === seq) held.delete(id);
  };

  /** One look at all of them: a timer for each would cost more than the job. */
  const watch = Effect.gen(function* () {
    if (running === 0) return;
    const now = yield* Clock.currentTimeMillis;
    for (const one of held.values()) {
      if (one.deadline > now || one.isOverdue || one.fiber === undefined) continue;
      one.isOverdue = true;
      yield* Fiber.interruptFork(one.fiber);
    }
  });

  const beat = Effect.gen(function* () {
    if (held.size === 0) return;
    const all = [...held.values()];
    const until = (yield* Clock.currentTimeMillis) + lease;
    const lost = yield* Effect.either(
      queue.extend(
        all.map(({ job }) => job.lease),
        until,
      ),
    );
    const now = yield* Clock.currentTimeMillis;
    const gone = new Set(lost._tag === "Right" ? lost.right.map(({ id }) => id) : []);
    for (const one of all) {
      if (lost._tag === "Right") one.until = until;
      if (!gone.has(one.job.id) && one.until > now) continue;
      forget(one.job.lease);
      // Without waiting for it: it may take its time to end.
      if (one.fiber !== undefined) yield* Fiber.interruptFork(one.fiber);
    }
  });

  yield* Effect.forkScoped(Stream.runForEach(listen("jobs"), () => Queue.offer(stirred, undefined)));
  yield* Effect.forkScoped(Effect.forever(settle));
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(lease / 4), beat)));
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep("1 second"), watch)));
  const claims = yield* Effect.forkScoped(Effect.forever(claiming));

  const until = (condition: () => boolean) =>
    Effect.iterate(undefined, { while: () => !condition(), body: () => Queue.take(stirred) });
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      yield* Fiber.interrupt(claims);
      yield* Effect.timeoutOption(Effect.interruptible(until(() => running === 0)), drain);
      stopping = true;
      yield* FiberSet.clear(fibers);
      const written = yield* Effect.timeoutOption(Effect.interruptible(until(() => held.size === 0)), FLUSH);
      if (written._tag === "None") yield* Effect.logWarning(`${held.size} jobs keep their leases until those end`);
    }),
  );
});

const ENDS = { Done: "done", Failed: "failed", Postponed: "postponed", Released: "released" } as const;

const endOf = (outcome: Job.Outcome | undefined): Metrics.End =>
  outcome === undefined ? "settled" : ENDS[outcome._tag];

/** For what ended to be written when the worker stops. */
const FLUSH = Duration.seconds(2);
