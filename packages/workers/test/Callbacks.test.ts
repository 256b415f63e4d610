import { Deliveries } from "@cadastre/core/Deliveries";
import { Entities } from "@cadastre/core/Entities";
import { Jobs } from "@cadastre/core/Jobs";
import { Subscriptions } from "@cadastre/core/Subscriptions";
import type { DeliveryQuery } from "@cadastre/domain/DeliveryStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { Caller } from "@cadastre/domain/Principal";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { backend } from "@cadastre/testing/Backends";
import * as Receivers from "@cadastre/testing/memory/Callbacks";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import * as TestClock from "effect/TestClock";
import type * as TestServices from "effect/TestServices";
import * as Callbacks from "../src/Callbacks.ts";
import * as Dispatcher from "../src/Dispatcher.ts";
import { caller, component, layerOver, type Services, webhook } from "./callbacks.ts";

/** Gives out all there is and makes the attempts that are due, one after the other, until there is nothing to do now. */
const settle = Effect.gen(function* () {
  const step = yield* Dispatcher.make;
  const handler = yield* Callbacks.make;
  const queue = yield* JobQueue;
  const work = Effect.gen(function* () {
    const given = yield* step;
    const claim = { queue: "callbacks", kinds: ["callback"], limit: 10, worker: "test", lease: 60_000, perGroup: 1 };
    const { jobs } = yield* queue.claim({ ...claim, running: new Map() });
    for (const job of jobs) {
      const attempt = yield* Effect.fork(Effect.flip(handler.run(job)));
      // For the rate limit, which lets a thousand go in a second.
      yield* TestClock.adjust("2 millis");
      expect((yield* Fiber.join(attempt))._tag).toBe("Settled");
    }
    return given || jobs.length > 0;
  });
  return Effect.repeat(work, { while: (more) => more });
});

const everythingOf = (subscription: SubscriptionId): DeliveryQuery => ({
  subscription,
  states: [],
  types: [],
  limit: 100,
});

