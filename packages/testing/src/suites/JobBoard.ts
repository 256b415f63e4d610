import * as Job from "@cadastre/domain/Job";
import { JobBoard, type JobQuery, JobQueue, type Moved } from "@cadastre/domain/JobQueue";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as TestClock from "effect/TestClock";
import type { Backend, Stores } from "../Backends.ts";
import { claim, EPOCH, job } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `JobBoard`. */
export const jobBoard = (backend: Backend): void => {
  const { test: run } = tester(backend);
  const test = (fact: string, body: () => Effect.Effect<unknown, unknown, Stores>) =>
    run(fact, () => Effect.zipRight(TestClock.setTime(EPOCH), body()));
  const at = (millis: number) => TestClock.setTime(EPOCH + millis);

  const enqueue = (...all: ReadonlyArray<Job.NewJob>) => Effect.flatMap(JobQueue, (queue) => queue.enqueue(all));
  const claimed = (options: Parameters<typeof claim>[0] = {}) =>
    Effect.flatMap(JobQueue, (queue) => Effect.map(queue.claim(claim(options)), ({ jobs }) => jobs));
  const finish = (outcome: Job.Outcome, ...all: ReadonlyArray<Job.ClaimedJob>) =>
    Effect.flatMap(JobQueue, (queue) => queue.finish(all.map(({ lease }) => ({ lease, outcome }))));
  const dead: Job.Outcome = { _tag: "Failed", error: "no", retryAt: undefined };
  const movedOf = (moved: Option.Option<Moved>) => Option.map(moved, ({ job, changed }) => [job.state, changed]);

  /** One job in each state, in the order of `Job.JobState`. */
  const oneOfEach = Effect.gen(function* () {
    const board = yield* JobBoard;
    const [running, done, gone, discarded] = yield* enqueue(
      job({ orderingKey: "o" }),
      job({ kind: "done" }),
      job({ kind: "dead" }),
      job({ kind: "discarded" }),
    );
    yield* finish(Job.done, ...(yield* claimed({ kinds: ["done"] })));
    yield* finish(dead, ...(yield* claimed({ kinds: ["dead"] })));
    yield* board.discard(discarded ?? 0);
    yield* claimed();
    const [blocked, scheduled, ready] = yield* enqueue(
      job({ orderingKey: "o" }),
      job({ runAt: EPOCH + 1000 }),
      job({ dedupeKey: "d" }),
    );
    return [scheduled, blocked, ready, running, done, gone, discarded].map(Number);
  });

  describe(`JobBoard on ${backend.name}`, () => {
    test("jobs are listed the latest first, of a state, a queue, a kind, in pages", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        const list = (query: Partial<JobQuery> = {}) =>
          Effect.map(board.list({ limit: 100, ...query }), (all) => all.map(({ id }) => id));
        expect(yield* list()).toEqual([]);
        const all = yield* oneOfEach;
        const [elsewhere] = yield* enqueue(job({ queue: "r", kind: "done" }));
        const latest = [...all, Number(elsewhere)].toSorted((a, b) => b - a);
        expect(yield* list()).toEqual(latest);
        for (const [i, state] of Job.JobState.literals.entries()) {
          expect(yield* list({ state, queue: "q" })).toEqual([all[i]]);
        }
        expect(yield* list({ queue: "r" })).toEqual([elsewhere]);
        expect(yield* list({ kind: "done" })).toEqual([elsewhere, all[4]]);
        expect(yield* list({ kind: "done", queue: "q", state: "done" })).toEqual([all[4]]);
        expect(yield* list({ limit: 3 })).toEqual(latest.slice(0, 3));
        expect(yield* list({ limit: 3, before: latest[2] })).toEqual(latest.slice(3, 6));
        const [full] = yield* board.list({ limit: 1, state: "dead" });
        expect(full).toEqual(Option.getOrNull(yield* board.get(all[5] ?? 0)));
        expect(yield* board.get(-1)).toEqual(Option.none());
      }));

    test("what is scheduled, dead or discarded is retried now, from its first attempt; nothing else is", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        const all = yield* oneOfEach;
        yield* at(5);
        const states = (yield* Effect.forEach(all, board.retry)).map(movedOf);
        expect(states).toEqual(
          [
            ["ready", true],
            ["blocked", false],
            ["ready", false],
            ["running", false],
            ["done", false],
            ["ready", true],
            ["ready", true],
          ].map(Option.some),
        );
        expect(yield* board.get(all[5] ?? 0)).toMatchObject({
          value: {
            state: "ready",
            attempts: 0,
            runAt: EPOCH + 5,
            updatedAt: EPOCH + 5,
            finishedAt: undefined,
            lastError: "no",
          },
        });
        expect(yield* board.get(all[2] ?? 0)).toMatchObject({ value: { dedupeKey: "d", updatedAt: EPOCH } });
        const again = yield* claimed({ kinds: ["k", "dead", "discarded"] });
        expect(again.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
        expect(yield* board.retry(-1)).toEqual(Option.none());
      }));

    test("a lease from before the retry is not in force after it", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        const [id] = yield* enqueue(job());
        const [before] = yield* claimed();
        if (before === undefined) throw new Error("it is there");
        yield* board.discard(id ?? 0);
        yield* board.retry(id ?? 0);
        expect(yield* finish(Job.done, before)).toEqual([before.lease]);
        const [now] = yield* claimed();
        expect(now).toMatchObject({ id, attempts: 1 });
        expect(yield* finish(Job.done, before)).toEqual([before.lease]);
        expect(yield* board.get(id ?? 0)).toMatchObject({ value: { state: "running" } });
      }));

    test("a job that is retried after many releases may be released as often again", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        const [id] = yield* enqueue(job({ maxAttempts: 1 }));
        const release = Effect.flatMap(claimed(), (all) => finish({ _tag: "Released" }, ...all));
        yield* Effect.repeatN(release, Job.MAX_RELEASES);
        expect(yield* board.get(id ?? 0)).toMatchObject({ value: { state: "dead" } });
        yield* board.retry(id ?? 0);
        yield* release;
        expect(yield* board.get(id ?? 0)).toMatchObject({ value: { state: "ready", attempts: 0 } });
      }));

    test("what is not done is discarded once, and what ran loses its lease", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        const queue = yield* JobQueue;
        const all = yield* oneOfEach;
        const before = yield* board.get(all[3] ?? 0);
        yield* at(5);
        // The one that is blocked first: what becomes of it is another test's affair.
        const states = (yield* Effect.forEach([1, 0, 2, 3, 4, 5, 6], (i) => board.discard(all[i] ?? 0))).map(movedOf);
        expect(states).toEqual(
          [true, true, true, true, false, true, false].map((changed, i) =>
            Option.some([i === 4 ? "done" : "discarded", changed]),
          ),
        );
        expect(yield* board.get(all[3] ?? 0)).toMatchObject({
          value: { finishedAt: EPOCH + 5, updatedAt: EPOCH + 5, leaseUntil: undefined, leasedBy: undefined },
        });
        expect(before).toMatchObject({ value: { leasedBy: "w" } });
        const lease = { id: all[3] ?? 0, seq: 1 };
        expect(yield* queue.extend([lease], EPOCH + 90_000)).toEqual([lease]);
        expect(yield* claimed()).toEqual([]);
        const [twin] = yield* enqueue(job({ dedupeKey: "d" }));
        expect(twin).toBeGreaterThan(Math.max(...all));
        expect(yield* board.discard(-1)).toEqual(Option.none());
      }));

    test("what is moved keeps the order of its ordering key", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        const ordered = job({ orderingKey: "o" });
        const [first, second, third] = (yield* enqueue(ordered, ordered, ordered)).map(Number);
        if (first === undefined || second === undefined || third === undefined) throw new Error("three are there");
        const states = Effect.map(
          Effect.forEach([first, second, third], (id) => Effect.flatten(board.get(id))),
          (all) => all.map(({ state }) => state),
        );
        expect(movedOf(yield* board.discard(first))).toEqual(Option.some(["discarded", true]));
        expect(yield* states).toEqual(["discarded", "ready", "blocked"]);
        expect(movedOf(yield* board.retry(first))).toEqual(Option.some(["blocked", true]));
        const [running] = yield* claimed();
        expect(running?.id).toBe(second);
        yield* finish(
          { _tag: "Failed", error: "no", retryAt: EPOCH + 10 },
          ...(running === undefined ? [] : [running]),
        );
        expect(yield* states).toEqual(["blocked", "scheduled", "blocked"]);
        // Now it stands behind one with a lower id.
        expect(movedOf(yield* board.retry(second))).toEqual(Option.some(["blocked", true]));
        expect(yield* states).toEqual(["ready", "blocked", "blocked"]);
        yield* board.discard(second);
        yield* finish(Job.done, ...(yield* claimed()));
        expect(yield* states).toEqual(["done", "discarded", "ready"]);
      }));

    test("jobs are counted by queue and state, but for those that are done", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        expect(yield* board.counts).toEqual([]);
        yield* oneOfEach;
        yield* enqueue(job({ queue: "r", runAt: EPOCH - 7 }), job({ queue: "r", runAt: EPOCH - 9 }));
        const counts = yield* board.counts;
        const one = (state: Job.JobState, oldest = EPOCH) => ({ queue: "q", state, count: 1, oldest });
        expect(counts).toHaveLength(7);
        expect(counts).toEqual(
          expect.arrayContaining([
            one("scheduled", EPOCH + 1000),
            one("blocked"),
            one("ready"),
            one("running"),
            one("dead"),
            one("discarded"),
            { queue: "r", state: "ready", count: 2, oldest: EPOCH - 9 },
          ]),
        );
      }));

    test("jobs that are finished are deleted after their time, the oldest first, and no others", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        const [late, early, young, gone] = yield* enqueue(job(), job(), job(), job());
        const [a, b, c, d] = yield* claimed();
        if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("four are there");
        yield* at(1);
        yield* finish(Job.done, b);
        yield* at(2);
        yield* finish(Job.done, a);
        yield* finish(dead, d);
        yield* at(3);
        yield* finish(Job.done, c);
        const left = Effect.map(board.list({ limit: 9 }), (all) => all.map(({ id }) => id).toSorted((x, y) => x - y));
        expect(yield* board.prune("done", EPOCH + 3, 1)).toBe(1);
        expect(yield* left).toEqual([late, young, gone]);
        expect(early).toBeDefined();
        expect(yield* board.prune("done", EPOCH + 3, 9)).toBe(1);
        expect(yield* left).toEqual([young, gone]);
        expect(yield* board.prune("done", EPOCH + 3, 9)).toBe(0);
        expect(yield* board.prune("dead", EPOCH + 2, 9)).toBe(0);
        expect(yield* board.prune("dead", EPOCH + 3, 9)).toBe(1);
        yield* enqueue(job());
        expect(yield* board.prune("discarded", EPOCH + 90, 9)).toBe(0);
        expect(yield* left).toHaveLength(2);
      }));

    test("inside a transaction its calls are part of it", () =>
      Effect.gen(function* () {
        const board = yield* JobBoard;
        const { transact } = yield* UnitOfWork;
        const all = yield* oneOfEach;
        const before = yield* board.list({ limit: 100 });
        yield* at(100);
        yield* Effect.flip(
          transact(
            Effect.all([
              board.discard(all[0] ?? 0),
              board.retry(all[5] ?? 0),
              board.prune("done", EPOCH + 1, 9),
              Effect.fail("no"),
            ]),
          ),
        );
        expect(yield* board.list({ limit: 100 })).toEqual(before);
      }));
  });
};
