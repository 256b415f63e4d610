/**
 * Deliveries that are finished are deleted, with their attempts, when their time has passed.
 */
import { DeliveryLog } from "@cadastre/domain/DeliveryStore";
import * as Kinds from "@cadastre/domain/JobKind";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as Handler from "./Handler.ts";
import * as Periodic from "./Periodic.ts";
import * as Runner from "./Runner.ts";

export const RETENTION = { delivered: Duration.days(7), dead: Duration.days(30) };

const QUEUE = "maintenance";

const prune = Kinds.make({ queue: QUEUE, name: "deliveries.prune", payload: Schema.Struct({}) });

/** Deliveries that are deleted in one transaction. */
const BATCH = 500;

const handlers = Effect.map(DeliveryLog, (log) => [
  Handler.make(prune, () =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis;
      for (const state of ["delivered", "dead"] as const) {
        const before = now - Duration.toMillis(RETENTION[state]);
        // Others write in between.
        const batch = Effect.zipLeft(log.prune(state, before, BATCH), Effect.sleep("10 millis"));
        yield* Effect.repeat(batch, { while: (deleted) => deleted === BATCH });
      }
    }),
  ),
]);

/** Prunes every hour. `worker` names this process. */
export const layer = (worker: string) =>
  Layer.merge(
    Runner.layer({ queue: QUEUE, worker, concurrency: 1 }, handlers),
    Periodic.layer([{ name: prune.name, every: Duration.hours(1), job: Kinds.job(prune, {}) }]),
  );
