/**
 * The ports behind which jobs are kept: what workers need of them, and what people do.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { StoreUnavailable } from "./Errors.ts";
import type { ClaimedJob, Job, JobId, JobState, Lease, NewJob, Settlement } from "./Job.ts";

export interface Claim {
  readonly queue: string;
  /** The kinds that the worker knows; others are left for those who know them. */
  readonly kinds: ReadonlyArray<string>;
  /** Jobs at the most. */
  readonly limit: number;
  /** Whose claim it is, for people. */
  readonly worker: string;
  /** Milliseconds until the lease ends. */
  readonly lease: number;
  /** Jobs of one group key that the worker runs at once. */
  readonly perGroup: number;
  /** How many of each group key it runs now. */
  readonly running: ReadonlyMap<string, number>;
}

export interface Claimed {
  /** In the order in which they are to be started. */
  readonly jobs: ReadonlyArray<ClaimedJob>;
  /** When to claim again, unless woken before; now if there may be more. Undefined: nothing waits for its time. */
  readonly nextAt: number | undefined;
}

/** The port by which jobs are written down and done. Each call is atomic by itself, and inside a transaction part of it. */
export class JobQueue extends Context.Tag("@cadastre/domain/JobQueue")<
  JobQueue,
  {
    /**
     * Writes jobs down; gives their ids, in order. It wakes nobody: that is for the caller, after the commit
     * (`Wakeups.notify("jobs")`). A job outside of the limits that `NewJob` tells is a defect.
     */
    readonly enqueue: (jobs: ReadonlyArray<NewJob>) => Effect.Effect<ReadonlyArray<JobId>, StoreUnavailable>;

    /**
     * Writes a job down unless that was done for this or a later period of that name: of all replicas that ask, one gets
     * its id.
     */
    readonly enqueueOnce: (
      name: string,
      period: number,
      job: NewJob,
    ) => Effect.Effect<Option.Option<JobId>, StoreUnavailable>;

    /**
     * Leases the jobs that may run now: by priority, then by time, then by id. Never two of one ordering key, never more of
     * a group than the worker may run, never one that another holds. Each counts an attempt and loses its dedupe key.
     *
     * Jobs whose lease has ended are taken back first: they are claimed again after `crashBackoff`, or dead if that was
     * their last attempt. Where nothing is due, nothing is written.
     */
    readonly claim: (claim: Claim) => Effect.Effect<Claimed, StoreUnavailable>;

    /** Moves the end of leases, never to an earlier time. Gives those that are not in force any more; nothing of them is changed. */
    readonly extend: (
      leases: ReadonlyArray<Lease>,
      until: number,
    ) => Effect.Effect<ReadonlyArray<Lease>, StoreUnavailable>;

    /**
     * Ends attempts. Gives the leases that are not in force any more, because their time has passed or the job was
     * discarded: nothing of those jobs is changed. A job that is done or dead lets the next of its ordering key go; one that
     * is to be tried again does not.
     */
    readonly finish: (settlements: ReadonlyArray<Settlement>) => Effect.Effect<ReadonlyArray<Lease>, StoreUnavailable>;
  }
>() {}

export interface JobQuery {
  readonly state?: JobState | undefined;
  readonly queue?: string | undefined;
  readonly kind?: string | undefined;
  /** Only jobs with a lower id. */
  readonly before?: JobId | undefined;
  readonly limit: number;
}

export interface QueueCount {
  readonly queue: string;
  readonly state: JobState;
  readonly count: number;
  /** The earliest `runAt` among them. */
  readonly oldest: number;
}

export const MAX_COUNTED = 10_000;

/** What retrying or discarding did. */
export interface Moved {
  /** As it is now. */
  readonly job: Job;
  /** False: in the state that it is in there was nothing to do. */
  readonly changed: boolean;
}

/** The port by which people see and move jobs. Each call is atomic by itself, and inside a transaction part of it. */
export class JobBoard extends Context.Tag("@cadastre/domain/JobBoard")<
  JobBoard,
  {
    /** The latest first. */
    readonly list: (query: JobQuery) => Effect.Effect<ReadonlyArray<Job>, StoreUnavailable>;

    readonly get: (id: JobId) => Effect.Effect<Option.Option<Job>, StoreUnavailable>;

    /**
     * Lets a job run now, with all its attempts before it: one that is scheduled, dead or discarded. It has no dedupe key
     * after that. None: there is no such job.
     */
    readonly retry: (id: JobId) => Effect.Effect<Option.Option<Moved>, StoreUnavailable>;

    /**
     * Takes out a job that is not done. From one that is running the lease is taken: its worker is told when it next extends
     * it. None: there is no such job.
     */
    readonly discard: (id: JobId) => Effect.Effect<Option.Option<Moved>, StoreUnavailable>;

    /**
     * How many jobs each queue has in each state but `done`, where there are any; of those that are dead, and of those that
     * are discarded, the latest {@link MAX_COUNTED} are counted at the most.
     */
    readonly counts: Effect.Effect<ReadonlyArray<QueueCount>, StoreUnavailable>;

    /** Deletes up to `limit` jobs of a state in which they are finished since before `before`, the oldest first; gives how many. */
    readonly prune: (
      state: "done" | "dead" | "discarded",
      before: number,
      limit: number,
    ) => Effect.Effect<number, StoreUnavailable>;
  }
>() {}
