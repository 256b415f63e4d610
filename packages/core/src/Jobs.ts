/**
 * Use cases on jobs, for people who look after them.
 */
import { callback } from "@cadastre/domain/Delivery";
import { NotFound, WrongState } from "@cadastre/domain/Errors";
import type { Job, JobId } from "@cadastre/domain/Job";
import { JobBoard, type JobQuery, type Moved } from "@cadastre/domain/JobQueue";
import type { Caller } from "@cadastre/domain/Principal";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Option from "effect/Option";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";

export interface JobPage {
  readonly jobs: ReadonlyArray<Job>;
  /** The `before` of the next page; undefined: this is the last. */
  readonly next: JobId | undefined;
}

export class Jobs extends Context.Tag("@cadastre/core/Jobs")<
  Jobs,
  {
    /** A page of jobs, the latest first. */
    readonly list: (query: JobQuery) => Effect.Effect<JobPage, Denied, Caller>;

    readonly get: (id: JobId) => Effect.Effect<Job, Denied | NotFound, Caller>;

    /**
     * Lets a job run now, with all its attempts before it. One that is ready stays as it is; fails with `WrongState` if it
     * runs, stands behind another or is done.
     */
    readonly retry: (id: JobId) => Effect.Effect<Job, Denied | NotFound | WrongState, Caller>;

    /**
     * Takes out a job. One that is discarded stays as it is; fails with `WrongState` if it is done, or delivers a callback,
     * whose delivery would be lost.
     */
    readonly discard: (id: JobId) => Effect.Effect<Job, Denied | NotFound | WrongState, Caller>;
  }
>() {}

const make = Effect.gen(function* () {
  const board = yield* JobBoard;
  const { notify } = yield* Wakeups;

  const found =
    (id: JobId) =>
    <A>(result: Option.Option<A>): Effect.Effect<A, NotFound> =>
      Effect.mapError(result, () => new NotFound({ message: `there is no job ${id}` }));

  const moved = ({ job, changed }: Moved, goal: Job["state"], message: string): Effect.Effect<Job, WrongState> =>
    changed || job.state === goal
      ? Effect.succeed(job)
      : Effect.fail(new WrongState({ message: `job ${job.id} is ${job.state}: ${message}`, state: job.state }));

  return Jobs.of({
    list: Effect.fn("Jobs.list")(function* (query: JobQuery) {
      const jobs = yield* board.list({ ...query, limit: query.limit + 1 });
      const page = jobs.slice(0, query.limit);
      return { jobs: page, next: jobs.length > page.length ? page.at(-1)?.id : undefined };
    }),

    get: Effect.fn("Jobs.get")((id: JobId) => Effect.flatMap(board.get(id), found(id))),

    retry: Effect.fn("Jobs.retry")(function* (id: JobId) {
      const result = yield* found(id)(yield* board.retry(id));
      yield* notify("jobs");
      return yield* moved(result, "ready", "only what is scheduled, dead or discarded can be retried");
    }),

    discard: Effect.fn("Jobs.discard")(function* (id: JobId) {
      const job = yield* found(id)(yield* board.get(id));
      if (job.kind === callback.name && job.state !== "discarded") return yield* delivers(job);
      const result = yield* found(id)(yield* board.discard(id));
      yield* notify("jobs");
      return yield* moved(result, "discarded", "what is done cannot be taken out any more");
    }),
  });
});

const delivers = ({ id, state }: Job) =>
  new WrongState({
    message: `job ${id} makes a delivery: redeliver that, or disable its subscription, and leave the job`,
    state,
  });

/** Payloads tell where callbacks go: reading them takes the scope too. */
export const layer: Layer.Layer<Jobs, never, JobBoard | Wakeups> = Layer.effect(
  Jobs,
  Effect.map(make, (jobs) =>
    authorize(jobs, {
      list: "callbacks:manage",
      get: "callbacks:manage",
      retry: "callbacks:manage",
      discard: "callbacks:manage",
    }),
  ),
);
