/**
 * Turns subscriptions on and off, and tells of it: for people who ask for it, and for workers whose receiver is gone.
 */
import { DeliveryStore } from "@cadastre/domain/DeliveryStore";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import { EventLog } from "@cadastre/domain/EventLog";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { Caller } from "@cadastre/domain/Principal";
import { type DisabledReason, keyOf, type Subscription } from "@cadastre/domain/Subscription";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import * as Effect from "effect/Effect";

export interface SubscriptionSwitch {
  /**
   * The next revision of a subscription that was found in the same transaction, stored and told of: disabled for the reason,
   * or enabled without one. Only inside a transaction.
   */
  readonly turn: (
    subscription: Subscription,
    reason: DisabledReason | undefined,
    now: number,
  ) => Effect.Effect<Subscription, StoreUnavailable, Caller>;
}

export const make: Effect.Effect<
  SubscriptionSwitch,
  never,
  SubscriptionStore | DeliveryStore | EventLog | Identifiers
> = Effect.gen(function* () {
  const subscriptions = yield* SubscriptionStore;
  const { cursor } = yield* DeliveryStore;
  const log = yield* EventLog;
  const identifiers = yield* Identifiers;

  /** From which event on, and up to which one, it is told, once its event was appended. */
  const marks = Effect.fnUntraced(function* (before: Subscription, turned: Subscription, head: number) {
    if (turned.disabled === undefined) {
      const { since, until = head } = before;
      // What happened before it was disabled may not have been given out yet.
      return { since: (yield* cursor) >= until ? head : since, until: undefined };
    }
    // The head stops at transactions under way, behind which changes may have been acknowledged.
    const event = yield* Effect.catchTag(
      Effect.flatten(log.revision(turned.id, turned.revision)),
      "NoSuchElementException",
      Effect.die,
    );
    return { until: event.sequence - 1 };
  });

  return {
    turn: Effect.fnUntraced(function* (subscription, reason, now) {
      const caller = yield* Caller;
      const head = yield* log.head;
      const turned: Subscription = {
        ...subscription,
        disabled: reason && { reason, at: now },
        revision: subscription.revision + 1,
        updatedAt: now,
      };
      yield* log.append([
        {
          id: yield* identifiers.eventId,
          type: reason === undefined ? "subscription.enabled" : "subscription.disabled",
          uid: turned.id,
          reference: keyOf(turned),
          revision: turned.revision,
          at: now,
          actor: caller.principal.id,
          via: caller.via,
          requestId: caller.requestId,
          traceparent: caller.traceparent,
          patch: [],
          envelope: JSON.stringify(toEnvelope(turned)),
        },
      ]);
      const marked = { ...turned, ...(yield* marks(subscription, turned, head)) };
      // It keeps its name, and was found in this transaction.
      yield* Effect.catchTags(subscriptions.save(marked), { AlreadyExists: Effect.die, RevisionConflict: Effect.die });
      if (reason === undefined) yield* subscriptions.noteFailing(turned.id, undefined);
      return marked;
    }),
  };
});

/** A subscription in the shape of an entity, for those who read the feed: without where it leads to. */
const toEnvelope = (subscription: Subscription) => {
  const { id, name, channel, types, filter, ordered, disabled, revision, createdAt, updatedAt } = subscription;
  return {
    apiVersion: "cadastre.dev/v1",
    kind: "Subscription",
    metadata: {
      name,
      namespace: "default",
      uid: id,
      revision,
      createdAt: new Date(createdAt).toISOString(),
      updatedAt: new Date(updatedAt).toISOString(),
    },
    spec: { channel: channel.type, types, ...(filter === undefined ? {} : { filter }), ordered },
    status: {
      state: disabled === undefined ? "active" : "inactive",
      since: new Date(disabled?.at ?? updatedAt).toISOString(),
      ...(disabled === undefined ? {} : { reason: disabled.reason }),
    },
    source: { type: "api" },
  };
};
