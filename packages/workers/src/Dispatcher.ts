/**
 * Gives events out: what each subscription is to be told becomes a delivery with its job.
 *
 * The event log is the outbox: a write of an entity costs nothing for being told of. Deliveries, their jobs and the place
 * in the log are written in one transaction, so that no event is passed over and none is given out twice.
 */
import { type Delivery, jobFor, QUEUE } from "@cadastre/domain/Delivery";
import { DeliveryLog, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { SequencedEvent } from "@cadastre/domain/Event";
import { EventLog } from "@cadastre/domain/EventLog";
import type { Expressions } from "@cadastre/domain/Expressions";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { JobQueue } from "@cadastre/domain/JobQueue";
import type { Subscription } from "@cadastre/domain/Subscription";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import * as TraceContext from "@cadastre/domain/TraceContext";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Arr from "effect/Array";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schedule from "effect/Schedule";
import * as Stream from "effect/Stream";
import * as Matching from "./internal/matching.ts";

export type Ports =
  | SubscriptionStore
  | DeliveryStore
  | DeliveryLog
  | EventLog
  | JobQueue
  | Expressions
  | Identifiers
  | UnitOfWork
  | Wakeups;

/** Events that are looked at in one go. */
const EVENTS = 100;

/** Deliveries of one transaction, those of its last event apart. */
const DELIVERIES = 500;

/** Milliseconds between two looks for what no job tries any more, which is rare. */
const ABANDONED = 60_000;

/** After which one looks for events, woken or not: a wake-up may be lost. */
const POLL = "1 second";

/** One step; true if there may be more to do. Where nothing is to be done, nothing is written. */
export const make: Effect.Effect<Effect.Effect<boolean, StoreUnavailable>, never, Ports> = Effect.gen(function* () {
  const subscriptions = yield* SubscriptionStore;
  const deliveries = yield* DeliveryStore;
  const { releasable, abandoned } = yield* DeliveryLog;
  const log = yield* EventLog;
  const queue = yield* JobQueue;
  const identifiers = yield* Identifiers;
  const { transact } = yield* UnitOfWork;
  const { notify } = yield* Wakeups;
  const match = yield* Matching.make;

  /** A subscription that is removed in between takes its deliveries along; who removes it waits for those that are made here. */
  const stillWanted = Effect.fnUntraced(function* (matches: ReadonlyArray<Matching.Match>) {
    const ids = new Set(matches.map(({ subscription }) => subscription.id));
    const found = yield* Effect.forEach([...ids].sort(), subscriptions.find);
    const known = new Set(Arr.getSomes(found).map(({ id }) => id));
    return matches.filter(({ subscription }) => known.has(subscription.id));
  });

  const insert = Effect.fnUntraced(function* (matches: ReadonlyArray<Matching.Match>) {
    const now = yield* Clock.currentTimeMillis;
    const fresh = yield* Effect.forEach(matches, ({ event, subscription }) =>
      Effect.map(
        identifiers.messageId,
        (id): Delivery => ({
          id,
          subscription: subscription.id,
          type: event.type,
          subject: { sequence: event.sequence, uid: event.uid, reference: event.reference },
          state: "pending",
          attempts: 0,
          tries: 0,
          job: undefined,
          createdAt: now,
          nextAt: now + (subscription.retry[0] ?? 0),
          finishedAt: undefined,
          reason: undefined,
        }),
      ),
    );
    const traceparents = yield* Effect.forEach(matches, ({ event }) => sending(event));
    const jobs = yield* queue.enqueue(
      matches.flatMap(({ subscription }, i) => {
        const delivery = fresh[i];
        return delivery === undefined
          ? []
          : [jobFor(subscription, delivery, { runAt: delivery.nextAt, traceparent: traceparents[i] })];
      }),
    );
    yield* deliveries.insert(fresh.map((delivery, i) => ({ ...delivery, job: jobs[i] })));
  });

  const dispatch = Effect.gen(function* () {
    const cursor = yield* deliveries.cursor;
    if ((yield* log.head) <= cursor) return false;
    // The earliest that anybody is to hear of; where nobody is to hear anything, the cursor stays where it is.
    const listening = (yield* subscriptions.list).filter(({ until }) => until === undefined || until > cursor);
    if (listening.length === 0) return false;
    const after = Math.max(cursor, Math.min(...listening.map(({ since }) => since)));
    // Events before subscriptions: one that is made in between hears of none of these.
    const events = yield* log.since(after, EVENTS);
    const last = events.at(-1);
    if (last === undefined) return false;
    const { matches, reached, unevaluated } = yield* match(events, yield* subscriptions.list, DELIVERIES);
    const isMoved = yield* transact(
      Effect.gen(function* () {
        if (!(yield* deliveries.moveCursor(cursor, reached))) return false;
        yield* insert(yield* stillWanted(matches));
        for (const { subscription, count, sample } of unevaluated) {
          yield* subscriptions.noteUnevaluated(subscription, count, sample);
        }
        return true;
      }),
    );
    if (isMoved && matches.length > 0) yield* notify("jobs");
    return true;
  });

  let nextLook = 0;

  const waiting = Effect.gen(function* () {
    const held = yield* releasable(DELIVERIES);
    const now = yield* Clock.currentTimeMillis;
    if (held.length > 0 || now < nextLook) return held;
    const lost = yield* abandoned(DELIVERIES);
    nextLook = lost.length === 0 ? now + ABANDONED : now;
    return lost;
  });

  const release = Effect.gen(function* () {
    const found = yield* waiting;
    if (found.length === 0) return false;
    const count = yield* transact(
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis;
        // Another replica may have found the same.
        const held = yield* deliveries.take(found);
        const known = new Map((yield* subscriptions.list).map((subscription) => [subscription.id, subscription]));
        const freed = held.flatMap((delivery) => {
          const subscription: Subscription | undefined = known.get(delivery.subscription);
          return subscription === undefined ? [] : [{ delivery, job: jobFor(subscription, delivery) }];
        });
        const jobs = yield* queue.enqueue(freed.map(({ job }) => job));
        yield* deliveries.save(
          freed.map(({ delivery }, i) => ({
            ...delivery,
            state: "pending",
            job: jobs[i],
            nextAt: now,
            reason: undefined,
          })),
        );
        return freed.length;
      }),
    );
    yield* notify("jobs");
    return count > 0;
  });

  return Effect.zipWith(dispatch, release, (a, b) => a || b);
});

/** The `traceparent` of a job: a mark in the trace of the change, where somebody traces, else that of the change. */
const sending = ({ id, type, traceparent }: SequencedEvent): Effect.Effect<string | undefined> =>
  TraceContext.within(`send ${QUEUE}`, {
    kind: "producer",
    traceparent,
    attributes: {
      "messaging.system": "cadastre",
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": QUEUE,
      "cadastre.event.id": id,
      "cadastre.event.type": type,
    },
  })(TraceContext.current(traceparent));

/** Gives events out as they happen, until the scope ends. */
export const layer: Layer.Layer<never, never, Ports> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const step = yield* make;
    const { listen } = yield* Wakeups;
    const settle = Effect.repeat(step, { while: (more) => more });
    yield* Stream.merge(Stream.tick(POLL), listen("events")).pipe(
      Stream.runForEach(() => settle),
      Effect.tapErrorCause((cause) => Effect.logError("events cannot be given out; trying again", cause)),
      Effect.sandbox,
      Effect.retry(backoff),
      Effect.ignore,
      Effect.forkScoped,
    );
  }),
);

const backoff = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("10 seconds")),
  Schedule.jittered,
);
