/**
 * Waiting for what comes when it comes: a test that waits in vain is ended by its bound.
 */
import * as Effect from "effect/Effect";

/** Looks again and again, until what it sees is good; gives that. */
export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  isGood: (value: A) => boolean,
): Effect.Effect<A, E, R> =>
  Effect.flatMap(look, (value) =>
    isGood(value) ? Effect.succeed(value) : Effect.delay(eventually(look, isGood), "10 millis"),
  );

/** Until the condition holds. */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.asVoid(eventually(Effect.sync(condition), (holds) => holds));
