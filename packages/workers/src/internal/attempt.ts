/**
 * One attempt at a job, from claim to outcome.
 */
import type * as Job from "@cadastre/domain/Job";
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Metric from "effect/Metric";
import * as Random from "effect/Random";
import * as Tracer from "effect/Tracer";
import type { Handler } from "../Handler.ts";

const attempts = Metric.counter("cadastre_job_attempts", {
  description: "Attempts at jobs, by queue, kind and outcome.",
  incremental: true,
});

/**
 * How an attempt ended; undefined: the handler has ended it itself. It never fails: a defect of a handler is the failure of
 * its job. Interrupted, it has no outcome.
 */
export const outcome = (handler: Handler, job: Job.ClaimedJob): Effect.Effect<Job.Outcome | undefined> =>
  Effect.suspend(() => handler.run(job)).pipe(
    traced(job),
    Effect.exit,
    // A handler that interrupts itself has failed; the interruption of this fiber goes on.
    Effect.flatMap((exit) => (Exit.isSuccess(exit) ? Effect.succeed(DONE) : ofCause(handler, job, exit.cause))),
    Effect.tap((outcome) => Metric.increment(counterOf(job, outcome?._tag ?? "Settled"))),
  );

/** Made once for each: tagging one takes longer than counting. */
const counters = new Map<string, typeof attempts>();

const counterOf = ({ queue, kind }: Job.ClaimedJob, outcome: Job.Outcome["_tag"] | "Settled"): typeof attempts => {
  const key = `${outcome} ${queue} ${kind}`;
  const known = counters.get(key);
  if (known !== undefined) return known;
  const made = attempts.pipe(
    Metric.tagged("queue", queue),
    Metric.tagged("kind", kind),
    Metric.tagged("outcome", outcome),
  );
  counters.set(key, made);
  return made;
};

/** The outcome of an attempt that was interrupted because its time was over. */
export const overdue = (handler: Handler, job: Job.ClaimedJob): Effect.Effect<Job.Outcome> =>
  Effect.gen(function* () {
    yield* Metric.increment(counterOf(job, "Failed"));
    const retryAt = yield* later(handler, job, yield* Clock.currentTimeMillis);
    return failed(`it took longer than ${Duration.format(handler.timeout)}`, retryAt);
  });

const DONE: Job.Outcome = { _tag: "Done" };

const ofCause = (
  handler: Handler,
  job: Job.ClaimedJob,
  cause: Cause.Cause<Effect.Effect.Error<ReturnType<Handler["run"]>>>,
): Effect.Effect<Job.Outcome | undefined> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis;
    const failure = Cause.failureOption(cause);
    if (failure._tag === "None") {
      yield* Effect.logError(`a defect in job ${job.id} of kind ${job.kind}`, cause);
      const defect = Cause.squash(cause);
      const message = defect instanceof Error ? `${defect.name}: ${defect.message}` : String(defect);
      return failed(message, yield* later(handler, job, now));
    }
    const error = failure.value;
    switch (error._tag) {
      case "Postponed":
        return { _tag: "Postponed", until: error.until };
      case "GivenUp":
        return failed(error.message, undefined);
      case "AttemptFailed":
        return failed(error.message, error.retryAt ?? (yield* later(handler, job, now)));
      case "Settled":
        return undefined;
      case "StoreUnavailable":
        return failed(error.message, yield* later(handler, job, now));
    }
  });

const failed = (error: string, retryAt: number | undefined): Job.Outcome => ({ _tag: "Failed", error, retryAt });

/** Between half of the backoff and one and a half of it, so that what failed together does not come back together. */
const later = (handler: Handler, { attempts }: Job.ClaimedJob, now: number): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => Math.round(now + Duration.toMillis(handler.backoff(attempts)) * (0.5 + random)));

/** A span under the call that asked for the job. */
const traced =
  (job: Job.ClaimedJob) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(job.traceparent ?? "") ?? [];
    return traceId === undefined || spanId === undefined
      ? effect
      : Effect.withSpan(effect, `job ${job.kind}`, {
          captureStackTrace: false,
          kind: "consumer",
          parent: Tracer.externalSpan({ traceId, spanId }),
          attributes: { "job.id": job.id, "job.queue": job.queue, "job.attempt": job.attempts },
        });
  };
