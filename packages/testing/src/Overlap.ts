/**
 * Transactions that overlap, as they never do on SQLite.
 */
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { inject } from "vitest";
import { execute } from "./PostgresDatabase.ts";

/**
 * Runs `one` in a transaction, and `other` before that is committed: to its end, or, where it may wait for the transaction,
 * until it does.
 */
export const during = <A, B, E, F, R, Q>(one: Effect.Effect<A, E, R>, other: Effect.Effect<B, F, Q>, mayWait = false) =>
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

/** Ends when somebody waits for a lock of another transaction, in a database of this process: it runs one test at a time. */
const someoneWaits = Effect.repeat(
  Effect.forEach(Object.values(inject("postgres")), (server) =>
    execute(
      `${server}postgres`,
      `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname LIKE 'test\\_${process.pid}\\_%'`,
    ),
  ),
  { until: (all) => all.some((rows) => rows.length > 0) },
);
