import * as Job from "@cadastre/domain/Job";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { Backend } from "../Backends.ts";
import { claim, EPOCH, job } from "../Fixtures.ts";
import { calls } from "../internal/jobCalls.ts";

/** `JobQueue`: leases and attempts. */
export const jobLeases = (backend: Backend): void => {
  const { test, at, enqueue, claimed, ids, finish, get, stateOf, failed, postponed, released } = calls(backend);

  describe(`JobQueue on ${backend.name}`, () => {
    describe("a lease", () => {
      test("ends at its time: the attempt counts, and the job comes back later each time until it is dead", () =>
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          const [id] = yield* enqueue(job({ maxAttempts: 3 }));
          expect(yield* ids({ lease: 1000, worker: "one" })).toEqual([id]);
          yield* at(999);
          expect(yield* queue.claim(claim())).toEqual({ jobs: [], nextAt: EPOCH + 1000 });
          expect(yield* stateOf(id)).toBe("running");
          yield* at(1000);
          expect((yield* queue.claim(claim())).jobs).toEqual([]);
          expect(yield* get(id)).toMatchObject({
            state: "scheduled",
            attempts: 1,
            runAt: EPOCH + 3000,
            updatedAt: EPOCH + 1000,
            leaseUntil: undefined,
            leasedBy: undefined,
            lastError: Job.expired("one"),
          });
          yield* at(3000);
          const [second] = yield* claimed({ lease: 1000, worker: "two" });
          expect(second).toMatchObject({ id, attempts: 2, lease: { seq: 2 } });
          yield* at(4000);
          yield* claimed();
          expect(yield* get(id)).toMatchObject({ state: "scheduled", runAt: EPOCH + 8000 });
          yield* at(8000);
          yield* claimed({ lease: 1000, worker: "three" });
          yield* at(9000);
          expect(yield* queue.claim(claim())).toEqual({ jobs: [], nextAt: EPOCH + 9000 });
          expect(yield* get(id)).toMatchObject({
            state: "dead",
            attempts: 3,
            finishedAt: EPOCH + 9000,
            leaseUntil: undefined,
            lastError: Job.expired("three"),
          });
          expect(yield* queue.claim(claim())).toEqual({ jobs: [], nextAt: undefined });
        }));

      test("the wait after a crash is at most 64 seconds", () =>
        Effect.gen(function* () {
          const [id] = yield* enqueue(job());
          let now = 0;
          const waits: Array<number> = [];
          for (let i = 0; i < 8; i++) {
            yield* claimed({ lease: 1 });
            yield* at(now + 1);
            yield* claimed();
            const { runAt } = yield* get(id);
            waits.push((runAt - EPOCH - now - 1) / 1000);
            now = runAt - EPOCH;
            yield* at(now);
          }
          expect(waits).toEqual([2, 4, 8, 16, 32, 64, 64, 64]);
          expect(waits).toEqual(waits.map((_, i) => Job.crashBackoff(i + 1) / 1000));
        }));

      test("of another queue is not taken back", () =>
        Effect.gen(function* () {
          const [id, other] = yield* enqueue(job(), job({ queue: "r" }));
          yield* claimed({ lease: 1 });
          yield* claimed({ queue: "r", lease: 1 });
          yield* at(5);
          yield* claimed({ queue: "r" });
          expect(yield* Effect.forEach([id, other], stateOf)).toEqual(["running", "scheduled"]);
        }));

      test("is extended, never to an earlier time, and only while it is in force", () =>
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          yield* enqueue(job(), job(), job());
          const [one, two, three] = yield* claimed({ lease: 100 });
          if (one === undefined || two === undefined || three === undefined) throw new Error("three are there");
          yield* finish(Job.done, three);
          const wrong = { id: two.id, seq: 2 };
          yield* at(50);
          expect(yield* queue.extend([], EPOCH + 300)).toEqual([]);
          expect(yield* queue.extend([one.lease, wrong, three.lease, { id: -1, seq: 1 }], EPOCH + 300)).toEqual([
            wrong,
            three.lease,
            { id: -1, seq: 1 },
          ]);
          expect(yield* queue.extend([one.lease], EPOCH + 200)).toEqual([]);
          expect((yield* get(one.id)).leaseUntil).toBe(EPOCH + 300);
          expect((yield* get(two.id)).leaseUntil).toBe(EPOCH + 100);
          yield* at(99);
          expect(yield* queue.extend([two.lease], EPOCH + 100)).toEqual([]);
          yield* at(100);
          expect(yield* queue.extend([two.lease], EPOCH + 900)).toEqual([two.lease]);
          expect((yield* get(two.id)).leaseUntil).toBe(EPOCH + 100);
          yield* at(299);
          expect(yield* finish(Job.done, one, two)).toEqual([two.lease]);
        }));

      for (const [name, outcome] of [
        ["done", Job.done],
        ["failed", failed(EPOCH + 10)],
        ["dead", failed()],
        ["postponed", postponed(EPOCH + 10)],
        ["released", released],
      ] as const) {
        test(`that has ended, or that another has now, ends nothing: ${name}`, () =>
          Effect.gen(function* () {
            const [id] = yield* enqueue(job());
            const [late] = yield* claimed({ lease: 1000 });
            if (late === undefined) throw new Error("it is there");
            yield* at(1000);
            const before = yield* get(id);
            expect(before.state).toBe("running");
            expect(yield* finish(outcome, late)).toEqual([late.lease]);
            expect(yield* get(id)).toEqual(before);
            yield* claimed();
            const waiting = yield* get(id);
            expect(waiting.state).toBe("scheduled");
            expect(yield* finish(outcome, late)).toEqual([late.lease]);
            expect(yield* get(id)).toEqual(waiting);
            yield* at(3000);
            const [now] = yield* claimed();
            if (now === undefined) throw new Error("it is there again");
            const running = yield* get(id);
            expect(yield* finish(outcome, late)).toEqual([late.lease]);
            expect(yield* get(id)).toEqual(running);
            expect(yield* finish(outcome, now)).toEqual([]);
            const ended = yield* get(id);
            expect(ended.state).not.toBe("running");
            expect(yield* finish(outcome, now)).toEqual([now.lease]);
            expect(yield* get(id)).toEqual(ended);
          }));
      }
    });

    describe("an attempt", () => {
      test("that is done is done", () =>
        Effect.gen(function* () {
          const all = yield* enqueue(job(), job());
          yield* at(5);
          const [one] = yield* claimed({ limit: 1 });
          if (one === undefined) throw new Error("it is there");
          yield* at(9);
          expect(yield* finish(Job.done, one)).toEqual([]);
          expect(yield* get(one.id)).toMatchObject({
            state: "done",
            attempts: 1,
            finishedAt: EPOCH + 9,
            updatedAt: EPOCH + 9,
            leaseUntil: undefined,
            leasedBy: undefined,
          });
          expect(yield* stateOf(all[1])).toBe("ready");
          expect(yield* ids()).toEqual([all[1]]);
          expect(yield* finish(Job.done)).toEqual([]);
        }));

      test("that failed is tried again at its time, with the error kept, and dead after the last", () =>
        Effect.gen(function* () {
          const [id] = yield* enqueue(job({ maxAttempts: 2 }));
          yield* finish(failed(EPOCH + 50), ...(yield* claimed()));
          expect(yield* get(id)).toMatchObject({ state: "scheduled", runAt: EPOCH + 50, attempts: 1, lastError: "no" });
          expect(yield* ids()).toEqual([]);
          yield* at(50);
          const second = yield* claimed();
          expect(second).toMatchObject([{ id, attempts: 2 }]);
          const error = `a\0${"é".repeat(5000)}`;
          yield* finish({ _tag: "Failed", error, retryAt: EPOCH + 99 }, ...second);
          expect(yield* get(id)).toMatchObject({
            state: "dead",
            runAt: EPOCH + 50,
            finishedAt: EPOCH + 50,
            attempts: 2,
            leaseUntil: undefined,
            lastError: Job.keptError(error),
          });
          expect((yield* get(id)).lastError).toHaveLength(Job.MAX_ERROR);
          yield* at(200);
          expect(yield* ids()).toEqual([]);
        }));

      test("that cannot succeed makes the job dead at once", () =>
        Effect.gen(function* () {
          const [id] = yield* enqueue(job());
          yield* finish(failed(), ...(yield* claimed()));
          expect(yield* get(id)).toMatchObject({ state: "dead", attempts: 1, finishedAt: EPOCH, lastError: "no" });
        }));

      test("that is postponed does not count, however often", () =>
        Effect.gen(function* () {
          const [id] = yield* enqueue(job({ maxAttempts: 1 }));
          for (let i = 1; i < 20; i++) {
            const [one] = yield* claimed();
            if (one === undefined) throw new Error("it is there");
            expect(one.attempts).toBe(1);
            yield* finish(postponed(EPOCH + i), one);
            expect(yield* get(id)).toMatchObject({
              state: "scheduled",
              runAt: EPOCH + i,
              attempts: 0,
              leasedBy: undefined,
            });
            yield* at(i);
          }
        }));

      test("that is released is there at once and does not count, five times", () =>
        Effect.gen(function* () {
          const [id] = yield* enqueue(job({ maxAttempts: 2 }));
          const attempts: Array<number> = [];
          for (let i = 0; i < 7; i++) {
            yield* finish(released, ...(yield* claimed()));
            attempts.push((yield* get(id)).attempts);
          }
          expect(attempts).toEqual([0, 0, 0, 0, 0, 1, 2]);
          expect(yield* get(id)).toMatchObject({ state: "dead", finishedAt: EPOCH, lastError: Job.RELEASED });
        }));

      test("of many ends each in its own way, in one call", () =>
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          const all = yield* enqueue(job(), job(), job(), job(), job());
          const outcomes = [Job.done, failed(EPOCH + 9), failed(), postponed(EPOCH + 8), released];
          const running = yield* claimed();
          const settlements = running.map(({ lease }, i) => ({ lease, outcome: outcomes[i] ?? Job.done }));
          const stray = { lease: { id: -1, seq: 1 }, outcome: failed() };
          expect(yield* queue.finish([stray, ...settlements])).toEqual([stray.lease]);
          expect(yield* Effect.forEach(all, stateOf)).toEqual(["done", "scheduled", "dead", "scheduled", "ready"]);
        }));
    });
  });
};
