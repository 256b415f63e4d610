/**
 * Use cases on what subscriptions are told.
 */
import { type Delivery, jobFor, type LoggedAttempt, type MessageId, PING } from "@cadastre/domain/Delivery";
import { DeliveryLog, type DeliveryQuery, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import { InvalidInput, NotFound } from "@cadastre/domain/Errors";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { Caller } from "@cadastre/domain/Principal";
import type { Subscription } from "@cadastre/domain/Subscription";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Arr from "effect/Array";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";

/** A delivery with every attempt that was made. */
export interface DeliveryView extends Delivery {
  readonly log: ReadonlyArray<LoggedAttempt>;
}

export interface DeliveryPage {
  /** The latest first. */
  readonly items: ReadonlyArray<DeliveryView>;
  /** `before` of the next page; undefined on the last one. */
  readonly next: MessageId | undefined;
}

export interface Redelivered {
  /** Deliveries that were begun anew. */
  readonly count: number;
  /** `before` of the next call, if there may be more. */
  readonly next: MessageId | undefined;
}

export class Deliveries extends Context.Tag("@cadastre/core/Deliveries")<
  Deliveries,
  {
    readonly list: (query: DeliveryQuery) => Effect.Effect<DeliveryPage, Denied | NotFound, Caller>;

    readonly get: (
      subscription: SubscriptionId,
      id: MessageId,
    ) => Effect.Effect<DeliveryView, Denied | NotFound, Caller>;

    /** Sends a ping, once and whether the subscription is enabled or not. What came of it stands in its log soon. */
    readonly test: (subscription: SubscriptionId) => Effect.Effect<DeliveryView, Denied | NotFound, Caller>;

    /** Begins a delivery anew, by the same id and at once: a dead, a delivered or a pending one. */
    readonly redeliver: (
      subscription: SubscriptionId,
      id: MessageId,
    ) => Effect.Effect<DeliveryView, Denied | NotFound | InvalidInput, Caller>;

    /** Begins up to `limit` finished deliveries anew that a query finds, pings left out. */
    readonly redeliverAll: (query: FinishedQuery) => Effect.Effect<Redelivered, Denied | NotFound, Caller>;
  }
>() {}

export interface FinishedQuery extends DeliveryQuery {
  /** Never empty. */
  readonly states: ReadonlyArray<"delivered" | "dead">;
}

/** Deliveries that are begun anew in one transaction. */
const PAGE = 200;

const make = Effect.gen(function* () {
  const subscriptions = yield* SubscriptionStore;
  const store = yield* DeliveryStore;
  const log = yield* DeliveryLog;
  const jobs = yield* JobQueue;
  const board = yield* JobBoard;
  const identifiers = yield* Identifiers;
  const { transact } = yield* UnitOfWork;
  const { notify } = yield* Wakeups;

  const subscriptionOf = (id: SubscriptionId) =>
    Effect.flatMap(
      subscriptions.find(id),
      Effect.mapError(() => new NotFound({ message: `there is no subscription ${id}` })),
    );

  const withLog = Effect.fnUntraced(function* (deliveries: ReadonlyArray<Delivery>) {
    const attempts = Arr.groupBy(yield* log.attempts(deliveries.map(({ id }) => id)), ({ delivery }) => delivery);
    return deliveries.map((delivery): DeliveryView => ({ ...delivery, log: attempts[delivery.id] ?? [] }));
  });

  const find = Effect.fnUntraced(function* (subscription: SubscriptionId, id: MessageId) {
    const found = yield* Effect.flatMap(
      store.find(id),
      Effect.mapError(() => unknown(id)),
    );
    return found.subscription === subscription ? found : yield* unknown(id);
  });

  const get = Effect.fnUntraced(function* (subscription: SubscriptionId, id: MessageId) {
    const [view] = yield* withLog([yield* find(subscription, id)]);
    return view ?? (yield* unknown(id));
  });

  const begin = Effect.fnUntraced(function* (
    subscription: Subscription,
    deliveries: ReadonlyArray<Delivery>,
    now: number,
  ) {
    const { traceparent } = yield* Caller;
    const ids = yield* jobs.enqueue(deliveries.map((delivery) => jobFor(subscription, delivery, { traceparent })));
    yield* store.save(
      deliveries.map((delivery, i) => ({
        ...delivery,
        state: "pending",
        tries: 0,
        job: ids[i],
        nextAt: now,
        finishedAt: undefined,
        reason: undefined,
      })),
    );
  });

  return Deliveries.of({
    list: Effect.fn("Deliveries.list")(function* (query: DeliveryQuery) {
      yield* subscriptionOf(query.subscription);
      const found = yield* log.list({ ...query, limit: query.limit + 1 });
      const items = yield* withLog(found.slice(0, query.limit));
      return { items, next: found.length > query.limit ? items.at(-1)?.id : undefined };
    }),

    get: Effect.fn("Deliveries.get")((subscription: SubscriptionId, id: MessageId) => get(subscription, id)),

    test: Effect.fn("Deliveries.test")(function* (id: SubscriptionId) {
      const { traceparent } = yield* Caller;
      const now = yield* Clock.currentTimeMillis;
      const ping: Delivery = {
        id: yield* identifiers.messageId,
        subscription: id,
        type: PING,
        subject: undefined,
        state: "pending",
        attempts: 0,
        tries: 0,
        job: undefined,
        createdAt: now,
        nextAt: now,
        finishedAt: undefined,
        reason: undefined,
      };
      yield* transact(
        Effect.gen(function* () {
          const subscription = yield* subscriptionOf(id);
          const [job] = yield* jobs.enqueue([jobFor(subscription, ping, { traceparent })]);
          yield* store.insert([{ ...ping, job }]);
        }),
      );
      yield* notify("jobs");
      return { ...ping, log: [] };
    }),

    redeliver: Effect.fn("Deliveries.redeliver")(function* (subscriptionId: SubscriptionId, id: MessageId) {
      const now = yield* Clock.currentTimeMillis;
      yield* transact(
        Effect.gen(function* () {
          const subscription = yield* subscriptionOf(subscriptionId);
          const delivery = yield* find(subscriptionId, id);
          if (delivery.type === PING) return yield* noEvent;
          if (delivery.job !== undefined) yield* board.discard(delivery.job);
          yield* begin(subscription, [delivery], now);
        }),
      );
      yield* notify("jobs");
      return yield* get(subscriptionId, id);
    }),

    redeliverAll: Effect.fn("Deliveries.redeliverAll")(function* (query: FinishedQuery) {
      const now = yield* Clock.currentTimeMillis;
      let before = query.before;
      let count = 0;
      while (count < query.limit) {
        const limit = Math.min(PAGE, query.limit - count);
        const { found, taken } = yield* transact(
          Effect.gen(function* () {
            const subscription = yield* subscriptionOf(query.subscription);
            const found = yield* log.list({ ...query, before, limit });
            // The oldest first, as they happened.
            const events = found.filter(({ type }) => type !== PING).reverse();
            // Somebody else may be at the same.
            const taken = yield* store.take(events);
            yield* begin(subscription, taken, now);
            return { found, taken: taken.length };
          }),
        );
        yield* notify("jobs");
        before = found.at(-1)?.id;
        count += taken;
        if (found.length < limit) return { count, next: undefined };
      }
      return { count, next: before };
    }),
  });
});

const unknown = (id: MessageId) => new NotFound({ message: `there is no delivery ${id} of this subscription` });

const noEvent = Effect.suspend(() => {
  const message = "is a ping: send another one";
  return new InvalidInput({ message: `the delivery ${message}`, faults: [{ path: "id", message }] });
});

export const layer: Layer.Layer<
  Deliveries,
  never,
  SubscriptionStore | DeliveryStore | DeliveryLog | JobQueue | JobBoard | Identifiers | UnitOfWork | Wakeups
> = Layer.effect(
  Deliveries,
  Effect.map(make, (deliveries) =>
    authorize(deliveries, {
      list: "callbacks:manage",
      get: "callbacks:manage",
      test: "callbacks:manage",
      redeliver: "callbacks:manage",
      redeliverAll: "callbacks:manage",
    }),
  ),
);
