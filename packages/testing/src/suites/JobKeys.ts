import * as Job from "@cadastre/domain/Job";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Backend } from "../Backends.ts";
import { EPOCH, job } from "../Fixtures.ts";
import { calls } from "../internal/jobCalls.ts";

/** `JobQueue`: keys of jobs, and periods. */
export const jobKeys = (backend: Backend): void => {
  const { test, at, enqueue, claimed, ids, finish, get, stateOf, failed, postponed, released } = calls(backend);

  describe(`JobQueue on ${backend.name}`, () => {
    describe("a dedupe key", () => {
      test("makes one of jobs that wait, at the earliest time, within a batch and across", () =>
        Effect.gen(function* () {
          const twin = (runAt: number, payload: number) => job({ dedupeKey: "d", runAt: EPOCH + runAt, payload });
          const [first, again, other, elsewhere] = yield* enqueue(
            twin(50, 1),
            twin(40, 2),
            job({ dedupeKey: "e" }),
            job({ dedupeKey: "d", queue: "r" }),
          );
          expect(again).toBe(first);
          expect(new Set([first, other, elsewhere]).size).toBe(3);
          yield* at(1);
          expect(yield* enqueue(twin(60, 3), job())).toEqual([first, expect.any(Number)]);
          expect(yield* get(first)).toMatchObject({ payload: 1, runAt: EPOCH + 40, updatedAt: EPOCH + 1 });
          expect(yield* enqueue(twin(30, 4))).toEqual([first]);
          expect(yield* get(first)).toMatchObject({ payload: 1, runAt: EPOCH + 30 });
          yield* at(30);
          expect(yield* ids({ limit: 1 })).toHaveLength(1);
        }));

      test("is free again from the claim on, and a retry does not take it back", () =>
        Effect.gen(function* () {
          const twin = job({ dedupeKey: "d" });
          const [first] = yield* enqueue(twin);
          const running = yield* claimed();
          const [second] = yield* enqueue(twin);
          expect(second).not.toBe(first);
          yield* finish(failed(EPOCH), ...running);
          expect(yield* enqueue(twin)).toEqual([second]);
          expect(yield* ids()).toEqual([first, second]);
        }));

      test("of a job that is pulled forward lets it run at once", () =>
        Effect.gen(function* () {
          const [id] = yield* enqueue(job({ dedupeKey: "d", runAt: EPOCH + 1000 }));
          expect(yield* ids()).toEqual([]);
          yield* enqueue(job({ dedupeKey: "d" }));
          expect(yield* ids()).toEqual([id]);
        }));
    });

    describe("an ordering key", () => {
      const ordered = (options: Partial<Job.NewJob> = {}) => job({ orderingKey: "o", ...options });

      test("lets one job go at a time, in the order of enqueueing, whatever the priority", () =>
        Effect.gen(function* () {
          const all = yield* enqueue(ordered(), ordered({ priority: 5 }));
          const more = yield* enqueue(ordered({ priority: 9 }));
          const [other, elsewhere] = yield* enqueue(ordered({ orderingKey: "p" }), ordered({ queue: "r" }));
          expect(yield* stateOf(all[1])).toBe("blocked");
          const done: Array<number> = [];
          const [first, second] = yield* claimed();
          expect([first?.id, second?.id]).toEqual([all[0], other]);
          for (let running = first; running !== undefined; ) {
            done.push(running.id);
            yield* finish(Job.done, running);
            [running] = yield* claimed();
          }
          expect(done).toEqual([...all, ...more]);
          expect(yield* ids({ queue: "r" })).toEqual([elsewhere]);
        }));

      test("holds the next back while the first is tried again or postponed, and lets it go when the first is dead", () =>
        Effect.gen(function* () {
          const [first, second] = yield* enqueue(ordered({ maxAttempts: 2 }), ordered());
          yield* finish(failed(EPOCH + 10), ...(yield* claimed()));
          expect(yield* ids()).toEqual([]);
          yield* at(10);
          yield* finish(postponed(EPOCH + 20), ...(yield* claimed()));
          expect(yield* ids()).toEqual([]);
          yield* at(20);
          yield* finish(released, ...(yield* claimed()));
          const [again] = yield* claimed();
          expect(again?.id).toBe(first);
          yield* finish(failed(EPOCH + 30), ...(again === undefined ? [] : [again]));
          expect(yield* stateOf(first)).toBe("dead");
          expect(yield* ids()).toEqual([second]);
        }));

      test("lets the next go when the lease of the first ended for the last time", () =>
        Effect.gen(function* () {
          const [, second] = yield* enqueue(ordered({ maxAttempts: 1 }), ordered());
          yield* claimed({ lease: 10 });
          yield* at(10);
          expect(yield* ids()).toEqual([second]);
        }));

      test("waits for the time of the first, and the next waits for its own", () =>
        Effect.gen(function* () {
          const [first, second] = yield* enqueue(ordered({ runAt: EPOCH + 10 }), ordered({ runAt: EPOCH + 30 }));
          expect(yield* Effect.forEach([first, second], stateOf)).toEqual(["scheduled", "blocked"]);
          yield* at(20);
          yield* finish(Job.done, ...(yield* claimed()));
          expect(yield* stateOf(second)).toBe("scheduled");
          yield* at(30);
          expect(yield* ids()).toEqual([second]);
        }));

      test("holds while many enqueue and many work at once", () =>
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          const [writers, each] = [6, 8];
          const enqueueing = Effect.forEach(
            Array.from({ length: writers * each }, (_, n) => n),
            (n) => Effect.zipLeft(enqueue(ordered({ orderingKey: `o${n % 3}`, payload: n })), Effect.yieldNow()),
            { concurrency: writers },
          );
          const finished: Array<Job.JobId> = [];
          const working = Effect.gen(function* () {
            while (finished.length < writers * each) {
              for (const one of yield* claimed({ limit: 2 })) {
                expect(yield* queue.finish([{ lease: one.lease, outcome: Job.done }])).toEqual([]);
                finished.push(one.id);
              }
              yield* Effect.yieldNow();
            }
          });
          yield* Effect.all([enqueueing, working, working, working], { concurrency: "unbounded" });
          const keyed = yield* Effect.forEach(finished, get);
          for (const key of ["o0", "o1", "o2"]) {
            const order = keyed.filter(({ orderingKey }) => orderingKey === key).map(({ id }) => id);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
            expect(order).toHaveLength((writers * each) / 3);
          }
        }));
    });

    describe("a group key", () => {
      const grouped = (groupKey: string) => job({ groupKey });

      test("lets no more go at once than the worker may run, and does not hold up others", () =>
        Effect.gen(function* () {
          const all = yield* enqueue(
            ...["a", "a", "a", "b"].map(grouped),
            job(),
            ...["b", "a"].map(grouped),
            ...[job()],
          );
          const of = (...places: ReadonlyArray<number>) => places.map((place) => all[place]);
          expect(yield* ids({ perGroup: 2 })).toEqual(of(0, 1, 3, 4, 5, 7));
          const running = new Map([
            ["a", 2],
            ["b", 2],
          ]);
          expect(yield* ids({ perGroup: 2, running })).toEqual([]);
          expect(yield* stateOf(all[2])).toBe("ready");
          expect(yield* ids({ perGroup: 2, running: new Map([["a", 1]]) })).toEqual(of(2));
          expect(yield* ids({ perGroup: 1, running: new Map([["b", 5]]) })).toEqual(of(6));
        }));

      test("that has no room is passed over, however many of it are first", () =>
        Effect.gen(function* () {
          yield* enqueue(...Array.from({ length: 50 }, () => grouped("a")));
          const [last] = yield* enqueue(job());
          const running = new Map([["a", 1]]);
          expect(yield* ids({ limit: 2, perGroup: 1, running })).toEqual([last]);
        }));

      test("that has less room than it has jobs leaves the rest of a claim to others, which takes no more than it may", () =>
        Effect.gen(function* () {
          const [first, , other] = yield* enqueue(...["a", "a", "b", "c"].map(grouped), job());
          expect(yield* ids({ limit: 2, perGroup: 1 })).toEqual([first, other]);
        }));
    });

    describe("a period", () => {
      test("gives its job to one who asks, and never again", () =>
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          const one = (name: string, period: number) => queue.enqueueOnce(name, period, job({ payload: period }));
          const asked = yield* Effect.forEach([1, 2, 3, 4, 5, 6], () => one("a", 7), { concurrency: "unbounded" });
          const [id, ...more] = asked.flatMap(Option.toArray);
          expect(more).toEqual([]);
          expect((yield* get(id)).payload).toBe(7);
          expect(yield* one("a", 7)).toEqual(Option.none());
          expect(yield* one("a", 6)).toEqual(Option.none());
          expect(Option.isSome(yield* one("b", 6))).toBe(true);
          expect(Option.isSome(yield* one("a", 8))).toBe(true);
          expect(yield* ids()).toHaveLength(3);
        }));

      test("is not used up by a transaction that is rolled back", () =>
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          const { transact } = yield* UnitOfWork;
          const once = queue.enqueueOnce("a", 1, job());
          yield* Effect.flip(transact(Effect.zipRight(once, Effect.fail("no"))));
          expect(Option.isSome(yield* once)).toBe(true);
          expect(yield* ids()).toHaveLength(1);
        }));
    });
  });
};
