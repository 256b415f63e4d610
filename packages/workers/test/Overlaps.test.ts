/**
 * Giving out events while transactions overlap, which they never do on SQLite.
 */
import { Deliveries } from "@cadastre/core/Deliveries";
import { Entities } from "@cadastre/core/Entities";
import { Jobs } from "@cadastre/core/Jobs";
import { Subscriptions } from "@cadastre/core/Subscriptions";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { backend } from "@cadastre/testing/Backends";
import { entity, event, keyOf } from "@cadastre/testing/Fixtures";
import { during } from "@cadastre/testing/Overlap";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Dispatcher from "../src/Dispatcher.ts";
import { component, layerOver, type Services, webhook } from "./callbacks.ts";

const layer = layerOver(backend("postgres 18").layer);

const test = (fact: string, body: Effect.Effect<unknown, unknown, Services>) =>
  it.live(fact, () => Effect.provide(body, layer), 60_000);

/** Gives out all there is. */
const settled = Effect.flatMap(Dispatcher.make, (step) => Effect.repeat(step, { while: (more) => more }));

/** What a subscription is to be told of, in the order of the events. */
const toldOf = (subscription: SubscriptionId) =>
  Effect.flatMap(Deliveries, (deliveries) =>
    Effect.map(deliveries.list({ subscription, states: [], types: [], limit: 1000 }), ({ items }) =>
      items
        .flatMap(({ subject }) => subject ?? [])
        .toSorted((a, b) => a.sequence - b.sequence)
        .map(({ reference }) => reference),
    ),
  );

/** A change as a use case writes it. */
const change = (name: string) =>
  Effect.gen(function* () {
    const written = entity({ name });
    yield* (yield* EntityStore).save([written]);
    yield* (yield* EventLog).append([event(written)]);
    return keyOf(written);
  });

describe("events are given out while transactions overlap", () => {
  test(
    "many that give out at once make each delivery once",
    Effect.gen(function* () {
      const { create } = yield* Subscriptions;
      const entities = yield* Entities;
      const all = yield* Effect.forEach(["a", "b", "c"], (name) => create({ ...webhook, name }));
      const names = Array.from({ length: 60 }, (_, i) => `n${i}`);
      const write = Effect.forEach(names, (name) => entities.create(component(name)), { concurrency: 8 });
      const give = Effect.repeatN(settled, 20);
      yield* Effect.all([write, give, give, give], { concurrency: "unbounded" });
      yield* settled;
      for (const { subscription } of all) {
        const told = yield* toldOf(subscription.id);
        expect(told).toHaveLength(names.length);
        expect(new Set(told)).toEqual(new Set(names.map((name) => `component:default/${name}`)));
      }
      const { jobs } = yield* (yield* Jobs).list({ queue: "callbacks", limit: 1000 });
      expect(jobs).toHaveLength(3 * names.length);
    }),
  );

  test(
    "what was acknowledged before a subscription was disabled is told although an earlier change is under way",
    Effect.gen(function* () {
      const { create, setEnabled } = yield* Subscriptions;
      const entities = yield* Entities;
      const { subscription } = yield* create(webhook);
      const { written: underWay } = yield* during(
        change("under-way"),
        Effect.gen(function* () {
          yield* entities.create(component("acknowledged"));
          yield* settled;
          yield* setEnabled(subscription.id, false);
          yield* entities.create(component("later"));
          yield* settled;
          expect(yield* toldOf(subscription.id)).toEqual([]);
        }),
      );
      yield* settled;
      expect(yield* toldOf(subscription.id)).toEqual([underWay, "component:default/acknowledged"]);
    }),
  );

  test(
    "a subscription that is made and switched while a change is under way misses nothing that comes after, and hears nothing twice",
    Effect.gen(function* () {
      const { create, setEnabled } = yield* Subscriptions;
      const entities = yield* Entities;
      const { found } = yield* during(
        change("under-way"),
        Effect.gen(function* () {
          yield* entities.create(component("before"));
          const { subscription } = yield* create(webhook);
          yield* entities.create(component("after"));
          yield* setEnabled(subscription.id, false);
          yield* setEnabled(subscription.id, true);
          yield* entities.create(component("last"));
          yield* settled;
          return subscription;
        }),
      );
      yield* settled;
      const told = yield* toldOf(found.id);
      // Of what came just before, too: the log is read only up to what is under way.
      expect(told.slice(-2)).toEqual(["component:default/after", "component:default/last"]);
      expect(new Set(told).size).toBe(told.length);
    }),
  );
});
