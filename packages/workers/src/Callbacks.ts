/**
 * The job that makes one attempt of a delivery.
 */
import * as SubscriptionSecrets from "@cadastre/core/SubscriptionSecrets";
import * as SubscriptionSwitch from "@cadastre/core/SubscriptionSwitch";
import type { Attempt } from "@cadastre/domain/Attempt";
import { type Callback, CallbackChannel, contentOf } from "@cadastre/domain/CallbackChannel";
import { type Delivery, callback as kind, PING, QUEUE } from "@cadastre/domain/Delivery";
import { DeliveryStore } from "@cadastre/domain/DeliveryStore";
import type { SecretsUnavailable, StoreUnavailable } from "@cadastre/domain/Errors";
import { EventLog } from "@cadastre/domain/EventLog";
import type { Identifiers } from "@cadastre/domain/Identifiers";
import { type ClaimedJob, done } from "@cadastre/domain/Job";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { Caller } from "@cadastre/domain/Principal";
import { type DisabledReason, FAILING_FOR, type SubscriptionRecord } from "@cadastre/domain/Subscription";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import * as TraceContext from "@cadastre/domain/TraceContext";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Vault } from "@cadastre/domain/Vault";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Clock from "effect/Clock";
import * as Data from "effect/Data";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Exit from "effect/Exit";
import type * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Random from "effect/Random";
import type * as Scope from "effect/Scope";
import * as Handler from "./Handler.ts";
import * as Metrics from "./internal/callbackMetrics.ts";
import * as Endpoints from "./internal/endpoints.ts";
import * as Progress from "./internal/progress.ts";
import * as Runner from "./Runner.ts";

export type Ports =
  | SubscriptionStore
  | DeliveryStore
  | EventLog
  | JobQueue
  | CallbackChannel
  | Vault
  | Identifiers
  | UnitOfWork
  | Wakeups;

export interface Options {
  /** Names this worker, for people who look at what runs. */
  readonly worker: string;
  /** Attempts at once. */
  readonly concurrency: number;
  /** Attempts at once of one subscription: a slow receiver takes no more room than that. */
  readonly perSubscription: number;
}

/** Makes the attempts of all deliveries until the scope ends. */
export const layer = ({ worker, concurrency, perSubscription }: Options): Layer.Layer<never, never, Ports> =>
  Runner.layer(
    { queue: QUEUE, worker, concurrency, perGroup: perSubscription, lease: LEASE },
    Effect.map(make, (handler) => [handler]),
  );

/** Twice what an attempt may take: so long a delivery waits whose worker was killed. */
const LEASE = Duration.seconds(30);

/** Milliseconds after which one looks again whether the key is there. */
const KEYLESS = 60_000;

const LEFT_ALONE = "its receiver fails, and is left alone for a while";

/** Who disables a subscription whose receiver is gone. */
const worker = (traceparent: string | undefined) => ({
  principal: { id: "system", scopes: new Set(["admin"] as const) },
  requestId: "callbacks",
  via: "worker" as const,
  traceparent,
});

/**
 * An attempt is recorded, and its job ended, in one transaction. If the lease is lost by then, because the worker was stopped
 * for too long or the job was discarded, nothing is recorded.
 */
