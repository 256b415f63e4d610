/**
 * Jobs: work that is written down with the change that calls for it, and done later, at least once.
 *
 * Times are milliseconds since the epoch.
 */
import * as Schema from "effect/Schema";
import type { Json } from "./Json.ts";

/** In the order of creation; one is never given out twice. */
export type JobId = number;

/**
 * - `scheduled`: waits for its time
 * - `blocked`: waits for an earlier job of its ordering key
 * - `ready`: may be claimed
 * - `running`: claimed, under a lease
 * - `done`
 * - `dead`: given up, with its last error
 * - `discarded`: taken out by a person
 */
export const JobState = Schema.Literal(
  "scheduled",
  "blocked",
  "ready",
  "running",
  "done",
  "dead",
  "discarded",
).annotations({ identifier: "JobState" });

export type JobState = typeof JobState.Type;

export interface NewJob {
  /** Workers claim from one queue at a time. */
  readonly queue: string;
  /** What is to be done: the name of a handler. */
  readonly kind: string;
  /** At most {@link MAX_PAYLOAD} characters as JSON. */
  readonly payload: Json;
  /** {@link MIN_PRIORITY} to {@link MAX_PRIORITY}, higher first; 0 where absent. */
  readonly priority?: number | undefined;
  /** Not before this; at once where absent. */
  readonly runAt?: number | undefined;
  /** Claims until it is dead, the first one included; {@link DEFAULT_ATTEMPTS} where absent. */
  readonly maxAttempts?: number | undefined;
  /**
   * Of the jobs of a queue that wait for their first claim one at the most has this key. Another that is enqueued becomes
   * the one that is there, at the earlier of both times.
   */
  readonly dedupeKey?: string | undefined;
  /** The jobs of a queue that share this key are done strictly one after the other, in the order of their ids, whatever their priority. */
  readonly orderingKey?: string | undefined;
  /** What jobs have in common that may bear only so many at once, such as the server that they all call. */
  readonly groupKey?: string | undefined;
  /** W3C trace context of the call that asked for it. */
  readonly traceparent?: string | undefined;
}

export const MAX_PAYLOAD = 256 * 1024;
export const MIN_PRIORITY = -10;
export const MAX_PRIORITY = 10;
export const DEFAULT_ATTEMPTS = 10;

export interface Job {
  readonly id: JobId;
  readonly queue: string;
  readonly kind: string;
  readonly payload: Json;
  readonly state: JobState;
  readonly priority: number;
  /** When it may run, for the first time or again. */
  readonly runAt: number;
  /** Claims that count, the one under way included: what was postponed or released gave its claim back. */
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly dedupeKey: string | undefined;
  readonly orderingKey: string | undefined;
  readonly groupKey: string | undefined;
  readonly traceparent: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly finishedAt: number | undefined;
  /** The end of the lease and whose it is, while it runs. */
  readonly leaseUntil: number | undefined;
  readonly leasedBy: string | undefined;
  readonly lastError: string | undefined;
}

/** What a worker holds of a job. Each claim has a higher `seq`, so that no late worker can pass for the present one. */
export interface Lease {
  readonly id: JobId;
  readonly seq: number;
}

/** A job as the worker gets it that claimed it. */
export interface ClaimedJob
  extends Pick<
    Job,
    | "id"
    | "queue"
    | "kind"
    | "payload"
    | "priority"
    | "runAt"
    | "attempts"
    | "maxAttempts"
    | "groupKey"
    | "traceparent"
    | "createdAt"
  > {
  readonly lease: Lease;
}

/**
 * How an attempt ended.
 *
 * - `Failed`: to be tried again at `retryAt`, or dead if that is absent or it was the last attempt
 * - `Postponed`: not tried after all, as for a rate limit; the attempt is given back
 * - `Released`: the worker stops; the attempt is given back, {@link MAX_RELEASES} times at the most, so that a job which ends
 *   its worker does not do so for ever
 */
export type Outcome =
  | { readonly _tag: "Done" }
  | { readonly _tag: "Failed"; readonly error: string; readonly retryAt: number | undefined }
  | { readonly _tag: "Postponed"; readonly until: number }
  | { readonly _tag: "Released" };

export const MAX_RELEASES = 5;

export interface Settlement {
  readonly lease: Lease;
  readonly outcome: Outcome;
}

export const done: Outcome = { _tag: "Done" };

/** Characters of an error that are kept. */
export const MAX_ERROR = 2000;

/** An error as it is kept: not too long, and without the one character that Postgres does not take. */
export const keptError = (error: string): string => error.slice(0, MAX_ERROR).replaceAll("\0", "\uFFFD");

/** What is kept of a job whose worker did not end its attempt. */
export const expired = (worker: string): string => `the worker ${worker} did not finish it within its lease`;

/** What is kept of a job that was released more than {@link MAX_RELEASES} times. */
export const RELEASED = "its workers stopped before it was finished";

/** Milliseconds until a job is claimed again whose worker did not come back after `attempts` claims: 2 s, doubled up to 64 s. */
export const crashBackoff = (attempts: number): number => 1000 * 2 ** Math.min(attempts, 6);

/** A new job in full, as it is written down. */
export interface CompleteJob
  extends Pick<
    Job,
    "queue" | "kind" | "priority" | "runAt" | "maxAttempts" | "dedupeKey" | "orderingKey" | "groupKey" | "traceparent"
  > {
  /** As JSON. */
  readonly payload: string;
}

/** Fills in what is absent. Throws if the job is outside of its limits: those who enqueue are programs. */
export const complete = (job: NewJob, now: number): CompleteJob => {
  const complete = {
    queue: job.queue,
    kind: job.kind,
    payload: JSON.stringify(job.payload),
    priority: job.priority ?? 0,
    runAt: job.runAt ?? now,
    maxAttempts: job.maxAttempts ?? DEFAULT_ATTEMPTS,
    dedupeKey: job.dedupeKey,
    orderingKey: job.orderingKey,
    groupKey: job.groupKey,
    traceparent: job.traceparent,
  };
  const { payload, priority, runAt, maxAttempts } = complete;
  const isWithin =
    payload.length <= MAX_PAYLOAD &&
    Number.isInteger(priority) &&
    priority >= MIN_PRIORITY &&
    priority <= MAX_PRIORITY &&
    Number.isSafeInteger(runAt) &&
    Number.isInteger(maxAttempts) &&
    maxAttempts > 0;
  if (!isWithin) {
    const shown = JSON.stringify({ ...complete, payload: `${payload.length} characters` });
    throw new RangeError(`a job outside of the limits: ${shown}`);
  }
  return complete;
};
