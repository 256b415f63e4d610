/**
 * One attempt at a job, from claim to outcome.
 */
import type * as Job from "@cadastre/domain/Job";
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Random from "effect/Random";
import type { Handler } from "../Handler.ts";

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
  );

/** The outcome of an attempt that was interrupted because its time was over. */
export const overdue = (handler: Handler, job: Job.ClaimedJob): Effect.Effect<Job.Outcome> =>
  Effect.gen(function* () {
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

/** A span under the call that asked for the job, by OpenTelemetry's conventions for messaging. */
const traced = ({ id, queue, kind, attempts, traceparent }: Job.ClaimedJob) =>
  TraceContext.within(`process ${queue}`, {
    kind: "consumer",
    traceparent,
    attributes: {
      "messaging.system": "cadastre",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": queue,
      "messaging.message.id": String(id),
      "cadastre.job.kind": kind,
      "cadastre.job.attempt": attempts,
    },
  });