export const make: Effect.Effect<Handler.Handler, never, Ports | Scope.Scope> = Effect.gen(function* () {
  const subscriptions = yield* SubscriptionStore;
  const deliveries = yield* DeliveryStore;
  const log = yield* EventLog;
  const channels = yield* CallbackChannel;
  const queue = yield* JobQueue;
  const { transact } = yield* UnitOfWork;
  const { notify } = yield* Wakeups;
  const { open } = yield* SubscriptionSecrets.make;
  const { turn } = yield* SubscriptionSwitch.make;
  const endpoints = Endpoints.make();
  yield* Metrics.watch(endpoints);

  /** Ends the job and stores what became of the delivery, and something else, or nothing of it. */
  const settle = <A>(
    { lease }: ClaimedJob,
    { delivery, outcome }: Progress.Progress,
    also: Effect.Effect<A, StoreUnavailable>,
  ): Effect.Effect<A | undefined, StoreUnavailable> =>
    Effect.gen(function* () {
      const lost = yield* queue.finish([{ lease, outcome }]);
      if (lost.length > 0) return yield* new Lost();
      // It may be gone, with its subscription, since it was read.
      if (Option.isNone(yield* deliveries.find(delivery.id))) return undefined;
      yield* deliveries.save([delivery]);
      return yield* also;
    }).pipe(
      transact,
      Effect.zipLeft(delivery.state === "dead" ? Effect.sync(Metrics.gaveUp) : Effect.void),
      Effect.catchTag("Lost", () =>
        Effect.as(
          Effect.logWarning("a lease was lost, and its attempt counts for nothing", { delivery: delivery.id }),
          undefined,
        ),
      ),
    );

  /** Why a delivery is not to be tried now, if it is not. */
  const obstacle = Effect.fnUntraced(function* (
    job: ClaimedJob,
    delivery: Delivery,
    subscription: SubscriptionRecord | undefined,
    now: number,
  ) {
    if (subscription === undefined) return Progress.dead(delivery, "its subscription was deleted", now);
    if (job.attempts >= job.maxAttempts) {
      return Progress.dead(delivery, "the workers that tried it ended, time and again", now);
    }
    if (delivery.type === PING) return undefined;
    if (subscription.disabled !== undefined) return Progress.held(delivery, "its subscription is disabled");
    if (subscription.ordered && (yield* deliveries.hasEarlier(delivery))) {
      return Progress.held(delivery, "an earlier change of the entity has to be delivered before");
    }
    return undefined;
  });

  const contentFor = Effect.fnUntraced(function* ({ id, subject, createdAt }: Delivery) {
    if (subject === undefined) return { event: { id, type: PING, at: new Date(createdAt).toISOString() } };
    const [event] = yield* log.since(subject.sequence - 1, 1);
    // Events are never deleted.
    return event === undefined ? yield* Effect.dieMessage(`there is no event ${subject.sequence}`) : contentOf(event);
  });

  /** Who sends a ping waits for what comes of it; other deliveries wait for the key. */
  const attempt = (
    subscription: SubscriptionRecord,
    callback: Callback,
    isPing: boolean,
  ): Effect.Effect<Attempt, SecretsUnavailable> =>
    open(subscription).pipe(
      Effect.flatMap((secrets) => channels.deliver(subscription.channel, secrets, callback)),
      Effect.catchAll((error) => (isPing ? Effect.succeed(unsealed(error.message)) : Effect.fail(error))),
    );

  /** Makes the attempt when the receiver has a turn for it, which is given back unless it is noted how it went. */
  const send = (job: ClaimedJob, delivery: Delivery, subscription: SubscriptionRecord, now: number) =>
    Effect.acquireUseRelease(
      Effect.map(
        Random.next,
        (random): Endpoints.Admission =>
          delivery.type === PING ? { _tag: "Go", at: now, isProbe: false } : endpoints.admit(subscription, now, random),
      ),
      Effect.fnUntraced(function* (admission) {
        if (admission._tag === "Later") return { ...admission, reason: LEFT_ALONE };
        yield* Effect.sleep(admission.at - now);
        const at = yield* Clock.currentTimeMillis;
        const content = yield* contentFor(delivery);
        // That of the change, where the job is of before there was one.
        const traceparent = yield* TraceContext.current(
          job.traceparent ?? TraceContext.read(content.event["traceparent"]),
        );
        const made = yield* attempt(
          subscription,
          { id: delivery.id, at, ...content, traceparent },
          delivery.type === PING,
        );
        const end = yield* Clock.currentTimeMillis;
        endpoints.note(subscription, made, end);
        return { _tag: "Made" as const, made, at, end };
      }),
      (admission, exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit) && admission._tag === "Go" && admission.isProbe) endpoints.giveUp(subscription);
        }),
    ).pipe(
      // It is no fault of the receiver.
      Effect.catchTag("SecretsUnavailable", ({ message: reason }) =>
        Effect.zipRight(
          Effect.logWarning("a delivery waits for the key of its secrets", { delivery: delivery.id, reason }),
          Effect.succeed({ _tag: "Later" as const, until: now + KEYLESS, reason }),
        ),
      ),
    );

  /** Notes how the receiver does, and disables what is gone or has failed for too long; gives the reason. */
  const judge = Effect.fnUntraced(function* (
    { id, failingSince, revision }: SubscriptionRecord,
    { outcome }: Attempt,
    now: number,
  ) {
    if (outcome === "delivered" && failingSince === undefined) return undefined;
    const current = Option.getOrUndefined(yield* subscriptions.find(id));
    // What answers the settings of before says nothing of these.
    if (current === undefined || current.revision !== revision) return undefined;
    if (outcome === "delivered") {
      yield* subscriptions.noteFailing(id, undefined);
      return undefined;
    }
    if (failingSince === undefined) yield* subscriptions.noteFailing(id, now);
    const reason = outcome === "gone" ? "gone" : now - (failingSince ?? now) >= FAILING_FOR ? "failing" : undefined;
    if (reason === undefined || current.disabled !== undefined) return undefined;
    yield* turn(current, reason, now);
    return reason;
  });

  const tellDisabled = Effect.fnUntraced(function* ({ name }: SubscriptionRecord, reason: DisabledReason) {
    yield* notify("events");
    Metrics.turnedOff(reason);
    yield* Effect.logWarning("a subscription was disabled", { subscription: name, reason });
  });

  const handle = Effect.fnUntraced(function* (job: ClaimedJob) {
    const payload = kind.decode(job.payload);
    if (Either.isLeft(payload)) return yield* new Handler.GivenUp({ message: payload.left });
    const found = yield* deliveries.find(payload.right.delivery);
    const delivery = Option.getOrUndefined(Option.filter(found, (delivery) => delivery.job === job.id));
    if (delivery === undefined) {
      yield* queue.finish([{ lease: job.lease, outcome: done }]);
      return;
    }
    const subscription = Option.getOrUndefined(yield* subscriptions.find(delivery.subscription));
    const begun = yield* Clock.currentTimeMillis;
    const stopped = yield* obstacle(job, delivery, subscription, begun);
    if (stopped !== undefined || subscription === undefined) {
      if (stopped !== undefined) yield* settle(job, stopped, Effect.void);
      return;
    }
    const sent = yield* send(job, delivery, subscription, begun);
    if (sent._tag === "Later") {
      yield* settle(job, Progress.postponed(subscription, delivery, sent.until, sent.reason), Effect.void);
      return;
    }
    const { made, at, end: now } = sent;
    Metrics.attempted(subscription.channel, made, (now - at) / 1000);
    const progress = Progress.tried(subscription, delivery, made, now, yield* Random.next);
    const logged = deliveries.log({ delivery: delivery.id, number: progress.delivery.attempts, at, ...made });
    const judged =
      delivery.type === PING
        ? Effect.succeed(undefined)
        : Effect.provideService(judge(subscription, made, now), Caller, worker(job.traceparent));
    const disabled = yield* settle(job, progress, Effect.zipRight(logged, judged));
    if (disabled !== undefined) yield* tellDisabled(subscription, disabled);
    yield* Effect.logDebug("callback", {
      subscription: subscription.name,
      delivery: delivery.id,
      outcome: made.outcome,
      status: made.status,
      ms: now - at,
    });
  });

  return {
    queue: kind.queue,
    kind: kind.name,
    timeout: kind.timeout,
    backoff: kind.backoff,
    run: (job) => Effect.zipRight(handle(job), new Handler.Settled()),
  };
});

class Lost extends Data.TaggedError("Lost") {}

const unsealed = (message: string): Attempt => ({
  outcome: "failed",
  failure: "settings",
  message,
  timings: { total: 0 },
  answer: "",
});
