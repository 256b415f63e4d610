/**
 * Subscriptions and what they were told, as the daemon's clients see them. They pass as JSON, undecoded.
 */
import type { Delivery, DeliveryListQuery, DeliveryPage, Redelivered, RedeliverQuery } from "@cadastre/api/Deliveries";
import type { Subscription, SubscriptionList, SubscriptionWithSecret } from "@cadastre/api/Subscriptions";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Connection, type Query } from "./Connection.ts";
import type * as Failure from "./Failure.ts";

export type Shown = typeof Subscription.Encoded;

export type Told = typeof Delivery.Encoded;

type Result<A> = Effect.Effect<A, Failure.Any>;

export class Subscriptions extends Context.Tag("@cadastre/cli/Subscriptions")<
  Subscriptions,
  {
    readonly list: Result<ReadonlyArray<Shown>>;
    /** `input` is JSON text. */
    readonly create: (input: string) => Result<typeof SubscriptionWithSecret.Encoded>;
    /** `changes` are JSON text. */
    readonly patch: (id: string, changes: string) => Result<typeof SubscriptionWithSecret.Encoded>;
    readonly remove: (id: string) => Result<void>;
    /** What has a path of its own below the subscription and needs no body. */
    readonly post: <A>(id: string, path: string, query?: { readonly [name: string]: string }) => Result<A>;
    readonly deliveries: (
      id: string,
      query: Query<typeof DeliveryListQuery.Encoded>,
    ) => Result<typeof DeliveryPage.Encoded>;
    readonly delivery: (id: string, message: string) => Result<Told>;
    readonly redeliverAll: (
      id: string,
      query: Query<typeof RedeliverQuery.Encoded>,
    ) => Result<typeof Redelivered.Encoded>;
  }
>() {}

export const layer: Layer.Layer<Subscriptions, never, Connection> = Layer.effect(
  Subscriptions,
  Effect.map(Connection, ({ text }) => {
    /** The answer is the daemon's own, of the type that the declaration gives. */
    const ask = <A>(request: HttpClientRequest.HttpClientRequest): Result<A> =>
      Effect.map(text(request), (it) => JSON.parse(it) as A);
    const at = (id: string, ...parts: ReadonlyArray<string>) =>
      ["/v1/subscriptions", ...[id, ...parts].map(encodeURIComponent)].join("/");
    const body = (json: string) => HttpClientRequest.bodyText(json, "application/json");
    return Subscriptions.of({
      list: Effect.map(
        ask<typeof SubscriptionList.Encoded>(HttpClientRequest.get("/v1/subscriptions")),
        ({ items }) => items,
      ),
      create: (input) => ask(HttpClientRequest.post("/v1/subscriptions").pipe(body(input))),
      patch: (id, changes) => ask(HttpClientRequest.patch(at(id)).pipe(body(changes))),
      remove: (id) => Effect.asVoid(text(HttpClientRequest.del(at(id)))),
      post: (id, path, query = {}) => ask(HttpClientRequest.post(at(id, ...path.split("/")), { urlParams: query })),
      deliveries: (id, query) => ask(HttpClientRequest.get(at(id, "deliveries"), { urlParams: query })),
      delivery: (id, message) => ask(HttpClientRequest.get(at(id, "deliveries", message))),
      redeliverAll: (id, query) => ask(HttpClientRequest.post(at(id, "redeliver"), { urlParams: query })),
    });
  }),
);
