/**
 * What the suites of the queue ask of it.
 */
import type * as Job from "@cadastre/domain/Job";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import * as Effect from "effect/Effect";
import * as TestClock from "effect/TestClock";
import type { Backend, Stores } from "../Backends.ts";
import { claim, EPOCH } from "../Fixtures.ts";
import { tester } from "./tester.ts";

export const calls = (backend: Backend) => {
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

  return { test, at, enqueue, claimed, ids, idsOf, finish, get, stateOf, failed, postponed, released };
};
