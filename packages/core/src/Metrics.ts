/**
 * What the operator's monitoring reads.
 */

import { type Backlog, DeliveryLog } from "@cadastre/domain/DeliveryStore";
import type { PermissionDenied } from "@cadastre/domain/Errors";
import { JobBoard, type QueueCount } from "@cadastre/domain/JobQueue";
import * as Meter from "@cadastre/domain/Meter";
import type { Caller } from "@cadastre/domain/Principal";
import type { Subscription } from "@cadastre/domain/Subscription";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import * as Arr from "effect/Array";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { authorize } from "./Authorization.ts";

export class Metrics extends Context.Tag("@cadastre/core/Metrics")<
  Metrics,
  {
    /**
     * All that is measured, as it stands now. What only the store knows (how many jobs wait, say) is asked of it every five
     * seconds at the most, however many read; while it does not answer, that is left out, and `cadastre_store_up` is 0.
     */
    readonly read: Effect.Effect<ReadonlyArray<Meter.Reading>, PermissionDenied, Caller>;
  }
>() {}

const MOST_OFTEN = Duration.seconds(5);

const PATIENCE = Duration.seconds(2);

const up = Meter.gauge("cadastre_store_up", "1 if the database answered when it was last asked, within two seconds.");

const jobs = Meter.gauge(
  "cadastre_queue_jobs",
  "Jobs in the queues of the database, by state; not those that are done, and of the dead and the discarded 10,000 at the most. The same for all replicas.",
  ["queue", "state"],
);

const lateness = Meter.gauge(
  "cadastre_queue_lateness_seconds",
  "Since when, in seconds, the job that waits longest could have run. The same for all replicas.",
  ["queue"],
);

const subscriptions = Meter.gauge(
  "cadastre_subscriptions",
  "Subscriptions by state: enabled, or why they are disabled. The same for all replicas.",
  ["state"],
);

const deliveries = Meter.gauge(
  "cadastre_deliveries",
  "Callbacks that are not delivered, by state: pending, held or dead. The same for all replicas.",
  ["state"],
);

const make = Effect.gen(function* () {
  const board = yield* JobBoard;
  const store = yield* SubscriptionStore;
  const log = yield* DeliveryLog;
  const ask = Effect.all([board.counts, store.list, log.backlog]).pipe(
    Effect.timeout(PATIENCE),
    Effect.zip(Clock.currentTimeMillis),
    Effect.tapErrorCause((cause) => Effect.logWarning("the database cannot be measured", cause)),
    Effect.matchCause({
      onFailure: () => {
        up.set(0);
        for (const gauge of [jobs, lateness, subscriptions, deliveries]) gauge.forget();
      },
      onSuccess: ([[counts, all, backlogs], now]) => {
        up.set(1);
        noteQueues(counts, now);
        noteSubscriptions(all);
        noteDeliveries([...backlogs.values()]);
      },
    }),
  );
  // Who goes away while waiting is not to spoil the answer for the others.
  const asked = Effect.uninterruptible(yield* Effect.cachedWithTTL(Effect.interruptible(ask), MOST_OFTEN));
  return Metrics.of({ read: Effect.map(asked, () => Meter.read()) });
});

const noteQueues = (counts: ReadonlyArray<QueueCount>, now: number): void => {
  jobs.replace(counts.map(({ queue, state, count }) => ({ value: count, labels: [queue, state] })));
  // What is scheduled becomes ready when a worker looks: without one, it is late as it is.
  const waiting = counts.filter(({ state }) => state === "ready" || state === "scheduled");
  lateness.replace(
    Object.entries(Arr.groupBy(waiting, ({ queue }) => queue)).map(([queue, ofQueue]) => ({
      value: Math.max(0, ...ofQueue.map(({ oldest }) => now - oldest)) / 1000,
      labels: [queue],
    })),
  );
};

const noteSubscriptions = (all: ReadonlyArray<Subscription>): void => {
  const byState = Arr.groupBy(all, ({ disabled }) => disabled?.reason ?? "enabled");
  subscriptions.replace(Object.entries(byState).map(([state, some]) => ({ value: some.length, labels: [state] })));
};

const noteDeliveries = (backlogs: ReadonlyArray<Backlog>): void =>
  deliveries.replace(
    (["pending", "held", "dead"] as const).map((state) => ({
      value: backlogs.reduce((sum, backlog) => sum + backlog[state], 0),
      labels: [state],
    })),
  );

export const layer: Layer.Layer<Metrics, never, JobBoard | SubscriptionStore | DeliveryLog> = Layer.effect(
  Metrics,
  Effect.map(make, (metrics) => authorize(metrics, { read: "metrics:read" })),
);
