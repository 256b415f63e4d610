/**
 * What keeps the house in order: jobs and deliveries that are finished are deleted when their time has passed, these with
 * their attempts.
 */
import { DeliveryLog } from "@cadastre/domain/DeliveryStore";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Job } from "@cadastre/domain/Job";
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

/** For which they are kept once they are finished. */
export const RETENTION = {
  jobs: { done: Duration.days(1), dead: Duration.days(30), discarded: Duration.days(30) },
  deliveries: { delivered: Duration.days(7), dead: Duration.days(30) },
} as const;

const QUEUE = "maintenance";

const kindOf = (name: string) => Kinds.make({ queue: QUEUE, name, payload: Schema.Struct({}) });

const jobs = kindOf("jobs.prune");
const deliveries = kindOf("deliveries.prune");

/** Rows that are deleted in one transaction. */
const BATCH = 500;

/** Deletes what was finished too long ago, of each state. */
const pruning = <State extends Job["state"] | "delivered">(
  retention: { readonly [S in State]: Duration.Duration },
  prune: (state: State, before: number, limit: number) => Effect.Effect<number, StoreUnavailable>,
) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis;
    for (const state in retention) {
      const before = now - Duration.toMillis(retention[state]);
      // Others write in between.
      const batch = Effect.zipLeft(prune(state, before, BATCH), Effect.sleep("10 millis"));
      yield* Effect.repeat(batch, { while: (deleted) => deleted === BATCH });
    }
  });

const handlers = Effect.all([JobBoard, DeliveryLog]).pipe(
  Effect.map(([board, log]) => [
    Handler.make(jobs, () => pruning(RETENTION.jobs, board.prune)),
    Handler.make(deliveries, () => pruning(RETENTION.deliveries, log.prune)),
  ]),
);

/** Prunes every hour. `worker` names this process. */
export const layer = (worker: string) =>
  Layer.merge(
    Runner.layer({ queue: QUEUE, worker, concurrency: 1 }, handlers),
    Periodic.layer(
      [jobs, deliveries].map((kind) => ({ name: kind.name, every: Duration.hours(1), job: Kinds.job(kind, {}) })),
    ),
  );
