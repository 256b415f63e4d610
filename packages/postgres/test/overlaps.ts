/**
 * The queue while transactions overlap, which they never do on SQLite.
 */
import * as Job from "@cadastre/domain/Job";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Backend, Stores } from "@cadastre/testing/Backends";
import { claim, job } from "@cadastre/testing/Fixtures";
import { execute } from "@cadastre/testing/PostgresDatabase";
import { describe, expect, it } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { inject } from "vitest";

export const overlaps = ({ name, layer }: Backend): void => {
  const test = (fact: string, body: Effect.Effect<unknown, unknown, Stores>) =>
    it.live(fact, () => Effect.provide(body, layer), 60_000);

  /**
   * Runs `one` in a transaction, and `other` before that is committed: to its end, or, where it may wait for the transaction,
   * until it does.
   */
  const during = <A, B, E, R>(one: Effect.Effect<A, E, R>, other: Effect.Effect<B, E, R>, mayWait = false) =>
    Effect.gen(function* () {
      const { transact } = yield* UnitOfWork;
      const isWritten = yield* Deferred.make<A>();
      const mayCommit = yield* Deferred.make<void>();
      const first = yield* Effect.fork(
        transact(
          Effect.zipRight(
            Effect.flatMap(one, (written) => Deferred.succeed(isWritten, written)),
            Deferred.await(mayCommit),
          ),
        ),
      );
      // A transaction that fails at once has to be told too.
      const written = yield* Effect.raceFirst(
        Deferred.await(isWritten),
        Effect.zipRight(Fiber.join(first), Effect.never),
      );
      const second = yield* Effect.fork(other);
      yield* mayWait ? Effect.raceFirst(Fiber.await(second), someoneWaits) : Fiber.join(second);
      yield* Deferred.succeed(mayCommit, undefined);
      yield* Fiber.join(first);
      return { written, found: yield* Fiber.join(second) };
    });

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
        const [first, second] = yield* enqueue(job(), job());
        const { written, found } = yield* during(claimed(1), claimed(2));
        expect([written, found].map((jobs) => jobs.map(({ id }) => id))).toEqual([[first], [second]]);
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

/** Ends when somebody waits for a lock of another transaction, in whichever database of the servers. */
const someoneWaits = Effect.repeat(
  Effect.forEach(Object.values(inject("postgres")), (server) =>
    execute(`${server}postgres`, "SELECT 1 FROM pg_locks WHERE NOT granted"),
  ),
  { until: (all) => all.some((rows) => rows.length > 0) },
);
