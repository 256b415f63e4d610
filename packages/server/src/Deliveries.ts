/**
 * The endpoints of what subscriptions are told.
 */
import * as Wire from "@cadastre/api/Deliveries";
import { Deliveries, type DeliveryView } from "@cadastre/core/Deliveries";
import type { DeliveryQuery } from "@cadastre/domain/DeliveryStore";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { json } from "./internal/answer.ts";
import type { Call, Endpoint, GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"deliveries">, never, Deliveries> = Effect.map(
  Deliveries,
  (deliveries) => ({
    list: ({ path, query }) =>
      Effect.map(
        deliveries.list({
          ...conditions(path.id, query),
          states: query.state ?? [],
          limit: query.limit ?? Wire.DEFAULT_DELIVERIES,
        }),
        ({ items, next }) =>
          json(encodePage({ items: items.map(toWire), ...(next === undefined ? {} : { nextCursor: next }) })),
      ),

    get: ({ path }) => Effect.map(deliveries.get(path.id, path.message), (delivery) => json(encode(toWire(delivery)))),

    redeliver: ({ path }) => Effect.map(deliveries.redeliver(path.id, path.message), accepted),

    redeliverAll: ({ path, query }) =>
      Effect.map(
        deliveries.redeliverAll({
          ...conditions(path.id, query),
          states: query.state === undefined || query.state.length === 0 ? ["dead"] : query.state,
          limit: query.limit ?? Wire.MAX_REDELIVERIES,
        }),
        ({ count, next }) =>
          json(encodeRedelivered({ redelivered: count, ...(next === undefined ? {} : { nextCursor: next }) }), 202),
      ),

    test: ({ path }) => Effect.map(deliveries.test(path.id), accepted),
  }),
);

type Query = Call<Endpoint<"deliveries", "list" | "redeliverAll">>["query"];

const conditions = (
  subscription: SubscriptionId,
  { type = [], reference, since, until, cursor }: Query,
): Omit<DeliveryQuery, "states" | "limit"> => ({
  subscription,
  types: type,
  reference: reference?.toLowerCase(),
  since,
  until,
  before: cursor,
});

const toWire = ({
  subject,
  nextAt,
  finishedAt,
  reason,
  log,
  job: _,
  tries: __,
  ...delivery
}: DeliveryView): typeof Wire.Delivery.Type => ({
  ...delivery,
  ...subject,
  attempts: log.map(({ delivery: _, ...attempt }) => attempt),
  ...(nextAt === undefined ? {} : { nextAt }),
  ...(finishedAt === undefined ? {} : { finishedAt }),
  ...(reason === undefined ? {} : { reason }),
});

const accepted = (delivery: DeliveryView) =>
  json(encode(toWire(delivery)), 202, {
    location: `/v1/subscriptions/${delivery.subscription}/deliveries/${delivery.id}`,
  });

const encode = Schema.encodeSync(Schema.parseJson(Wire.Delivery));
const encodePage = Schema.encodeSync(Schema.parseJson(Wire.DeliveryPage));
const encodeRedelivered = Schema.encodeSync(Schema.parseJson(Wire.Redelivered));
