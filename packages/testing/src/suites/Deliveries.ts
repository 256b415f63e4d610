import { type DeliveryState, jobFor } from "@cadastre/domain/Delivery";
import { DeliveryLog, type DeliveryQuery, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import type { Subscription } from "@cadastre/domain/Subscription";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import type { Backend } from "../Backends.ts";
import { attempt, delivery, EPOCH, subscription, uid } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `DeliveryStore` and `DeliveryLog`. */
export const deliveries = (backend: Backend): void => {
  const { test } = tester(backend);

  const everythingOf = ({ id }: Subscription): DeliveryQuery => ({
    subscription: id,
    states: [],
    types: [],
    limit: 100,
  });

  describe(`DeliveryStore on ${backend.name}`, () => {
    test("the cursor stands at the beginning, and where it was moved to", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const { transact } = yield* UnitOfWork;
        expect(yield* store.cursor).toBe(0);
        expect(yield* transact(store.moveCursor(0, 7))).toBe(true);
        yield* Effect.flip(transact(Effect.zipRight(store.moveCursor(7, 9), Effect.fail("no"))));
        expect(yield* store.moveCursor(0, 8)).toBe(false);
        expect(yield* store.cursor).toBe(7);
      }));

    test("of those who move the cursor from one place, one does", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const { transact } = yield* UnitOfWork;
        const move = Effect.flatMap(store.cursor, (at) =>
          transact(Effect.zipLeft(store.moveCursor(at, at + 1), Effect.yieldNow())),
        );
        const moved = yield* Effect.all(
          Array.from({ length: 20 }, () => move),
          { concurrency: "unbounded" },
        );
        expect(yield* store.cursor).toBe(moved.filter((did) => did).length);
      }));

    test("a delivery is found as it was inserted", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const one = subscription();
        const plain = delivery(one);
        const full = delivery(one, {
          state: "dead",
          attempts: 10,
          tries: 9,
          job: 12,
          finishedAt: EPOCH + 2,
          reason: 'answered "500"',
        });
        const ping = delivery(one, { type: "ping", subject: undefined, nextAt: EPOCH + 1 });
        yield* store.insert([plain, full, ping]);
        for (const each of [plain, full, ping]) expect(yield* store.find(each.id)).toEqual(Option.some(each));
        expect(yield* store.find(delivery(one).id)).toEqual(Option.none());
      }));

    test("an event is told to a subscription once, and pings as often as one likes", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const [one, other] = [subscription(), subscription()];
        yield* store.insert([delivery(one, { sequence: 7 }), delivery(other, { sequence: 7 })]);
        const twice = yield* Effect.exit(
          store.insert([delivery(one, { sequence: 8 }), delivery(one, { sequence: 7 })]),
        );
        expect(Exit.isFailure(twice)).toBe(true);
        const ping = { type: "ping", subject: undefined } as const;
        yield* store.insert([delivery(one, ping), delivery(one, ping)]);
        const log = yield* DeliveryLog;
        expect(yield* log.list(everythingOf(one))).toHaveLength(3);
      }));

    test("what changes in the course of a delivery is replaced", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const { transact } = yield* UnitOfWork;
        const one = subscription();
        const [first, second] = [delivery(one), delivery(one)];
        yield* store.insert([first, second]);
        const tried = { ...first, attempts: 1, tries: 1, job: 3, nextAt: EPOCH, reason: "refused" };
        const done = { ...second, state: "delivered", job: undefined, finishedAt: EPOCH } as const;
        yield* transact(store.save([tried, done]));
        expect(yield* store.find(first.id)).toEqual(Option.some(tried));
        expect(yield* store.find(second.id)).toEqual(Option.some(done));
      }));

    test("one that was removed is not put back", () =>
      Effect.gen(function* () {
        const subscriptions = yield* SubscriptionStore;
        const store = yield* DeliveryStore;
        const { transact } = yield* UnitOfWork;
        const one = subscription();
        yield* subscriptions.insert(one);
        const removed = delivery(one);
        yield* store.insert([removed]);
        yield* subscriptions.remove(one.id);
        yield* transact(store.save([{ ...removed, tries: 1 }]));
        expect(yield* store.find(removed.id)).toEqual(Option.none());
      }));

    test("of those that were read, the ones are taken that have still their state and job", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const { transact } = yield* UnitOfWork;
        const one = subscription();
        const [same, told, moved, tried] = [delivery(one), delivery(one), delivery(one, { job: 1 }), delivery(one)];
        yield* store.insert([same, told, moved, tried]);
        const now = { ...tried, tries: 3, reason: "refused" };
        yield* transact(store.save([{ ...told, state: "delivered", finishedAt: EPOCH }, { ...moved, job: 2 }, now]));
        expect(yield* transact(store.take([tried, told, moved, delivery(one), same]))).toEqual([now, same]);
        expect(yield* transact(store.take([]))).toEqual([]);
      }));

    test("attempts are read in their order, of all the deliveries that were asked for", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const one = subscription();
        const [first, second, third] = [delivery(one), delivery(one), delivery(one)];
        yield* store.insert([first, second, third]);
        const logged = [attempt(second, 2), attempt(first, 1), attempt(second, 1), attempt(third, 1)];
        yield* Effect.forEach(logged, store.log);
        expect(yield* log.attempts([second.id, first.id])).toEqual([
          attempt(first, 1),
          attempt(second, 1),
          attempt(second, 2),
        ]);
        expect(yield* log.attempts([])).toEqual([]);
      }));

    test("a change has an earlier one while that waits to be told to the same subscription", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const [one, other] = [subscription(), subscription()];
        const late = delivery(one, { sequence: 9 });
        const of = (sequence: number, n: number) => ({
          subject: { sequence, uid: uid(n), reference: "component:default/x" },
        });
        const early = (state: DeliveryState) =>
          delivery(one, { sequence: 5, state, ...(state === "delivered" ? { finishedAt: EPOCH } : {}) });
        yield* store.insert([
          late,
          delivery(other, { sequence: 4 }),
          delivery(one, of(3, 2)),
          delivery(one, { sequence: 10 }),
        ]);
        yield* store.insert([delivery(one, { type: "ping", subject: undefined })]);
        expect(yield* store.hasEarlier(late)).toBe(false);
        const waiting = early("pending");
        yield* store.insert([waiting]);
        expect(yield* store.hasEarlier(late)).toBe(true);
        expect(yield* store.hasEarlier(waiting)).toBe(false);
        const { transact } = yield* UnitOfWork;
        yield* transact(store.save([{ ...waiting, state: "held" }]));
        expect(yield* store.hasEarlier(late)).toBe(true);
        yield* transact(store.save([{ ...waiting, state: "dead", finishedAt: EPOCH }]));
        expect(yield* store.hasEarlier(late)).toBe(false);
        expect(yield* store.hasEarlier(delivery(one, { type: "ping", subject: undefined }))).toBe(false);
      }));

    test("inside a transaction its calls are part of it", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const { transact } = yield* UnitOfWork;
        const one = subscription();
        const [kept, dropped] = [delivery(one), delivery(one)];
        yield* store.insert([kept]);
        const all = [store.insert([dropped]), store.save([{ ...kept, tries: 7 }]), store.log(attempt(kept, 1))];
        yield* Effect.flip(transact(Effect.zipRight(Effect.all(all), Effect.fail("no"))));
        expect(yield* log.list(everythingOf(one))).toEqual([kept]);
        expect(yield* log.attempts([kept.id])).toEqual([]);
      }));
  });

  describe(`DeliveryLog on ${backend.name}`, () => {
    test("deliveries are listed, the latest first, page by page", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const one = subscription();
        const all = Array.from({ length: 7 }, () => delivery(one));
        yield* store.insert([...all, delivery(subscription())]);
        const latestFirst = all.toReversed();
        const page = yield* log.list({ ...everythingOf(one), limit: 3 });
        expect(page).toEqual(latestFirst.slice(0, 3));
        expect(yield* log.list({ ...everythingOf(one), before: page.at(-1)?.id })).toEqual(latestFirst.slice(3));
      }));

    test("every condition of a list has to hold", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const one = subscription();
        const dead = delivery(one, { state: "dead", finishedAt: EPOCH, createdAt: EPOCH + 5 });
        const held = delivery(one, { state: "held", type: "entity.deleted", createdAt: EPOCH + 6 });
        const told = delivery(one, { state: "delivered", finishedAt: EPOCH, createdAt: EPOCH + 7 });
        const other = delivery(one, { subject: { sequence: 1, uid: uid(9), reference: "api:default/other" } });
        const ping = delivery(one, { type: "ping", subject: undefined });
        yield* store.insert([dead, held, told, other, ping]);
        const find = (conditions: Partial<DeliveryQuery>) =>
          Effect.map(log.list({ ...everythingOf(one), ...conditions }), (found) => found.map(({ id }) => id));
        expect(yield* find({ states: ["dead", "held", "dead"] })).toEqual([held.id, dead.id]);
        expect(yield* find({ states: ["delivered", "dead"] })).toEqual([told.id, dead.id]);
        expect(yield* find({ types: ["entity.deleted", "ping"] })).toEqual([ping.id, held.id]);
        expect(yield* find({ reference: "api:default/other" })).toEqual([other.id]);
        expect(yield* find({ since: EPOCH + 6 })).toEqual([told.id, held.id]);
        expect(yield* find({ since: EPOCH + 5, until: EPOCH + 7 })).toEqual([held.id, dead.id]);
        expect(yield* find({ since: EPOCH + 6, states: ["dead"] })).toEqual([]);
      }));

    test("held ones are let go where the subscription is enabled, in the order of their events", () =>
      Effect.gen(function* () {
        const subscriptions = yield* SubscriptionStore;
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const [on, off] = [subscription(), subscription({ disabled: { reason: "gone", at: EPOCH } })];
        yield* Effect.forEach([on, off], subscriptions.insert);
        const [late, early] = [
          delivery(on, { state: "held", sequence: 9 }),
          delivery(on, { state: "held", sequence: 4 }),
        ];
        yield* store.insert([
          late,
          early,
          delivery(on),
          delivery(off, { state: "held" }),
          delivery(subscription(), { state: "held" }),
        ]);
        expect(yield* log.releasable(10)).toEqual([early, late]);
        expect(yield* log.releasable(1)).toEqual([early]);
        yield* subscriptions.save({ ...on, disabled: { reason: "requested", at: EPOCH }, revision: 2 });
        expect(yield* log.releasable(10)).toEqual([]);
      }));

    test("one that is held behind a pending change is not let go where order is kept", () =>
      Effect.gen(function* () {
        const subscriptions = yield* SubscriptionStore;
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const { transact } = yield* UnitOfWork;
        const [ordered, other] = [subscription({ ordered: true }), subscription({ ordered: false })];
        yield* Effect.forEach([ordered, other], subscriptions.insert);
        const of = (n: number) => ({ subject: { sequence: 20 + n, uid: uid(n), reference: "component:default/x" } });
        const early = delivery(ordered, { sequence: 4 });
        const [late, later] = [9, 10].map((sequence) => delivery(ordered, { state: "held", sequence }));
        const elsewhere = delivery(ordered, { state: "held", ...of(7) });
        const free = delivery(other, { state: "held", sequence: 9 });
        if (late === undefined || later === undefined) throw new Error("there are two");
        yield* store.insert([early, late, later, elsewhere, delivery(other, { sequence: 4 }), free]);
        const ids = Effect.map(log.releasable(10), (found) => found.map(({ id }) => id).toSorted());
        expect(yield* ids).toEqual([elsewhere.id, free.id].toSorted());
        yield* transact(store.save([{ ...early, state: "dead", finishedAt: EPOCH }]));
        expect(yield* ids).toEqual([late.id, later.id, elsewhere.id, free.id].toSorted());
      }));

    test("a pending one is abandoned once its job will not run any more", () =>
      Effect.gen(function* () {
        const subscriptions = yield* SubscriptionStore;
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const queue = yield* JobQueue;
        const board = yield* JobBoard;
        const { transact } = yield* UnitOfWork;
        const one = subscription();
        yield* subscriptions.insert(one);
        const [first, second, unqueued] = [delivery(one), delivery(one), delivery(one)];
        const jobs = yield* transact(queue.enqueue([jobFor(one, first), jobFor(one, second)]));
        const [tried, waiting] = [first, second].map((each, i) => ({ ...each, job: jobs[i] }));
        if (tried === undefined || waiting === undefined) throw new Error("there are two");
        yield* store.insert([tried, waiting, unqueued, delivery(one, { state: "held" })]);
        expect(yield* log.abandoned(10)).toEqual([unqueued]);
        if (tried.job !== undefined) yield* board.discard(tried.job);
        expect(yield* log.abandoned(10)).toEqual([tried, unqueued]);
        expect(yield* log.abandoned(1)).toEqual([tried]);
      }));

    test("what each subscription has before it is counted", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const [one, other, idle] = [subscription(), subscription(), subscription()];
        const finished = { finishedAt: EPOCH };
        yield* store.insert([
          delivery(one),
          delivery(one),
          delivery(one, { state: "held" }),
          delivery(one, { state: "delivered", ...finished }),
          delivery(other, { state: "dead", ...finished }),
          delivery(idle, { state: "delivered", ...finished }),
        ]);
        expect(yield* log.backlog).toEqual(
          new Map([
            [one.id, { pending: 2, held: 1, dead: 0 }],
            [other.id, { pending: 0, held: 0, dead: 1 }],
          ]),
        );
      }));

    test("what was finished long ago is deleted with its attempts, the oldest first", () =>
      Effect.gen(function* () {
        const store = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const one = subscription();
        const told = Array.from({ length: 5 }, (_, i) =>
          delivery(one, { state: "delivered", finishedAt: EPOCH + 10 - i }),
        );
        const dead = delivery(one, { state: "dead", finishedAt: EPOCH });
        yield* store.insert([...told, dead, delivery(one)]);
        yield* Effect.forEach([...told, dead], (each) => store.log(attempt(each, 1)));
        expect(yield* log.prune("delivered", EPOCH + 10, 3)).toBe(3);
        expect(yield* log.prune("delivered", EPOCH + 10, 3)).toBe(1);
        expect(yield* log.prune("delivered", EPOCH + 10, 3)).toBe(0);
        const left = yield* log.list(everythingOf(one));
        expect(left.map(({ state }) => state).toSorted()).toEqual(["dead", "delivered", "pending"]);
        expect(yield* log.attempts(told.map(({ id }) => id))).toHaveLength(1);
        expect(yield* log.prune("dead", EPOCH + 1, 3)).toBe(1);
      }));
  });
};
