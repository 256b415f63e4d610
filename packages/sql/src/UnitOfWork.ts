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
 * As {@link join}, for one statement that only hands out work. It is atomic as it is: beginning and committing would be two more
 * trips to a server; and it need not outlive a power cut.
 */
export const alone =
  (engine: Context.Tag.Service<Engine>) =>
  <A, E, R>(statement: Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreUnavailable, R> =>
    Effect.contextWithEffect((context: Context.Context<never>) =>
      isInside(context) ? statement : transact(engine, statement, () => true, singly(engine)),
    );

const transact = <A, E, R>(
  engine: Context.Tag.Service<Engine>,
  effect: Effect.Effect<A, E, R>,
  mayRepeat: () => boolean,
  frame: Frame = { begin: engine.dialect.begin, commit: "COMMIT", rollback: "ROLLBACK" },
): Effect.Effect<A, E | StoreUnavailable, R> =>
  Effect.contextWithEffect((context: Context.Context<never>) => {
    if (isInside(context)) return Effect.dieMessage("UnitOfWork.transact is not to be nested");
    const isTransient = (error: unknown): boolean =>
      error instanceof StoreUnavailable &&
      error.cause instanceof SqlError &&
      engine.classify(error.cause) === "transient" &&
      mayRepeat();
    const attempt = once(engine, effect, frame);
    // The schedule is set up only for those that need it: it costs as much as the rest of an empty transaction.
    return Effect.catchIf(attempt, isTransient, () => Effect.retry(attempt, { while: isTransient, schedule: backoff }));
  });

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

/** What goes before and after; nothing where a text is empty. */
interface Frame {
  readonly begin: string;
  readonly commit: string;
  readonly rollback: string;
}

const singly = ({ unsynced: { before, after } = { before: "", after: "" } }: Context.Tag.Service<Engine>): Frame => ({
  begin: before,
  commit: after,
  rollback: after,
});

const once = <A, E, R>(
  engine: Context.Tag.Service<Engine>,
  effect: Effect.Effect<A, E, R>,
  frame: Frame,
): Effect.Effect<A, E | StoreUnavailable, R> => {
  const failing = Effect.catchAll((error: SqlError) => unavailable(engine, error));
  return Effect.uninterruptibleMask((restore) =>
    Effect.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Effect.gen(function* () {
          const connection = yield* failing(restore(Scope.extend(engine.client.reserve, scope)));
          const run = (text: string) =>
            text === "" ? Effect.void : engine.spans(text)(connection.executeUnprepared(text, [], undefined));
          yield* failing(run(frame.begin));
          const exit = yield* Effect.exit(
            restore(Effect.provideService(effect, TransactionConnection, [connection, 0])),
          );
          // A rollback that fails has nothing left to undo: the database did it, or the connection is gone.
          const rollback = Effect.ignore(run(frame.rollback));
          if (Exit.isFailure(exit)) yield* rollback;
          else yield* failing(Effect.tapError(run(frame.commit), () => rollback));
          return yield* exit;
        }),
      Scope.close,
    ),
  );
};