for (const name of ["memory", "sqlite"]) {
  const store = backend(name);
  describe(`callbacks on ${name}`, () => {
    const test = <E>(
      fact: string,
      run: () => Effect.Effect<unknown, E, Services | Scope.Scope | TestServices.TestServices>,
    ): void => it.scoped(fact, () => Effect.provide(run(), layerOver(store.layer)), 20_000);

    const statesOf = (id: SubscriptionId) =>
      Effect.flatMap(Deliveries, (deliveries) =>
        Effect.map(deliveries.list(everythingOf(id)), ({ items }) => items.map(({ state }) => state).reverse()),
      );

    test("a change is told once to each subscription that wants it, and to no other", () =>
      Effect.gen(function* () {
        const { create } = yield* Subscriptions;
        const entities = yield* Entities;
        const { sent } = yield* Receivers.Receiver;
        const run = yield* settle;
        yield* entities.create(component("before"));
        yield* create(webhook);
        yield* create({ ...webhook, name: "owned", filter: 'entity.spec.owner == "other"' });
        yield* create({ ...webhook, name: "deleted", types: ["entity.deleted"] });
        yield* create({ ...webhook, name: "off", enabled: false });
        yield* entities.create(component("a"));
        yield* entities.create(component("b", "other"));
        yield* run;
        yield* run;
        expect(sent.map(({ callback }) => callback.event["reference"])).toEqual([
          "component:default/a",
          "component:default/b",
          "component:default/b",
        ]);
        expect(new Set(sent.map(({ callback }) => callback.id)).size).toBe(3);
        // Of the trace, whatever span of it: tests may trace.
        expect(sent[0]?.callback.traceparent?.slice(0, 35)).toBe(caller.traceparent?.slice(0, 35));
      }));

    test("an attempt of a subscription that is deleted meanwhile leaves nothing behind, and no defect", () =>
      Effect.gen(function* () {
        const { create, remove, get } = yield* Subscriptions;
        const receiver = yield* Receivers.Receiver;
        const run = yield* settle;
        const { subscription } = yield* create(webhook);
        receiver.answer = () =>
          remove(subscription.id).pipe(
            Effect.provideService(Caller, caller),
            Effect.orDie,
            Effect.as(Receivers.delivered),
          );
        yield* (yield* Entities).create(component("a"));
        yield* run;
        expect(receiver.sent).toHaveLength(1);
        expect((yield* Effect.flip(get(subscription.id)))._tag).toBe("NotFound");
        yield* run;
        expect(receiver.sent).toHaveLength(1);
      }));

    test("an event on which the filter cannot be evaluated is counted and not told", () =>
      Effect.gen(function* () {
        const { create, get } = yield* Subscriptions;
        const { sent } = yield* Receivers.Receiver;
        const run = yield* settle;
        const { subscription } = yield* create({ ...webhook, filter: 'entity.spec.tier == "1"' });
        yield* (yield* Entities).create(component("a"));
        yield* run;
        expect(sent).toEqual([]);
        const { unevaluated, sample } = yield* get(subscription.id);
        expect(unevaluated).toBe(1);
        expect(sample?.reference).toBe("component:default/a");
      }));

    test("one that fails is tried again by the same id at the delays of the subscription, and is dead after the last", () =>
      Effect.gen(function* () {
        const { create, list } = yield* Subscriptions;
        const receiver = yield* Receivers.Receiver;
        const run = yield* settle;
        receiver.answer = () => Effect.succeed(Receivers.failed);
        const { subscription } = yield* create({ ...webhook, retry: [0, 5_000, 30_000] });
        yield* (yield* Entities).create(component("a"));
        yield* run;
        expect(receiver.sent).toHaveLength(1);
        yield* TestClock.adjust(3_900);
        yield* run;
        expect(receiver.sent).toHaveLength(1);
        yield* TestClock.adjust(2_200);
        yield* run;
        expect(receiver.sent).toHaveLength(2);
        yield* TestClock.adjust(36_100);
        yield* run;
        expect(receiver.sent).toHaveLength(3);
        expect(new Set(receiver.sent.map(({ callback }) => callback.id)).size).toBe(1);
        const deliveries = yield* Deliveries;
        const [only] = (yield* deliveries.list(everythingOf(subscription.id))).items;
        expect(only).toMatchObject({ state: "dead", reason: "answered 500" });
        expect(only?.log.map(({ number, status }) => [number, status])).toEqual([
          [1, 500],
          [2, 500],
          [3, 500],
        ]);
        expect((yield* list)[0]?.backlog.dead).toBe(1);

        receiver.answer = () => Effect.succeed(Receivers.delivered);
        expect(yield* deliveries.redeliverAll({ ...everythingOf(subscription.id), states: ["dead"] })).toMatchObject({
          count: 1,
        });
        yield* run;
        expect(yield* statesOf(subscription.id)).toEqual(["delivered"]);
        expect(receiver.sent[3]?.callback.id).toBe(receiver.sent[0]?.callback.id);
      }));

    test("Retry-After is honoured", () =>
      Effect.gen(function* () {
        const receiver = yield* Receivers.Receiver;
        const run = yield* settle;
        receiver.answer = () => Effect.succeed({ ...Receivers.failed, status: 429, retryAfter: 600_000 });
        yield* (yield* Subscriptions).create(webhook);
        yield* (yield* Entities).create(component("a"));
        yield* run;
        yield* TestClock.adjust(599_000);
        yield* run;
        expect(receiver.sent).toHaveLength(1);
        yield* TestClock.adjust(700_000);
        yield* run;
        expect(receiver.sent).toHaveLength(2);
      }));

    test("a receiver that is gone is disabled, which is an event; its backlog waits and goes on", () =>
      Effect.gen(function* () {
        const subscriptions = yield* Subscriptions;
        const receiver = yield* Receivers.Receiver;
        const entities = yield* Entities;
        const run = yield* settle;
        receiver.answer = () => Effect.succeed(Receivers.gone);
        const { subscription } = yield* subscriptions.create(webhook);
        yield* entities.create(component("a"));
        yield* entities.create(component("b"));
        yield* run;
        expect(receiver.sent).toHaveLength(1);
        expect((yield* subscriptions.get(subscription.id)).disabled?.reason).toBe("gone");
        expect(yield* statesOf(subscription.id)).toEqual(["held", "held"]);
        const last = (yield* (yield* EventLog).since(0, 100)).at(-1);
        expect(last).toMatchObject({ type: "subscription.disabled", reference: "subscription:default/deploys" });
        expect(last?.envelope).not.toContain("receiver.example");

        yield* entities.create(component("meanwhile"));
        receiver.answer = () => Effect.succeed(Receivers.delivered);
        yield* subscriptions.setEnabled(subscription.id, true);
        yield* run;
        expect(yield* statesOf(subscription.id)).toEqual(["delivered", "delivered"]);
      }));

    test("one that only fails for five days is disabled, and one success starts the time anew", () =>
      Effect.gen(function* () {
        const subscriptions = yield* Subscriptions;
        const receiver = yield* Receivers.Receiver;
        const entities = yield* Entities;
        const run = yield* settle;
        const { subscription } = yield* subscriptions.create({ ...webhook, retry: [0] });
        const tell = (name: string) => Effect.zipRight(entities.create(component(name)), run);
        receiver.answer = () => Effect.succeed(Receivers.failed);
        yield* tell("a");
        yield* TestClock.adjust("4 days");
        receiver.answer = () => Effect.succeed(Receivers.delivered);
        yield* tell("b");
        expect((yield* subscriptions.get(subscription.id)).failingSince).toBe(undefined);
        receiver.answer = () => Effect.succeed(Receivers.failed);
        yield* tell("c");
        yield* TestClock.adjust("4 days");
        yield* tell("d");
        expect((yield* subscriptions.get(subscription.id)).disabled).toBe(undefined);
        yield* TestClock.adjust("1 days");
        yield* tell("e");
        expect((yield* subscriptions.get(subscription.id)).disabled?.reason).toBe("failing");
      }));

    test("the changes of one entity are told in order where that was asked for, those of others go on", () =>
      Effect.gen(function* () {
        const receiver = yield* Receivers.Receiver;
        const entities = yield* Entities;
        const run = yield* settle;
        receiver.answer = ({ callback }) =>
          Effect.succeed(
            callback.event["reference"] === "component:default/a" ? Receivers.failed : Receivers.delivered,
          );
        const subscriptions = yield* Subscriptions;
        const { subscription } = yield* subscriptions.create({ ...webhook, ordered: true });
        const a = yield* entities.create(component("a"));
        yield* entities.patch({ _tag: "Uid", uid: a.entity.uid }, { spec: { owner: "x" } });
        yield* entities.create(component("b"));
        yield* run;
        expect(yield* statesOf(subscription.id)).toEqual(["pending", "pending", "delivered"]);
        // Disabled and enabled in between, they keep their order.
        yield* subscriptions.setEnabled(subscription.id, false);
        yield* TestClock.adjust("10 seconds");
        yield* run;
        expect((yield* statesOf(subscription.id))[0]).toBe("held");
        yield* subscriptions.setEnabled(subscription.id, true);
        receiver.answer = () => Effect.succeed(Receivers.delivered);
        receiver.sent.length = 0;
        yield* run;
        expect(receiver.sent.map(({ callback }) => callback.event["revision"])).toEqual([1, 2]);
      }));

    test("a worker that has lost its lease records nothing", () =>
      Effect.gen(function* () {
        const receiver = yield* Receivers.Receiver;
        const queue = yield* JobQueue;
        const { subscription } = yield* (yield* Subscriptions).create(webhook);
        yield* (yield* Entities).create(component("a"));
        yield* yield* Dispatcher.make;
        const handler = yield* Callbacks.make;
        const claim = { queue: "callbacks", kinds: ["callback"], limit: 1, worker: "w", lease: 1_000, perGroup: 1 };
        const [late] = (yield* queue.claim({ ...claim, running: new Map() })).jobs;
        yield* TestClock.adjust("1 minute");
        yield* queue.claim({ ...claim, running: new Map() });
        yield* TestClock.adjust("1 minute");
        const [again] = (yield* queue.claim({ ...claim, running: new Map() })).jobs;
        if (late === undefined || again === undefined) throw new Error("there is no job");
        receiver.answer = () => Effect.succeed(Receivers.failed);
        yield* Effect.flip(handler.run(late));
        expect(yield* statesOf(subscription.id)).toEqual(["pending"]);
        const { list } = yield* Deliveries;
        expect((yield* list(everythingOf(subscription.id))).items[0]?.log).toEqual([]);
        yield* TestClock.adjust("2 millis");
        receiver.answer = () => Effect.succeed(Receivers.delivered);
        yield* Effect.flip(handler.run(again));
        expect(yield* statesOf(subscription.id)).toEqual(["delivered"]);
      }));

    test("a dead receiver is left alone after ten failures, and the attempts that it was spared are not counted", () =>
      Effect.gen(function* () {
        const receiver = yield* Receivers.Receiver;
        const entities = yield* Entities;
        const run = yield* settle;
        receiver.answer = () => Effect.succeed(Receivers.failed);
        const { subscription } = yield* (yield* Subscriptions).create(webhook);
        yield* Effect.forEach(
          Array.from({ length: 15 }, (_, i) => i),
          (i) => entities.create(component(`e${i}`)),
        );
        yield* run;
        expect(receiver.sent.length).toBeGreaterThanOrEqual(10);
        expect(receiver.sent.length).toBeLessThan(15);
        const { items } = yield* (yield* Deliveries).list(everythingOf(subscription.id));
        const tried = items.reduce((sum, { attempts }) => sum + attempts, 0);
        expect(tried).toBe(receiver.sent.length);
        expect(items.every(({ state }) => state === "pending")).toBe(true);
      }));

    test("a probe that did not come back does not keep the receiver closed", () =>
      Effect.gen(function* () {
        const receiver = yield* Receivers.Receiver;
        const entities = yield* Entities;
        const handler = yield* Callbacks.make;
        const queue = yield* JobQueue;
        yield* (yield* Subscriptions).create(webhook);
        for (let i = 0; i < 12; i++) yield* entities.create(component(`e${i}`));
        yield* yield* Dispatcher.make;
        const claim = { queue: "callbacks", kinds: ["callback"], limit: 12, worker: "w", lease: 600_000, perGroup: 12 };
        const { jobs } = yield* queue.claim({ ...claim, running: new Map() });
        const attempt = (job: (typeof jobs)[number]) =>
          Effect.gen(function* () {
            const attempt = yield* Effect.fork(Effect.exit(handler.run(job)));
            yield* TestClock.adjust("2 millis");
            yield* Fiber.join(attempt);
          });
        receiver.answer = () => Effect.succeed(Receivers.failed);
        yield* Effect.forEach(jobs.slice(0, 10), attempt);
        yield* TestClock.adjust("31 seconds");
        receiver.answer = () => Effect.dieMessage("broken");
        yield* Effect.forEach(jobs.slice(10, 11), attempt);
        receiver.answer = () => Effect.succeed(Receivers.delivered);
        yield* Effect.forEach(jobs.slice(11), attempt);
        expect(receiver.sent).toHaveLength(12);
      }));

    test("a delivery whose job was taken out is made by another, and people do not take it out", () =>
      Effect.gen(function* () {
        const { sent } = yield* Receivers.Receiver;
        const { subscription } = yield* (yield* Subscriptions).create(webhook);
        const run = yield* settle;
        yield* (yield* Entities).create(component("a"));
        yield* yield* Dispatcher.make;
        const [job] = yield* (yield* JobBoard).list({ limit: 10 });
        if (job === undefined) throw new Error("there is no job");
        const refused = yield* Effect.flip((yield* Jobs).discard(job.id));
        expect(refused).toMatchObject({ _tag: "WrongState", state: "ready" });
        yield* (yield* JobBoard).discard(job.id);
        yield* run;
        expect(yield* statesOf(subscription.id)).toEqual(["delivered"]);
        expect(sent).toHaveLength(1);
      }));

    test("where the key of its secrets is missing a delivery waits, and no attempt is counted", () =>
      Effect.gen(function* () {
        const { sent } = yield* Receivers.Receiver;
        const subscriptions = yield* Subscriptions;
        const store = yield* SubscriptionStore;
        const { transact } = yield* UnitOfWork;
        const { subscription } = yield* subscriptions.create(webhook);
        const record = yield* Effect.flatten(store.find(subscription.id));
        yield* transact(store.save({ ...record, sealed: "sealed:", revision: 2 }));
        yield* (yield* Entities).create(component("a"));
        const run = yield* settle;
        yield* run;
        expect(sent).toEqual([]);
        const [waiting] = (yield* (yield* Deliveries).list(everythingOf(subscription.id))).items;
        expect(waiting).toMatchObject({ state: "pending", attempts: 0, reason: "the key is another" });
        expect((yield* subscriptions.get(subscription.id)).failingSince).toBe(undefined);
        yield* transact(store.save({ ...record, revision: 3 }));
        yield* TestClock.adjust("61 seconds");
        yield* run;
        expect(sent).toHaveLength(1);
      }));

    test("a late answer to the settings of before does not disable those of now", () =>
      Effect.gen(function* () {
        const receiver = yield* Receivers.Receiver;
        const { create, change, get } = yield* Subscriptions;
        const run = yield* settle;
        const { subscription } = yield* create(webhook);
        const channel = { type: "webhook", url: "https://receiver.example/other" } as const;
        receiver.answer = () => {
          receiver.answer = () => Effect.succeed(Receivers.delivered);
          const changed = Effect.provideService(change(subscription.id, { channel }), Caller, caller);
          return Effect.as(Effect.orDie(changed), Receivers.gone);
        };
        yield* (yield* Entities).create(component("a"));
        yield* run;
        expect(yield* get(subscription.id)).toMatchObject({ disabled: undefined, failingSince: undefined });
        expect(yield* statesOf(subscription.id)).toEqual(["delivered"]);
      }));

    test("settings and being disabled are one change", () =>
      Effect.gen(function* () {
        const { create, change, get } = yield* Subscriptions;
        const log = yield* EventLog;
        const { subscription } = yield* create(webhook);
        const refused = yield* Effect.flip(change(subscription.id, { rateLimit: 0, enabled: false }));
        expect(refused._tag).toBe("InvalidInput");
        expect((yield* get(subscription.id)).disabled).toBe(undefined);
        const changed = yield* change(subscription.id, { rateLimit: 7, enabled: false }, 1);
        expect(changed.subscription).toMatchObject({ rateLimit: 7, disabled: { reason: "requested" }, revision: 3 });
        expect((yield* change(subscription.id, { enabled: false }, 3)).subscription.revision).toBe(3);
        expect((yield* Effect.flip(change(subscription.id, { enabled: true }, 2)))._tag).toBe("RevisionConflict");
        expect((yield* log.since(0, 10)).map(({ type }) => type)).toEqual(["subscription.disabled"]);
      }));

    test("secrets are sealed, shown once, and stay with their receiver", () =>
      Effect.gen(function* () {
        const { create, change, list, rotateSecret } = yield* Subscriptions;
        const { subscription, secret } = yield* create(webhook);
        expect(Redacted.value(secret ?? Redacted.make(""))).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
        expect(JSON.stringify(yield* list)).not.toMatch(/whsec|sealed/);
        const rotated = yield* rotateSecret(subscription.id, 1000);
        expect(Redacted.value(rotated.secret ?? Redacted.make(""))).not.toBe(
          Redacted.value(secret ?? Redacted.make("")),
        );
        expect((yield* change(subscription.id, { rateLimit: 3 })).secret).toBe(undefined);
        const refused = yield* Effect.flip(create({ ...webhook, name: "x y", retry: [], types: [], rateLimit: 0 }));
        expect(refused._tag === "InvalidInput" && refused.faults.map(({ path }) => path)).toEqual([
          "/name",
          "/types",
          "/retry",
          "/rateLimit",
        ]);
      }));
  });
}
