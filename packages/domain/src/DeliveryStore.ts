/**
 * The ports behind which deliveries are kept: what is needed to make them, and what people see of them.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { Delivery, DeliveryState, LoggedAttempt, MessageId } from "./Delivery.ts";
import type { StoreUnavailable } from "./Errors.ts";
import type { EventType } from "./Event.ts";
import type { SubscriptionId } from "./SubscriptionId.ts";

/** Each call is atomic by itself, and inside a transaction part of it. */
export class DeliveryStore extends Context.Tag("@cadastre/domain/DeliveryStore")<
  DeliveryStore,
  {
    /** The sequence of the last event that was given to all subscriptions. */
    readonly cursor: Effect.Effect<number, StoreUnavailable>;

    /**
     * Moves the cursor from where it was read; false: somebody was faster, and it stays where it is. Until the transaction
     * ends nobody else moves it.
     */
    readonly moveCursor: (from: number, to: number) => Effect.Effect<boolean, StoreUnavailable>;

    /** One for each event and subscription at the most: another is a defect. */
    readonly insert: (deliveries: ReadonlyArray<Delivery>) => Effect.Effect<void, StoreUnavailable>;

    /** Inside a transaction the delivery stays as it was read until the transaction ends. */
    readonly find: (id: MessageId) => Effect.Effect<Option.Option<Delivery>, StoreUnavailable>;

    /**
     * Those of some deliveries that have had neither their state nor their job changed since they were read, in the order
     * given; what another transaction has taken is left out. Inside a transaction they stay so until it ends.
     */
    readonly take: (deliveries: ReadonlyArray<Delivery>) => Effect.Effect<ReadonlyArray<Delivery>, StoreUnavailable>;

    /** Replaces what changes in the course of deliveries. One that was removed stays so. */
    readonly save: (deliveries: ReadonlyArray<Delivery>) => Effect.Effect<void, StoreUnavailable>;

    /** Adds to the log of a delivery that was found in the same transaction. */
    readonly log: (attempt: LoggedAttempt) => Effect.Effect<void, StoreUnavailable>;

    /** Whether an earlier change of the same entity waits to be told to the same subscription. */
    readonly hasEarlier: (delivery: Delivery) => Effect.Effect<boolean, StoreUnavailable>;
  }
>() {}

/** Every condition must hold. Empty lists ask for nothing. */
export interface DeliveryQuery {
  readonly subscription: SubscriptionId;
  /** Any of these. */
  readonly states: ReadonlyArray<DeliveryState>;
  /** Any of these. */
  readonly types: ReadonlyArray<EventType | "ping">;
  /** Of the entity with this reference, in lower case. */
  readonly reference?: string | undefined;
  /** Made at or after this, milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Made before this. */
  readonly until?: number | undefined;
  /** Only those with a lower id. */
  readonly before?: MessageId | undefined;
  readonly limit: number;
}

/** Deliveries that are not delivered. */
export type Backlog = { readonly [State in Exclude<DeliveryState, "delivered">]: number };

/** Each call is atomic by itself, and inside a transaction part of it. */
export class DeliveryLog extends Context.Tag("@cadastre/domain/DeliveryLog")<
  DeliveryLog,
  {
    /** The latest first, by id. */
    readonly list: (query: DeliveryQuery) => Effect.Effect<ReadonlyArray<Delivery>, StoreUnavailable>;

    /** All attempts of some deliveries, in their order. */
    readonly attempts: (
      deliveries: ReadonlyArray<MessageId>,
    ) => Effect.Effect<ReadonlyArray<LoggedAttempt>, StoreUnavailable>;

    /**
     * Held deliveries of subscriptions that are enabled, those of each in the order of their events. Where order is kept, one
     * behind a pending change of the same entity goes on being held.
     */
    readonly releasable: (limit: number) => Effect.Effect<ReadonlyArray<Delivery>, StoreUnavailable>;

    /** Pending deliveries whose job does not run any more, and will not. Looks at all that are pending. */
    readonly abandoned: (limit: number) => Effect.Effect<ReadonlyArray<Delivery>, StoreUnavailable>;

    /** How much each subscription has before it; one that has nothing is absent. */
    readonly backlog: Effect.Effect<ReadonlyMap<SubscriptionId, Backlog>, StoreUnavailable>;

    /** Deletes up to `limit` deliveries of a state that were finished before a time, the oldest first; gives how many. */
    readonly prune: (
      state: "delivered" | "dead",
      before: number,
      limit: number,
    ) => Effect.Effect<number, StoreUnavailable>;
  }
>() {}
