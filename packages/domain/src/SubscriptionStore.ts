import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { AlreadyExists, RevisionConflict, StoreUnavailable } from "./Errors.ts";
import type { Subscription, SubscriptionHealth, SubscriptionRecord } from "./Subscription.ts";
import type { SubscriptionId } from "./SubscriptionId.ts";

/** The port behind which subscriptions are kept. Each call is atomic by itself, and inside a transaction part of it. */
export class SubscriptionStore extends Context.Tag("@cadastre/domain/SubscriptionStore")<
  SubscriptionStore,
  {
    /** Fails with `AlreadyExists` if the name is taken, in whatever case. */
    readonly insert: (subscription: Subscription) => Effect.Effect<void, AlreadyExists | StoreUnavailable>;

    /** Inside a transaction the subscription stays as it was read until the transaction ends. */
    readonly find: (id: SubscriptionId) => Effect.Effect<Option.Option<SubscriptionRecord>, StoreUnavailable>;

    /** All of them, oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<SubscriptionRecord>, StoreUnavailable>;

    /**
     * Replaces the revision before. Fails with `RevisionConflict` if another is stored, or none, and with `AlreadyExists` if the
     * name is taken.
     */
    readonly save: (
      subscription: Subscription,
    ) => Effect.Effect<void, AlreadyExists | RevisionConflict | StoreUnavailable>;

    /** Removes a subscription, its deliveries and their attempts; false: there was none. */
    readonly remove: (id: SubscriptionId) => Effect.Effect<boolean, StoreUnavailable>;

    /** Notes since when it only fails; undefined: it does not. */
    readonly noteFailing: (id: SubscriptionId, since: number | undefined) => Effect.Effect<void, StoreUnavailable>;

    /** Adds to the events on which the filter could not be evaluated. */
    readonly noteUnevaluated: (
      id: SubscriptionId,
      count: number,
      sample: NonNullable<SubscriptionHealth["sample"]>,
    ) => Effect.Effect<void, StoreUnavailable>;
  }
>() {}
