import * as Job from "@cadastre/domain/Job";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import * as TestClock from "effect/TestClock";
import type { Backend, Stores } from "../Backends.ts";
import { claim, EPOCH, job } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `JobQueue`. */
export const jobs = (backend: Backend): void => {
  const { test: run } = tester(backend);

  /** The clock begins where numbers no longer fit into 32 bits. */
  const test = (fact: string, body: () => Effect.Effect<unknown, unknown, Stores>) =>
    run(fact, () => Effect.zipRight(TestClock.setTime(EPOCH), body()));
  const at = (millis: number) => TestClock.setTime(EPOCH + millis);

  const enqueue = (...all: ReadonlyArray<Job.NewJob>) => Effect.flatMap(JobQueue, (queue) => queue.enqueue(all));
  const claimed = (options: Parameters<typeof claim>[0] = {}) =>
    Effect.flatMap(JobQueue, (queue) => Effect.map(queue.claim(claim(options)), ({ jobs }) => jobs));
  const ids = (options: Parameters<typeof claim>[0] = {}) => Effect.map(claimed(options), idsOf);
  const idsOf = (all: ReadonlyArray<{ readonly id: number }>) => all.map(({ id }) => id);
  const finish = (outcome: Job.Outcome, ...all: ReadonlyArray<Job.ClaimedJob>) =>
    Effect.flatMap(JobQueue, (queue) => queue.finish(all.map(({ lease }) => ({ lease, outcome }))));
  const get = (id: number | undefined) =>
    Effect.flatMap(JobBoard, (board) => Effect.flatMap(board.get(id ?? -1), (found) => found));
  const stateOf = (id: number | undefined) => Effect.map(get(id), ({ state }) => state);
  const failed = (retryAt?: number): Job.Outcome => ({ _tag: "Failed", error: "no", retryAt });
  const postponed = (until: number): Job.Outcome => ({ _tag: "Postponed", until });
  const released: Job.Outcome = { _tag: "Released" };

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
          const [id] = yield* enqueue(job());
          yield* claimed({ lease: 1 });
          yield* at(5);
          yield* claimed({ queue: "r" });
          expect(yield* stateOf(id)).toBe("running");
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
