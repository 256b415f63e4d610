/**
 * The use cases over some stores, a receiver in memory, and what they are asked for.
 */
import type { NewSubscription } from "@cadastre/core/Subscriptions";
import * as UseCases from "@cadastre/core/UseCases";
import { Caller } from "@cadastre/domain/Principal";
import { DEFAULT_RETRY, DEFAULT_TYPES } from "@cadastre/domain/Subscription";
import * as Expressions from "@cadastre/expressions/Expressions";
import type { Stores } from "@cadastre/testing/Backends";
import * as TestIdentifiers from "@cadastre/testing/Identifiers";
import * as Receivers from "@cadastre/testing/memory/Callbacks";
import * as Memory from "@cadastre/testing/memory/Memory";
import * as Layer from "effect/Layer";

export type Services = UseCases.UseCases | UseCases.Ports | Receivers.Receiver | Stores | Caller;

export const caller: Caller["Type"] = {
  principal: { id: "token:tests", scopes: new Set(["admin"]) },
  requestId: "request-1",
  via: "rest",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

export const layerOver = <E>(stores: Layer.Layer<Stores, E>): Layer.Layer<Services, E> =>
  UseCases.layer.pipe(
    Layer.provideMerge(
      Layer.mergeAll(stores, TestIdentifiers.layer, Memory.layerSpool, Expressions.layer, Receivers.layer),
    ),
    Layer.merge(Layer.succeed(Caller, caller)),
  );

export const webhook: NewSubscription = {
  name: "deploys",
  channel: { type: "webhook", url: "https://receiver.example/hook" },
  types: DEFAULT_TYPES,
  filter: undefined,
  retry: DEFAULT_RETRY,
  rateLimit: 1000,
  ordered: false,
  enabled: true,
};

export const component = (name: string, owner = "team") => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Component",
  metadata: { name },
  spec: { type: "service", lifecycle: "production", owner },
});
