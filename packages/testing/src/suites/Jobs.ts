import * as Job from "@cadastre/domain/Job";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Backend } from "../Backends.ts";
import { claim, EPOCH, job } from "../Fixtures.ts";
import { calls } from "../internal/jobCalls.ts";

/** `JobQueue`: what is enqueued and claimed. */
export const jobs = (backend: Backend): void => {
  const { test, at, enqueue, claimed, ids, get, stateOf } = calls(backend);

  describe(`JobQueue on ${backend.name}`, () => {
    test("a job is claimed as it was enqueued, and seen as it is", () =>
      Effect.gen(function* () {
        const full = job({
          queue: "Ünï",
          kind: "a.b",
          payload: { "": [null, 1.5, "😀 'quoted' \u2028 \0"], b: { c: true } },
          priority: 10,
          runAt: EPOCH - 5,
          maxAttempts: 3,
          dedupeKey: "d",
          orderingKey: "o",
          groupKey: "g",
          traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        });
        const [id, plain] = yield* enqueue(full, job({ payload: "text" }));
        const kept = { createdAt: EPOCH, updatedAt: EPOCH, attempts: 0, state: "ready" };
        const none = { finishedAt: undefined, leaseUntil: undefined, leasedBy: undefined, lastError: undefined };
        expect(yield* get(id)).toEqual({ ...full, ...kept, ...none, id });
        expect(yield* get(plain)).toEqual({
          ...job({ payload: "text" }),
          ...kept,
          ...none,
          id: plain,
          priority: 0,
          runAt: EPOCH,
          maxAttempts: Job.DEFAULT_ATTEMPTS,
          dedupeKey: undefined,
          orderingKey: undefined,
          groupKey: undefined,
          traceparent: undefined,
        });
        yield* at(7);
        const [first, ...more] = yield* claimed({ queue: "Ünï", kinds: ["x", "a.b"], worker: "me" });
        expect(more).toEqual([]);
        const { dedupeKey: _, orderingKey: __, ...shown } = full;
        expect(first).toEqual({ ...shown, id, attempts: 1, createdAt: EPOCH, lease: { id, seq: 1 } });
        expect(yield* get(id)).toEqual({
          ...full,
          ...none,
          id,
          state: "running",
          attempts: 1,
          createdAt: EPOCH,
          updatedAt: EPOCH + 7,
          dedupeKey: undefined,
          leaseUntil: EPOCH + 7 + 60_000,
          leasedBy: "me",
        });
      }));

    test("ids grow and are given in the order of the jobs", () =>
      Effect.gen(function* () {
        const first = yield* enqueue(...Array.from({ length: 50 }, (_, n) => job({ payload: n })));
        const second = yield* enqueue(job(), job());
        const all = [...first, ...second];
        expect(all).toEqual(all.toSorted((a, b) => a - b));
        expect(new Set(all).size).toBe(52);
        expect((yield* get(first[31])).payload).toBe(31);
        expect(yield* enqueue()).toEqual([]);
      }));

    test("a job outside of the limits is a defect, and none of its batch is there", () =>
      Effect.gen(function* () {
        const wrong = [
          job({ priority: 11 }),
          job({ priority: -11 }),
          job({ priority: 0.5 }),
          job({ maxAttempts: 0 }),
          job({ runAt: Number.NaN }),
          job({ payload: "x".repeat(Job.MAX_PAYLOAD - 1) }),
        ];
        for (const one of wrong) {
          expect(Exit.isFailure(yield* Effect.exit(Effect.catchAll(enqueue(job(), one), () => Effect.void)))).toBe(
            true,
          );
        }
        expect(yield* ids()).toEqual([]);
        yield* enqueue(job({ priority: -10, payload: "x".repeat(Job.MAX_PAYLOAD - 2) }), job({ priority: 10 }));
        expect(yield* ids()).toHaveLength(2);
      }));

    test("enqueueing is part of the caller's transaction", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        yield* Effect.flip(transact(Effect.zipRight(enqueue(job(), job({ orderingKey: "o" })), Effect.fail("no"))));
        expect(yield* ids()).toEqual([]);
        const [kept] = yield* transact(enqueue(job({ orderingKey: "o" })));
        expect(yield* ids()).toEqual([kept]);
      }));

    describe("a claim", () => {
      test("takes by priority, then by time, then by id, up to the limit", () =>
        Effect.gen(function* () {
          yield* at(10);
          const all = yield* enqueue(
            job(),
            job({ runAt: EPOCH + 9 }),
            job({ priority: 1 }),
            job({ priority: -1, runAt: EPOCH }),
            job({ runAt: EPOCH + 9 }),
            job({ priority: 1 }),
          );
          const order = [2, 5, 1, 4, 0, 3].map((place) => all[place]);
          expect(yield* ids({ limit: 4 })).toEqual(order.slice(0, 4));
          expect(yield* ids({ limit: 4 })).toEqual(order.slice(4));
          expect(yield* ids({ limit: 4 })).toEqual([]);
        }));

      test("takes from its own queue and of the kinds it knows, and leaves the others as they are", () =>
        Effect.gen(function* () {
          const [own, , foreign, other] = yield* enqueue(
            job({ kind: "b" }),
            job({ kind: "c" }),
            job({ queue: "r", kind: "b" }),
            job({ kind: "B" }),
          );
          expect(yield* ids({ kinds: ["a", "b"] })).toEqual([own]);
          expect(yield* ids({ kinds: [] })).toEqual([]);
          expect(yield* stateOf(foreign)).toBe("ready");
          expect(yield* get(other)).toMatchObject({ state: "ready", attempts: 0 });
          expect(yield* ids({ queue: "r", kinds: ["a", "b"] })).toEqual([foreign]);
        }));

      test("takes a job at its time and not a millisecond before, and says when to come again", () =>
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          const [late, early, next] = yield* enqueue(
            job({ runAt: EPOCH + 100 }),
            job({ runAt: EPOCH + 50 }),
            job({ queue: "r", runAt: EPOCH + 10 }),
          );
          expect(yield* queue.claim(claim())).toEqual({ jobs: [], nextAt: EPOCH + 50 });
          yield* at(49);
          expect(yield* queue.claim(claim())).toEqual({ jobs: [], nextAt: EPOCH + 50 });
          expect(yield* stateOf(early)).toBe("scheduled");
          yield* at(50);
          expect(yield* ids()).toEqual([early]);
          expect(yield* queue.claim(claim())).toEqual({ jobs: [], nextAt: EPOCH + 100 });
          yield* at(100);
          expect(yield* ids()).toEqual([late]);
          expect(yield* queue.claim(claim())).toEqual({ jobs: [], nextAt: EPOCH + 50 + 60_000 });
          expect(yield* ids({ queue: "r" })).toEqual([next]);
          expect(yield* queue.claim(claim({ queue: "none" }))).toEqual({ jobs: [], nextAt: undefined });
        }));

      test("that takes something is to be repeated at once", () =>
        Effect.gen(function* () {
          const queue = yield* JobQueue;
          yield* enqueue(job(), job({ runAt: EPOCH + 1 }));
          expect((yield* queue.claim(claim({ limit: 1 }))).nextAt).toBe(EPOCH);
        }));

      test("of what became due takes what has the highest priority", () =>
        Effect.gen(function* () {
          const [low, high] = yield* enqueue(job({ runAt: EPOCH + 1 }), job({ runAt: EPOCH + 2, priority: 1 }));
          yield* at(2);
          expect(yield* ids({ limit: 1 })).toEqual([high]);
          expect(yield* ids({ limit: 1 })).toEqual([low]);
        }));

      test("never takes what another has, however many claim at once", () =>
        Effect.gen(function* () {
          const all = yield* enqueue(...Array.from({ length: 200 }, () => job()));
          const claims = yield* Effect.forEach(
            Array.from({ length: 40 }, (_, n) => n),
            (n) => ids({ limit: 7, worker: `w${n}` }),
            { concurrency: "unbounded" },
          );
          const taken = claims.flat();
          expect(new Set(taken).size).toBe(taken.length);
          expect(taken.concat(yield* ids()).toSorted((a, b) => a - b)).toEqual(all);
        }));

      test("inside a transaction is undone with it", () =>
        Effect.gen(function* () {
          const { transact } = yield* UnitOfWork;
          const [id] = yield* enqueue(job({ dedupeKey: "d" }));
          yield* Effect.flip(transact(Effect.zipRight(claimed(), Effect.fail("no"))));
          expect(yield* get(id)).toMatchObject({ state: "ready", attempts: 0, dedupeKey: "d" });
        }));
    });
  });
};
