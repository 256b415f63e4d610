/**
 * The queue while transactions overlap, which they never do on SQLite.
 */
import * as Job from "@cadastre/domain/Job";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import type { Backend, Stores } from "@cadastre/testing/Backends";
import { claim, job } from "@cadastre/testing/Fixtures";
import { during } from "@cadastre/testing/Overlap";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

export const overlaps = ({ name, layer }: Backend): void => {
  const test = (fact: string, body: Effect.Effect<unknown, unknown, Stores>) =>
    it.live(fact, () => Effect.provide(body, layer), 60_000);

  const claimed = (limit: number) =>
    Effect.flatMap(JobQueue, (queue) => Effect.map(queue.claim(claim({ limit })), ({ jobs }) => jobs));
  const enqueue = (...all: ReadonlyArray<Job.NewJob>) => Effect.flatMap(JobQueue, (queue) => queue.enqueue(all));
  const statesOf = (...all: ReadonlyArray<Job.JobId | undefined>) =>
    Effect.forEach(all, (id) =>
      Effect.flatMap(JobBoard, (board) => Effect.map(Effect.flatten(board.get(id ?? -1)), ({ state }) => state)),
    );
  const ordered = job({ orderingKey: "o" });

  describe(`overlapping transactions on ${name}`, () => {
    test(
      "a claim passes over what another is about to take, and waits for nobody",
      Effect.gen(function* () {
        for (const groupKey of [undefined, "g"]) {
          const [first, second] = yield* enqueue(job({ groupKey }), job({ groupKey }));
          const { written, found } = yield* during(claimed(1), claimed(2));
          expect([written, found].map((jobs) => jobs.map(({ id }) => id))).toEqual([[first], [second]]);
        }
      }),
    );

    test(
      "of two who bring jobs of one ordering key the second waits for the first, and one job goes",
      Effect.gen(function* () {
        const { written, found } = yield* during(enqueue(ordered), enqueue(ordered), true);
        expect(yield* statesOf(...written, ...found)).toEqual(["ready", "blocked"]);
      }),
    );

    test(
      "a job that is brought while the one before it ends is not left behind",
      Effect.gen(function* () {
        yield* enqueue(ordered);
        const [head] = yield* claimed(1);
        if (head === undefined) throw new Error("it is there");
        const queue = yield* JobQueue;
        const { found } = yield* during(
          queue.finish([{ lease: head.lease, outcome: Job.done }]),
          enqueue(ordered),
          true,
        );
        expect(yield* statesOf(head.id, ...found)).toEqual(["done", "ready"]);
      }),
    );

    test(
      "what another has enqueued is not claimed before it is committed",
      Effect.gen(function* () {
        const { written, found } = yield* during(enqueue(job()), claimed(1));
        expect(found).toEqual([]);
        expect((yield* claimed(1)).map(({ id }) => id)).toEqual(written);
      }),
    );
  });
};
