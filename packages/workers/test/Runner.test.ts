import { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Kinds from "@cadastre/domain/JobKind";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { claim, job } from "@cadastre/testing/Fixtures";
import * as Memory from "@cadastre/testing/memory/Memory";
import { describe, expect, it } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import * as TestClock from "effect/TestClock";
import { AttemptFailed, GivenUp, type Handler, make as handler, Postponed } from "../src/Handler.ts";
import * as Runner from "../src/Runner.ts";
import { enqueue, enqueueAll, jobs, kind, turns } from "./support.ts";

const run = (options: Partial<Runner.Options>, ...handlers: ReadonlyArray<Handler>) =>
  Layer.build(
    // Nobody moves the clock while a test ends.
    Runner.layer(
      { queue: "q", worker: "w", concurrency: 4, drain: Duration.zero, ...options },
      Effect.succeed(handlers),
    ),
  );

/** Workers in a scope of their own, and how to stop them. */
const started = Effect.fnUntraced(function* (options: Partial<Runner.Options>, ...handlers: ReadonlyArray<Handler>) {
  const scope = yield* Scope.make();
  yield* Scope.extend(run({ drain: Duration.seconds(4), ...options }, ...handlers), scope);
  return Scope.close(scope, Exit.void);
});

const states = Effect.map(jobs, (all) => all.map(({ state }) => state));

const test = (
  fact: string,
  body: () => Effect.Effect<unknown, unknown, Layer.Layer.Success<typeof Memory.layer> | Scope.Scope>,
) => it.scoped(fact, () => Effect.provide(body(), Layer.fresh(Memory.layer)), 60_000);

describe("a worker", () => {
  test("does what is there and what comes, each once", () =>
    Effect.gen(function* () {
      const done: Array<number> = [];
      yield* enqueue(1, 2, 3);
      yield* run(
        {},
        handler(kind, ({ n }) => Effect.sync(() => done.push(n))),
      );
      yield* turns;
      expect(done).toEqual([1, 2, 3]);
      yield* enqueue(4);
      yield* turns;
      expect(done).toEqual([1, 2, 3, 4]);
      expect(yield* states).toEqual(["done", "done", "done", "done"]);
    }));

  test("finds jobs of which nobody told it within the time of a poll", () =>
    Effect.gen(function* () {
      const queue = yield* JobQueue;
      yield* run(
        {},
        handler(kind, () => Effect.void),
      );
      yield* turns;
      yield* queue.enqueue([job({ payload: { n: 1 } })]);
      yield* turns;
      expect(yield* states).toEqual(["ready"]);
      yield* TestClock.adjust("1 second");
      yield* turns;
      expect(yield* states).toEqual(["done"]);
    }));

  test("does a job at its time", () =>
    Effect.gen(function* () {
      yield* run(
        { poll: Duration.hours(1) },
        handler(kind, () => Effect.void),
      );
      yield* enqueueAll([job({ payload: { n: 1 }, runAt: 5000 })]);
      yield* turns;
      yield* TestClock.adjust(4999);
      yield* turns;
      expect(yield* states).toEqual(["scheduled"]);
      yield* TestClock.adjust(1);
      yield* turns;
      expect(yield* states).toEqual(["done"]);
    }));

  test("runs no more at once than it may, in all and of a group", () =>
    Effect.gen(function* () {
      let now = 0;
      let most = 0;
      const slow = handler(kind, () =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            now += 1;
            most = Math.max(most, now);
          }),
          () => Effect.sleep("10 millis"),
          () =>
            Effect.sync(() => {
              now -= 1;
            }),
        ),
      );
      yield* run({ concurrency: 3, perGroup: 2 }, slow);
      yield* enqueue(...Array.from({ length: 10 }, (_, n) => n));
      yield* turns;
      for (let i = 0; i < 20; i++) yield* Effect.zipRight(TestClock.adjust("10 millis"), turns);
      expect(most).toBe(3);
      expect(new Set(yield* states)).toEqual(new Set(["done"]));
      most = 0;
      yield* enqueueAll(Array.from({ length: 6 }, () => job({ payload: { n: 1 }, groupKey: "g" })));
      yield* turns;
      for (let i = 0; i < 20; i++) yield* Effect.zipRight(TestClock.adjust("10 millis"), turns);
      expect(most).toBe(2);
      expect(new Set(yield* states)).toEqual(new Set(["done"]));
    }));

  test("goes by what the handler says: failed, given up, postponed, broken", () =>
    Effect.gen(function* () {
      const outcomes = [
        new AttemptFailed({ message: "not now" }),
        new AttemptFailed({ message: "not now", retryAt: 77_000 }),
        new GivenUp({ message: "never" }),
        new Postponed({ until: 99_000 }),
        new StoreUnavailable({ message: "the store is away" }),
      ];
      const picky = handler(kind, ({ n }) => {
        const outcome = outcomes[n];
        return outcome === undefined ? Effect.die(new TypeError("a bug")) : Effect.fail(outcome);
      });
      const late = handler({ ...kind, name: "slow", timeout: Duration.seconds(3) }, () => Effect.never);
      yield* run({ concurrency: 100 }, picky, late);
      yield* enqueue(0, 1, 2, 3, 4, 5);
      yield* enqueueAll([job({ kind: "slow", payload: { n: 1 } })]);
      yield* turns;
      const [failed, later, gone, postponed, away, broken, slow] = yield* jobs;
      expect(failed).toMatchObject({ state: "scheduled", attempts: 1, lastError: "not now" });
      // The backoff of the first attempt is a second, give or take half.
      expect(failed?.runAt).toBeGreaterThanOrEqual(500);
      expect(failed?.runAt).toBeLessThanOrEqual(1500);
      expect(later).toMatchObject({ state: "scheduled", runAt: 77_000, attempts: 1 });
      expect(gone).toMatchObject({ state: "dead", lastError: "never" });
      expect(postponed).toMatchObject({ state: "scheduled", runAt: 99_000, attempts: 0 });
      expect(away).toMatchObject({ state: "scheduled", attempts: 1, lastError: "the store is away" });
      expect(broken).toMatchObject({ state: "scheduled", attempts: 1, lastError: "TypeError: a bug" });
      expect(slow).toMatchObject({ state: "running" });
      yield* TestClock.adjust("3 seconds");
      yield* turns;
      expect((yield* jobs)[6]).toMatchObject({ state: "scheduled", lastError: "it took longer than 3s" });
    }));

  test("gives up a payload that is not one of its kind at once, and says why", () =>
    Effect.gen(function* () {
      yield* run(
        {},
        handler(kind, () => Effect.void),
      );
      yield* enqueueAll([job({ payload: { n: "one" } }), job({ payload: null })]);
      yield* turns;
      const [one, none] = yield* jobs;
      expect(one).toMatchObject({ state: "dead", attempts: 1, payload: { n: "one" } });
      expect(one?.lastError).toBe('the payload is not one of k: n: Expected number, actual "one"');
      expect(none?.state).toBe("dead");
    }));

  test("leaves kinds that it does not know to those who do", () =>
    Effect.gen(function* () {
      yield* run(
        {},
        handler(kind, () => Effect.void),
      );
      yield* enqueueAll([job({ kind: "new" }), job({ queue: "r" }), job({ payload: { n: 1 } })]);
      yield* turns;
      expect(yield* states).toEqual(["ready", "ready", "done"]);
    }));

  test("keeps a job for as long as it takes", () =>
    Effect.gen(function* () {
      const queue = yield* JobQueue;
      const slow = handler({ ...kind, timeout: Duration.hours(1) }, () => Effect.sleep("5 minutes"));
      yield* run({ lease: Duration.seconds(20) }, slow);
      yield* enqueue(1);
      yield* turns;
      for (let i = 0; i < 59; i++) {
        yield* Effect.zipRight(TestClock.adjust("5 seconds"), turns);
        expect((yield* queue.claim(claim({ worker: "other" }))).jobs).toEqual([]);
      }
      yield* Effect.zipRight(TestClock.adjust("5 seconds"), turns);
      expect(yield* states).toEqual(["done"]);
    }));

  test("interrupts a job that it has lost, and says nothing of its end", () =>
    Effect.gen(function* () {
      const board = yield* JobBoard;
      const interrupted = yield* Deferred.make<void>();
      const slow = handler(kind, () =>
        Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined)),
      );
      yield* run({ lease: Duration.seconds(20) }, slow);
      const [id = 0] = yield* enqueue(1);
      yield* turns;
      yield* board.discard(id);
      yield* TestClock.adjust("5 seconds");
      yield* turns;
      expect(yield* Deferred.isDone(interrupted)).toBe(true);
      expect(yield* states).toEqual(["discarded"]);
      yield* enqueue(2);
      yield* turns;
      expect(yield* states).toEqual(["discarded", "running"]);
    }));

  test("goes on when the store is away and comes back, and loses no end of a job", () =>
    Effect.gen(function* () {
      const queue = yield* JobQueue;
      let isAway = false;
      const unlessAway = <A>(call: Effect.Effect<A, StoreUnavailable>): Effect.Effect<A, StoreUnavailable> =>
        Effect.suspend(() => (isAway ? Effect.fail(new StoreUnavailable({ message: "away" })) : call));
      const unreliable: JobQueue["Type"] = {
        ...queue,
        claim: (asked) => unlessAway(queue.claim(asked)),
        finish: (settlements) => unlessAway(queue.finish(settlements)),
        extend: (leases, until) => unlessAway(queue.extend(leases, until)),
      };
      const slow = handler(kind, () => Effect.sleep("10 seconds"));
      yield* Effect.provideService(run({}, slow), JobQueue, unreliable);
      yield* enqueue(1);
      yield* turns;
      isAway = true;
      yield* enqueue(2);
      for (let i = 0; i < 20; i++) yield* Effect.zipRight(TestClock.adjust("1 second"), turns);
      expect(yield* states).toEqual(["running", "ready"]);
      isAway = false;
      for (let i = 0; i < 6; i++) yield* Effect.zipRight(TestClock.adjust("1 second"), turns);
      expect(yield* states).toEqual(["done", "running"]);
    }));

  test("lets go of a job whose lease ends while the store is away", () =>
    Effect.gen(function* () {
      const queue = yield* JobQueue;
      let interruptions = 0;
      const away = Effect.fail(new StoreUnavailable({ message: "away" }));
      const slow = handler({ ...kind, timeout: Duration.hours(1) }, () =>
        Effect.onInterrupt(Effect.never, () =>
          Effect.sync(() => {
            interruptions += 1;
          }),
        ),
      );
      yield* Effect.provideService(run({}, slow), JobQueue, { ...queue, extend: () => away });
      yield* enqueue(1);
      yield* turns;
      yield* Effect.zipRight(TestClock.adjust("45 seconds"), turns);
      expect(interruptions).toBe(0);
      yield* Effect.zipRight(TestClock.adjust("15 seconds"), turns);
      expect(interruptions).toBe(1);
    }));

  describe("that is stopped", () => {
    test("claims no more, waits for what runs, and writes its end", () =>
      Effect.gen(function* () {
        const stop = yield* started(
          { concurrency: 1 },
          handler(kind, () => Effect.sleep("2 seconds")),
        );
        yield* enqueue(1, 2);
        yield* turns;
        const stopped = yield* Effect.fork(stop);
        yield* turns;
        yield* Effect.zipRight(TestClock.adjust("2 seconds"), turns);
        yield* stopped.await;
        expect(yield* states).toEqual(["done", "ready"]);
      }));

    test("releases what does not end in time, at no cost for the job", () =>
      Effect.gen(function* () {
        const stop = yield* started(
          {},
          handler(kind, () => Effect.never),
        );
        yield* enqueue(1, 2);
        yield* turns;
        const stopped = yield* Effect.fork(stop);
        yield* Effect.zipRight(turns, TestClock.adjust("4 seconds"));
        yield* stopped.await;
        expect(yield* jobs).toMatchObject([
          { state: "ready", attempts: 0, leasedBy: undefined },
          { state: "ready", attempts: 0 },
        ]);
      }));

    test("stops though the store is away", () =>
      Effect.gen(function* () {
        const queue = yield* JobQueue;
        const away = Effect.fail(new StoreUnavailable({ message: "away" }));
        const stop = yield* Effect.provideService(
          started(
            {},
            handler(kind, () => Effect.void),
          ),
          JobQueue,
          { ...queue, finish: () => away },
        );
        yield* enqueue(1);
        yield* turns;
        const stopped = yield* Effect.fork(stop);
        for (let i = 0; i < 8; i++) yield* Effect.zipRight(turns, TestClock.adjust("1 second"));
        yield* stopped.await;
        expect(yield* states).toEqual(["running"]);
      }));
  });

  test("asks for nothing and writes nothing while there is nothing to do, but for one look a poll", () =>
    Effect.gen(function* () {
      const queue = yield* JobQueue;
      let claims = 0;
      const counted: JobQueue["Type"] = {
        ...queue,
        claim: (asked) =>
          Effect.zipRight(
            Effect.sync(() => (claims += 1)),
            queue.claim(asked),
          ),
        extend: () => Effect.die("it holds nothing"),
        finish: () => Effect.die("nothing ended"),
      };
      yield* Effect.provideService(
        run(
          {},
          handler(kind, () => Effect.void),
        ),
        JobQueue,
        counted,
      );
      yield* turns;
      for (let i = 0; i < 60; i++) yield* Effect.zipRight(TestClock.adjust("1 second"), turns);
      expect(claims).toBe(61);
    }));

  test("two workers share the jobs, and each is done once", () =>
    Effect.gen(function* () {
      const done: Array<number> = [];
      const each = handler(kind, ({ n }) => Effect.sync(() => done.push(n)));
      yield* run({ worker: "one" }, each);
      yield* run({ worker: "two" }, each);
      yield* enqueue(...Array.from({ length: 100 }, (_, n) => n));
      yield* Effect.repeatN(turns, 10);
      expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    }));

  test("the kind's own settings stand in the jobs that it makes", () =>
    Effect.sync(() => {
      expect(Kinds.job(kind, { n: 1 }, { priority: 3 })).toEqual({
        queue: "q",
        kind: "k",
        payload: { n: 1 },
        maxAttempts: 3,
        priority: 3,
      });
      expect([1, 2, 3, 20].map((n) => Duration.toMillis(Kinds.exponential(n)))).toEqual([1000, 2000, 4000, 3_600_000]);
    }));
});
