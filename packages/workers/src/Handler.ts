/**
 * What does the jobs of one kind.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { ClaimedJob } from "@cadastre/domain/Job";
import type { JobKind } from "@cadastre/domain/JobKind";
import * as Data from "effect/Data";
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";

/** The attempt failed: the job is tried again, after the kind's backoff or at `retryAt`, or is dead if it was the last. */
export class AttemptFailed extends Data.TaggedError("AttemptFailed")<{
  readonly message: string;
  readonly retryAt?: number | undefined;
}> {}

/** No attempt will succeed: the job is dead, whatever attempts it has left. */
export class GivenUp extends Data.TaggedError("GivenUp")<{ readonly message: string }> {}

/** It cannot be tried now, as for a rate limit: the job comes back at `until`, with as many attempts as before. */
export class Postponed extends Data.TaggedError("Postponed")<{ readonly until: number }> {}

export type HandlerError = AttemptFailed | GivenUp | Postponed | StoreUnavailable;

/** What a handler knows of the job besides its payload. `id` is the same in every attempt. */
export type Attempt = Pick<ClaimedJob, "id" | "attempts" | "maxAttempts" | "createdAt" | "traceparent">;

export interface Handler {
  readonly queue: string;
  readonly kind: string;
  readonly timeout: Duration.Duration;
  readonly backoff: (attempt: number) => Duration.Duration;
  /** Does the job. A payload that is not one of its kind is given up at once. */
  readonly run: (job: ClaimedJob) => Effect.Effect<void, HandlerError>;
}

/**
 * A handler may be interrupted at any point, and run again after it has succeeded: what it does must bear that. Where the
 * worker loses the job to another, it is interrupted.
 */
export const make = <A>(
  kind: JobKind<A>,
  handle: (payload: A, attempt: Attempt) => Effect.Effect<void, HandlerError>,
): Handler => ({
  queue: kind.queue,
  kind: kind.name,
  timeout: kind.timeout,
  backoff: kind.backoff,
  run: (job) => {
    const payload = kind.decode(job.payload);
    return payload._tag === "Left" ? Effect.fail(new GivenUp({ message: payload.left })) : handle(payload.right, job);
  },
});
