/**
 * The use cases over a real store, and callers to call them with.
 */
import * as UseCases from "@cadastre/core/UseCases";
import { EventLog } from "@cadastre/domain/EventLog";
import type { Json, JsonObject } from "@cadastre/domain/Json";
import { Caller, type Scope, type Via } from "@cadastre/domain/Principal";
import * as Expressions from "@cadastre/expressions/Expressions";
import { backend, type Stores } from "@cadastre/testing/Backends";
import * as TestIdentifiers from "@cadastre/testing/Identifiers";
import * as Callbacks from "@cadastre/testing/memory/Callbacks";
import * as Memory from "@cadastre/testing/memory/Memory";
import { describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scopes from "effect/Scope";
import type * as TestServices from "effect/TestServices";

export type Services = UseCases.UseCases | UseCases.Ports | Callbacks.Receiver | Stores | Caller;

/** Everything over a store, called by a principal with every scope. */
export const layerOver = <E>(stores: Layer.Layer<Stores, E>): Layer.Layer<Services, E> =>
  UseCases.layer.pipe(
    Layer.provideMerge(
      Layer.mergeAll(stores, TestIdentifiers.layer, Memory.layerSpool, Expressions.layer, Callbacks.layer),
    ),
    Layer.merge(Layer.succeed(Caller, caller(["admin"]))),
  );

export const caller = (scopes: ReadonlyArray<Scope>, via: Via = "rest"): typeof Caller.Service => ({
  principal: { id: "token:tests", scopes: new Set(scopes) },
  requestId: "request-1",
  via,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
});

type Test<E> = Effect.Effect<unknown, E, Services | Scopes.Scope | TestServices.TestServices>;

/** Runs tests on every store that there is. */
export const onEachStore = (
  subject: string,
  body: (test: <E>(fact: string, run: () => Test<E>) => void) => void,
): void => {
  for (const name of ["memory", "sqlite"]) {
    const store = backend(name);
    describe(`${subject} on ${name}`, () => {
      const test = <E>(fact: string, run: () => Test<E>): void =>
        it.scoped(fact, () => Effect.provide(run(), layerOver(store.layer)), 60_000);
      body(test);
    });
  }
};

export const component = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Component",
  metadata: { name, ...metadata },
  spec: { type: "service", lifecycle: "production", owner: "team-a", ...spec },
});

export const group = (name: string, spec: JsonObject = {}): JsonObject => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Group",
  metadata: { name },
  spec: { type: "team", children: [], ...spec },
});

/** All events, oldest first. */
export const events = Effect.flatMap(EventLog, (log) => log.since(0, 10_000));

export const json = (text: { readonly json: string }): JsonObject & { readonly metadata: JsonObject } =>
  JSON.parse(text.json);

export const at = (value: Json | undefined, ...path: ReadonlyArray<string>): Json | undefined =>
  path.reduce<Json | undefined>(
    (found, key) =>
      typeof found === "object" && found !== null && !Array.isArray(found) ? (found as JsonObject)[key] : undefined,
    value,
  );
