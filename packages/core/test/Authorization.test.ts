import { authorize } from "@cadastre/core/Authorization";
import { Batches } from "@cadastre/core/Batches";
import { Deliveries } from "@cadastre/core/Deliveries";
import { Entities } from "@cadastre/core/Entities";
import { Events } from "@cadastre/core/Events";
import { Facets } from "@cadastre/core/Facets";
import { Graphs } from "@cadastre/core/Graphs";
import { Histories } from "@cadastre/core/Histories";
import { Jobs } from "@cadastre/core/Jobs";
import { type NewSubscription, Subscriptions } from "@cadastre/core/Subscriptions";
import { Tokens } from "@cadastre/core/Tokens";
import type { UseCases } from "@cadastre/core/UseCases";
import { MessageId } from "@cadastre/domain/Delivery";
import { byKey } from "@cadastre/domain/EntityStore";
import type { PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import type { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import { Caller, Scope } from "@cadastre/domain/Principal";
import { DEFAULT_RETRY, DEFAULT_TYPES } from "@cadastre/domain/Subscription";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { TokenId } from "@cadastre/domain/Token";
import { backend } from "@cadastre/testing/Backends";
import { everything, uid } from "@cadastre/testing/Fixtures";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { caller, component, events, layerOver } from "./support.ts";

const payments = byKey("component:default/payments");

const target = {
  _tag: "Reference",
  reference: { kind: "component", namespace: "default", name: "payments" },
} as const;

const unread = Stream.dieMessage("the stream was read");

const options = { mode: "best-effort", dryRun: true, force: false } as const;

const walkOptions = { direction: "both", types: [], depth: 1, limit: 1 } as const;

const allEvents = { types: [], kinds: [] };

const id = TokenId.make("tok_00000000-0000-7000-8000-000000000001");

const subscription = SubscriptionId.make("sub_00000000-0000-7000-8000-000000000001");

const message = MessageId.make("msg_00000000-0000-7000-8000-000000000001");

const allDeliveries = { subscription, states: [], types: [], limit: 1 };

const webhook: NewSubscription = {
  name: "deploys",
  channel: { type: "webhook", url: "https://receiver.example/hook" },
  types: DEFAULT_TYPES,
  filter: undefined,
  retry: DEFAULT_RETRY,
  rateLimit: 1,
  ordered: false,
  enabled: true,
};

type Name =
  | `Entities.${keyof typeof Entities.Service}`
  | `Batches.${keyof typeof Batches.Service}`
  | `Facets.${keyof typeof Facets.Service}`
  | `Graphs.${keyof typeof Graphs.Service}`
  | `Histories.${keyof typeof Histories.Service}`
  | `Events.${keyof typeof Events.Service}`
  | `Jobs.${keyof typeof Jobs.Service}`
  | `Subscriptions.${keyof typeof Subscriptions.Service}`
  | `Deliveries.${keyof typeof Deliveries.Service}`
  | `Tokens.${keyof typeof Tokens.Service}`;

type Call = Effect.Effect<unknown, { readonly _tag: string }, Exclude<UseCases, IdentityProvider> | Caller>;

/** Every use case, and the scope that it needs. */
const USE_CASES: { readonly [Member in Name]: readonly [Scope, Call] } = {
  "Entities.get": ["catalog:read", Effect.flatMap(Entities, (entities) => entities.get(payments))],
  "Entities.list": ["catalog:read", Effect.flatMap(Entities, (entities) => entities.list(everything))],
  "Entities.create": ["catalog:write", Effect.flatMap(Entities, (entities) => entities.create(component("payments")))],
  "Entities.put": [
    "catalog:write",
    Effect.flatMap(Entities, (entities) => entities.put(target, component("payments"))),
  ],
  "Entities.patch": ["catalog:write", Effect.flatMap(Entities, (entities) => entities.patch(payments, {}))],
  "Entities.remove": ["catalog:write", Effect.flatMap(Entities, (entities) => entities.remove(payments))],
  "Batches.apply": [
    "catalog:write",
    Effect.scoped(Effect.flatMap(Batches, (batches) => batches.apply(unread, options))),
  ],
  "Facets.count": [
    "catalog:read",
    Effect.flatMap(Facets, ({ count }) => count(everything, [{ _tag: "Tag" }], { limit: 1 })),
  ],
  "Graphs.walk": ["catalog:read", Effect.flatMap(Graphs, ({ walk }) => walk(uid(1), walkOptions))],
  "Graphs.path": ["catalog:read", Effect.flatMap(Graphs, ({ path }) => path(uid(1), "component:default/a", []))],
  "Histories.list": ["catalog:read", Effect.flatMap(Histories, ({ list }) => list(uid(1), { limit: 1 }))],
  "Histories.revision": ["catalog:read", Effect.flatMap(Histories, ({ revision }) => revision(payments, 1))],
  "Events.list": ["catalog:read", Effect.flatMap(Events, ({ list }) => list(allEvents, 0, 1))],
  "Events.at": ["catalog:read", Effect.flatMap(Events, ({ at }) => at(0))],
  "Events.follow": ["catalog:read", Effect.flatMap(Events, ({ follow }) => follow(allEvents, 0))],
  "Jobs.list": ["callbacks:manage", Effect.flatMap(Jobs, ({ list }) => list({ limit: 1 }))],
  "Jobs.get": ["callbacks:manage", Effect.flatMap(Jobs, ({ get }) => get(1))],
  "Jobs.retry": ["callbacks:manage", Effect.flatMap(Jobs, ({ retry }) => retry(1))],
  "Jobs.discard": ["callbacks:manage", Effect.flatMap(Jobs, ({ discard }) => discard(1))],
  "Subscriptions.create": ["callbacks:manage", Effect.flatMap(Subscriptions, ({ create }) => create(webhook))],
  "Subscriptions.list": ["callbacks:manage", Effect.flatMap(Subscriptions, ({ list }) => list)],
  "Subscriptions.get": ["callbacks:manage", Effect.flatMap(Subscriptions, ({ get }) => get(subscription))],
  "Subscriptions.change": ["callbacks:manage", Effect.flatMap(Subscriptions, ({ change }) => change(subscription, {}))],
  "Subscriptions.remove": ["callbacks:manage", Effect.flatMap(Subscriptions, ({ remove }) => remove(subscription))],
  "Subscriptions.setEnabled": [
    "callbacks:manage",
    Effect.flatMap(Subscriptions, ({ setEnabled }) => setEnabled(subscription, true)),
  ],
  "Subscriptions.rotateSecret": [
    "callbacks:manage",
    Effect.flatMap(Subscriptions, ({ rotateSecret }) => rotateSecret(subscription, 0)),
  ],
  "Deliveries.list": ["callbacks:manage", Effect.flatMap(Deliveries, ({ list }) => list(allDeliveries))],
  "Deliveries.get": ["callbacks:manage", Effect.flatMap(Deliveries, ({ get }) => get(subscription, message))],
  "Deliveries.test": ["callbacks:manage", Effect.flatMap(Deliveries, ({ test }) => test(subscription))],
  "Deliveries.redeliver": [
    "callbacks:manage",
    Effect.flatMap(Deliveries, ({ redeliver }) => redeliver(subscription, message)),
  ],
  "Deliveries.redeliverAll": [
    "callbacks:manage",
    Effect.flatMap(Deliveries, ({ redeliverAll }) => redeliverAll({ ...allDeliveries, states: ["dead"] })),
  ],
  "Tokens.create": ["admin", Effect.flatMap(Tokens, (tokens) => tokens.create({ name: "ci", scopes: ["admin"] }))],
  "Tokens.list": ["admin", Effect.flatMap(Tokens, (tokens) => tokens.list)],
  "Tokens.revoke": ["admin", Effect.flatMap(Tokens, (tokens) => tokens.revoke(id))],
};

const layer = layerOver(backend("memory").layer);

for (const [name, [scope, call]] of Object.entries(USE_CASES)) {
  const calledWith = (scopes: ReadonlyArray<Scope>) => Effect.exit(Effect.provideService(call, Caller, caller(scopes)));

  it.effect(`${name} is denied to who lacks ${scope}, whatever else they hold, and does not begin`, () =>
    Effect.gen(function* () {
      const others = Scope.literals.filter((one) => one !== scope && one !== "admin");
      for (const scopes of [[], others]) {
        expect(yield* calledWith(scopes)).toMatchObject({ cause: { error: { _tag: "PermissionDenied", scope } } });
      }
      expect(yield* events).toEqual([]);
    }).pipe(Effect.provide(layer)),
  );

  it.effect(`${name} is open to who holds ${scope} or admin`, () =>
    Effect.gen(function* () {
      for (const held of [scope, "admin"] as const) {
        expect(JSON.stringify(yield* calledWith([held]))).not.toContain("PermissionDenied");
      }
    }).pipe(Effect.provide(layer)),
  );
}

it("a member that is forgotten, misspelt or cannot be denied does not compile", () => {
  const service = { read: Effect.succeed(1) as Effect.Effect<number, PermissionDenied | StoreUnavailable, Caller> };
  authorize(service, { read: "catalog:read" });
  // @ts-expect-error: `read` is missing
  authorize(service, {});
  // @ts-expect-error: no such scope
  authorize(service, { read: "catalog" });
  // @ts-expect-error: the type of `open` does not say that it may be denied
  authorize({ open: Effect.succeed(1) }, { open: "catalog:read" });
});
