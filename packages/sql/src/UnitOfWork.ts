import { StoreUnavailable } from "@cadastre/domain/Errors";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { TransactionConnection } from "@effect/sql/SqlClient";
import { SqlError } from "@effect/sql/SqlError";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Schedule from "effect/Schedule";
import * as Scope from "effect/Scope";
import { type Engine, unavailable } from "./Engine.ts";

/**
 * Not the client's own `withTransaction`: there a COMMIT that fails is a defect and leaves the transaction open, and what the
 * database asks to have run again is not.
 */
export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<UnitOfWork> => ({
  transact: (effect) => transact(engine, effect, () => true),
});

/**
 * As `transact`, for an effect that cannot be run again, because it consumes what comes in once: until it begins, the
 * database may ask for another attempt, and after that a transient failure is the end.
 */
export const transactOnce =
  (engine: Context.Tag.Service<Engine>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreUnavailable, R> =>
    Effect.suspend(() => {
      let isBegun = false;
      const begin = Effect.sync(() => {
        isBegun = true;
      });
      return transact(engine, Effect.zipRight(begin, effect), () => !isBegun);
    });

/**
 * As {@link join}, for one statement that hands out work, and nothing else. It is atomic as it is: beginning and committing would
 * be two more trips to a server. And it need not outlive a power cut: what it handed out is handed out again.
 */
export const handOut =
  (engine: Context.Tag.Service<Engine>) =>
  <A, E, R>(statement: Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreUnavailable, R> =>
    Effect.contextWithEffect((context: Context.Context<never>) =>
      isInside(context) ? statement : retried(engine, unsynced(engine, statement), () => true),
    );

const transact = <A, E, R>(
  engine: Context.Tag.Service<Engine>,
  effect: Effect.Effect<A, E, R>,
  mayRepeat: () => boolean,
): Effect.Effect<A, E | StoreUnavailable, R> =>
  Effect.contextWithEffect((context: Context.Context<never>) =>
    isInside(context)
      ? Effect.dieMessage("UnitOfWork.transact is not to be nested")
      : retried(engine, once(engine, effect), mayRepeat),
  );

/** An attempt, and others where the database asks for them. */
const retried = <A, E, R>(
  engine: Context.Tag.Service<Engine>,
  attempt: Effect.Effect<A, E | StoreUnavailable, R>,
  mayRepeat: () => boolean,
): Effect.Effect<A, E | StoreUnavailable, R> => {
  const isTransient = (error: unknown): boolean =>
    error instanceof StoreUnavailable &&
    error.cause instanceof SqlError &&
    engine.classify(error.cause) === "transient" &&
    mayRepeat();
  // The schedule is set up only for those that need it: it costs as much as the rest of an empty transaction.
  return Effect.catchIf(attempt, isTransient, () => Effect.retry(attempt, { while: isTransient, schedule: backoff }));
};

/** Joins the transaction that is under way, or makes one: for calls that are atomic by themselves. */
export const join =
  (unitOfWork: Context.Tag.Service<UnitOfWork>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreUnavailable, R> =>
    Effect.contextWithEffect((context: Context.Context<never>) =>
      isInside(context) ? effect : unitOfWork.transact(effect),
    );

const isInside = (context: Context.Context<never>): boolean =>
  Context.getOption(context, TransactionConnection)._tag === "Some";

/** For five seconds, asleep in between: waiting inside the driver would stop the whole process. */
const backoff = Schedule.exponential("5 millis").pipe(
  Schedule.union(Schedule.spaced("100 millis")),
  Schedule.jittered,
  Schedule.upTo("5 seconds"),
);

const once = <A, E, R>(
  engine: Context.Tag.Service<Engine>,
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreUnavailable, R> =>
  reserved(engine, ({ run, within }) =>
    Effect.gen(function* () {
      yield* run(engine.dialect.begin);
      const exit = yield* Effect.exit(within(effect));
      // A rollback that fails has nothing left to undo: the database did it, or the connection is gone.
      const rollback = Effect.ignore(run("ROLLBACK"));
      if (Exit.isFailure(exit)) yield* rollback;
      else yield* Effect.tapError(run("COMMIT"), () => rollback);
      return yield* exit;
    }),
  );

const unsynced = <A, E, R>(
  engine: Context.Tag.Service<Engine>,
  statement: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreUnavailable, R> =>
  reserved(engine, ({ run, within }) => {
    if (engine.unsynced === undefined) return within(statement);
    const { before, after } = engine.unsynced;
    // What comes after is to be on the disk, or not to come.
    return Effect.acquireUseRelease(
      run(before),
      () => within(statement),
      () => Effect.orDie(run(after)),
    );
  });

interface Reserved {
  readonly run: (text: string) => Effect.Effect<unknown, StoreUnavailable>;
  /** On the connection, and interruptible. */
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
}

/** Uses the connection for a transaction, uninterruptibly but for what is `within`. */
const reserved = <A, E, R>(
  engine: Context.Tag.Service<Engine>,
  use: (connection: Reserved) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreUnavailable, R> => {
  const failing = Effect.catchAll((error: SqlError) => unavailable(engine, error));
  return Effect.uninterruptibleMask((restore) =>
    Effect.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Effect.flatMap(failing(restore(Scope.extend(engine.client.reserve, scope))), (connection) =>
          use({
            run: (text) =>
              failing(engine.spans(text)(Effect.suspend(() => connection.executeUnprepared(text, [], undefined)))),
            within: (effect) => restore(Effect.provideService(effect, TransactionConnection, [connection, 0])),
          }),
        ),
      Scope.close,
    ),
  );
};
