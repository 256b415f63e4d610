/**
 * What keeps the house in order: finished jobs are deleted when their time has passed.
 */
import * as Kinds from "@cadastre/domain/JobKind";
import { JobBoard } from "@cadastre/domain/JobQueue";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as Handler from "./Handler.ts";
import * as Periodic from "./Periodic.ts";
import * as Runner from "./Runner.ts";

export interface Retention {
  /** For which jobs that are done are kept. */
  readonly done: Duration.Duration;
  /** For which jobs that are dead or discarded are kept. */
  readonly dead: Duration.Duration;
}

export const RETENTION: Retention = { done: Duration.days(1), dead: Duration.days(30) };

const QUEUE = "maintenance";

const prune = Kinds.make({ queue: QUEUE, name: "jobs.prune", payload: Schema.Struct({}) });

/** Jobs that are deleted in one transaction. */
const BATCH = 500;

const handlers = (retention: Retention) =>
  Effect.map(JobBoard, (board) => [
    Handler.make(prune, () =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis;
        for (const state of ["done", "dead", "discarded"] as const) {
          const before = now - Duration.toMillis(state === "done" ? retention.done : retention.dead);
          let deleted = 0;
          for (let batch = BATCH; batch === BATCH; deleted += batch) {
            batch = yield* board.prune(state, before, BATCH);
            // Others write in between.
            yield* Effect.sleep("10 millis");
          }
          if (deleted > 0) yield* Effect.logInfo(`deleted ${deleted} jobs that were ${state}`);
        }
      }),
    ),
  ]);

/** Prunes every hour. `worker` names this process. */
export const layer = (worker: string, retention: Retention = RETENTION) =>
  Layer.merge(
    Runner.layer({ queue: QUEUE, worker, concurrency: 1 }, handlers(retention)),
    Periodic.layer([{ name: prune.name, every: Duration.hours(1), job: Kinds.job(prune, {}) }]),
  );
