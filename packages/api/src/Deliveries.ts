/**
 * The endpoints of what subscriptions are told.
 */
import { Attempt } from "@cadastre/domain/Attempt";
import { DeliveryState, MessageId, PING } from "@cadastre/domain/Delivery";
import { MAX_LIMIT } from "@cadastre/domain/EntityQuery";
import { InvalidInput, NotFound, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import { EventType } from "@cadastre/domain/Event";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { Instant, Integer, integer, many, one, optional, text, word } from "./Parameters.ts";
import { wire } from "./Problem.ts";
import { bySubscription } from "./Subscriptions.ts";

/** Deliveries of a page where none are asked for. */
export const DEFAULT_DELIVERIES = 50;

/** Deliveries that one call begins anew. */
export const MAX_REDELIVERIES = 10_000;

const type = Schema.Union(EventType, Schema.Literal(PING)).annotations({
  description: "The type of the event, or `ping`: a test.",
});

export const DeliveryAttempt = Schema.Struct({
  number: Integer.annotations({ description: "From 1." }),
  at: Instant,
  ...Attempt.fields,
}).annotations({ identifier: "DeliveryAttempt", description: "One attempt. It holds no secret." });

export const Delivery = Schema.Struct({
  id: MessageId.annotations({
    description: "What the receiver sees as `webhook-id`: the same in every attempt, so that it can drop duplicates.",
  }),
  subscription: SubscriptionId,
  type,
  sequence: optional(Integer.annotations({ description: "The place of the event in the feed; absent of a ping." })),
  reference: optional(Schema.String.annotations({ examples: ["component:default/payments"] })),
  uid: optional(Schema.String),
  state: DeliveryState,
  createdAt: Instant,
  nextAt: optional(Instant.annotations({ description: "When a pending one is tried next." })),
  finishedAt: optional(Instant),
  reason: optional(
    Schema.String.annotations({ description: "Why it is held or dead, or why the last attempt failed." }),
  ),
  attempts: Schema.Array(DeliveryAttempt).annotations({ description: "Every attempt, the first one first." }),
}).annotations({ identifier: "Delivery", description: "One subscription told of one event." });

const cursor = one(MessageId, {
  description: "`nextCursor` of the page before.",
  example: MessageId.make("msg_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d"),
});

const at = (description: string) => one(Instant, { description, example: Date.UTC(2030, 0, 31, 12) });

const conditions = {
  type: many(word(...EventType.literals, PING), { description: "Any of these types.", example: "entity.updated" }),
  reference: one(text(512), {
    description: "Of the entity with this reference, in any case.",
    example: "component:default/payments",
  }),
  since: at("Made at this time or later."),
  until: at("Made before this time."),
  cursor,
};

export const DeliveryListQuery = Schema.Struct({
  state: many(word(...DeliveryState.literals), { description: "Any of these states.", example: "dead" }),
  ...conditions,
  limit: one(integer(1, MAX_LIMIT, DEFAULT_DELIVERIES), { description: "Deliveries of one page.", example: 10 }),
});

export const RedeliverQuery = Schema.Struct({
  state: many(word("delivered", "dead"), {
    description: "Any of these states; dead ones where absent.",
    example: "dead",
  }),
  ...conditions,
  limit: one(integer(1, MAX_REDELIVERIES, MAX_REDELIVERIES), {
    description: "Deliveries that are begun anew at the most.",
    example: 100,
  }),
});

export const DeliveryPage = Schema.Struct({
  items: Schema.Array(Delivery).annotations({ description: "The latest first." }),
  nextCursor: optional(MessageId.annotations({ description: "Absent on the last page." })),
}).annotations({ identifier: "DeliveryPage" });

export const Redelivered = Schema.Struct({
  redelivered: Integer.annotations({ description: "Deliveries that were begun anew." }),
  nextCursor: optional(MessageId.annotations({ description: "Give it as `cursor` to go on; absent if that was all." })),
}).annotations({ identifier: "Redelivered" });

const byDelivery = Schema.Struct({
  ...bySubscription.fields,
  message: MessageId.annotations({
    description: "`id` of the delivery.",
    examples: [MessageId.make("msg_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d")],
    message: () => ({ message: 'is not the id of a delivery: one looks like "msg_…" in the list', override: true }),
  }),
});

const accepted = Delivery.annotations(HttpApiSchema.annotations({ status: 202, identifier: "Delivery" }));

const list = HttpApiEndpoint.get("list", "/v1/subscriptions/:id/deliveries")
  .setPath(bySubscription)
  .setUrlParams(DeliveryListQuery)
  .addSuccess(DeliveryPage)
  .annotateContext(
    operation(
      "callbacks:manage",
      "The delivery log",
      "With every attempt. Delivered ones are kept for seven days, dead ones for thirty.",
    ),
  );

const get = HttpApiEndpoint.get("get", "/v1/subscriptions/:id/deliveries/:message")
  .setPath(byDelivery)
  .addSuccess(Delivery)
  .annotateContext(operation("callbacks:manage", "Read a delivery"));

const redeliver = HttpApiEndpoint.post("redeliver", "/v1/subscriptions/:id/deliveries/:message/redeliver")
  .setPath(byDelivery)
  .addSuccess(accepted)
  .annotateContext(
    operation(
      "callbacks:manage",
      "Deliver once more",
      "By the same id and with all attempts before it, whatever became of it; a pending one at once.",
    ),
  );

const redeliverAll = HttpApiEndpoint.post("redeliverAll", "/v1/subscriptions/:id/redeliver")
  .setPath(bySubscription)
  .setUrlParams(RedeliverQuery)
  .addSuccess(Redelivered.annotations(HttpApiSchema.annotations({ status: 202, identifier: "Redelivered" })))
  .annotateContext(
    operation(
      "callbacks:manage",
      "Deliver many once more",
      "Those that the conditions choose, each by its own id. An `ordered` subscription may hear of older changes after newer ones then.",
    ),
  );

const test = HttpApiEndpoint.post("test", "/v1/subscriptions/:id/test")
  .setPath(bySubscription)
  .addSuccess(accepted)
  .annotateContext(
    operation(
      "callbacks:manage",
      "Send a ping",
      "Tried once, whether the subscription is enabled or not. What came of it is in the delivery, which the answer names.",
    ),
  );

export const DeliveriesGroup = HttpApiGroup.make("deliveries")
  .add(list)
  .add(get)
  .add(redeliver)
  .add(redeliverAll)
  .add(test)
  .addError(wire(InvalidInput))
  .addError(wire(NotFound))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(
    OpenApi.annotations({ title: "Deliveries", description: "What subscriptions were told, and every attempt to." }),
  );
