/**
 * Deliveries: one subscription told of one event. What is tried is an `Attempt`; a delivery is tried until one succeeds or
 * it is given up.
 */
import * as Schema from "effect/Schema";
import type { Attempt } from "./Attempt.ts";
import type { EventType } from "./Event.ts";
import type { JobId, NewJob } from "./Job.ts";
import * as Kinds from "./JobKind.ts";
import { MAX_ATTEMPTS, type Subscription } from "./Subscription.ts";
import type { SubscriptionId } from "./SubscriptionId.ts";

/** `msg_` and a UUIDv7: what receivers know as `webhook-id`, the same in every attempt. */
export const MessageId = Schema.String.pipe(
  Schema.pattern(/^msg_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  Schema.brand("MessageId"),
  Schema.annotations({ identifier: "MessageId" }),
);

export type MessageId = typeof MessageId.Type;

/**
 * - `pending`: a job will try it, now or later
 * - `held`: its subscription is disabled, or an earlier change of the entity has to be told before
 * - `delivered`
 * - `dead`: given up, with its reason
 */
export const DeliveryState = Schema.Literal("pending", "held", "delivered", "dead").annotations({
  identifier: "DeliveryState",
  description:
    "`pending`: it will be tried. `held`: it waits for its subscription to be enabled, or for an earlier change of the entity. `delivered`. `dead`: given up.",
});

export type DeliveryState = typeof DeliveryState.Type;

/** What is told of no event: whether the receiver can be reached. */
export const PING = "ping";

/** Times are milliseconds since the epoch. */
export interface Delivery {
  readonly id: MessageId;
  readonly subscription: SubscriptionId;
  readonly type: EventType | typeof PING;
  /** What it tells of; undefined: it is a ping. */
  readonly subject: { readonly sequence: number; readonly uid: string; readonly reference: string } | undefined;
  readonly state: DeliveryState;
  /** All attempts that were made. */
  readonly attempts: number;
  /** Those since it was last begun: a redelivery begins anew. */
  readonly tries: number;
  /** Whose turn it is to try; any other job of the delivery has nothing to do. */
  readonly job: JobId | undefined;
  readonly createdAt: number;
  /** Of a pending one: when it is tried next. */
  readonly nextAt: number | undefined;
  /** Of a delivered or dead one. */
  readonly finishedAt: number | undefined;
  /** Why it is held or dead, or why the last attempt failed. */
  readonly reason: string | undefined;
}

/** An attempt with its place in the log. */
export interface LoggedAttempt extends Attempt {
  readonly delivery: MessageId;
  /** From 1. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The queue of callbacks. */
export const QUEUE = "callbacks";

/** Claims after which a delivery is given up: at least five of them ended its worker. */
const MAX_CLAIMS = MAX_ATTEMPTS + 5;

/** Where order is kept, a job that has to wait counts a claim: were it postponed, the next one would overtake it. */
const ORDERED_CLAIMS = 1_000_000;

/** One attempt of a delivery. */
export const callback = Kinds.make({
  queue: QUEUE,
  name: "callback",
  payload: Schema.Struct({ delivery: MessageId }),
  maxAttempts: MAX_CLAIMS,
});

/** The job that tries a delivery. */
export const jobFor = (
  subscription: Pick<Subscription, "id" | "ordered">,
  delivery: Pick<Delivery, "id" | "subject" | "type">,
  options: { readonly runAt?: number | undefined; readonly traceparent?: string | undefined } = {},
): NewJob =>
  Kinds.job(
    callback,
    { delivery: delivery.id },
    {
      groupKey: subscription.id,
      ...options,
      ...(delivery.type === PING ? { priority: 5 } : {}),
      ...(subscription.ordered && delivery.subject !== undefined
        ? { orderingKey: `${subscription.id}/${delivery.subject.uid}`, maxAttempts: ORDERED_CLAIMS }
        : {}),
    },
  );
