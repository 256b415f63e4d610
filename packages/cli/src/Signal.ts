import * as Context from "effect/Context";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as FiberId from "effect/FiberId";

/** SIGINT and SIGTERM, as commands see them. */
export class Signal extends Context.Tag("@cadastre/cli/Signal")<
  Signal,
  {
    /** For a command that serves until it is told to end: that end is its success. */
    readonly awaited: Effect.Effect<void>;
    /** Ends on a signal for which no command waits. */
    readonly unexpected: Effect.Effect<void>;
    /** While it runs another program has the terminal, and Ctrl-C is meant for that one: editors take it for a key. */
    readonly lent: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
  }
>() {}

/** The service, how the process tells it, and whether another program has the terminal. */
export const make = (): {
  readonly signal: Context.Tag.Service<Signal>;
  readonly notify: () => void;
  readonly isLent: () => boolean;
} => {
  const given = Deferred.unsafeMake<void>(FiberId.none);
  let expected = false;
  let borrowers = 0;
  const lend = (change: 1 | -1) =>
    Effect.sync(() => {
      borrowers += change;
    });
  return {
    signal: {
      awaited: Effect.suspend(() => {
        expected = true;
        return Deferred.await(given);
      }),
      unexpected: Effect.flatMap(Deferred.await(given), () => (expected ? Effect.never : Effect.void)),
      lent: (effect) =>
        Effect.acquireUseRelease(
          lend(1),
          () => effect,
          () => lend(-1),
        ),
    },
    notify: () => Deferred.unsafeDone(given, Effect.void),
    isLent: () => borrowers > 0,
  };
};
