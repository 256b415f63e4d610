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
  }
>() {}

/** The service, and how the process tells it. */
export const make = (): { readonly signal: Context.Tag.Service<Signal>; readonly notify: () => void } => {
  const given = Deferred.unsafeMake<void>(FiberId.none);
  let expected = false;
  return {
    signal: {
      awaited: Effect.suspend(() => {
        expected = true;
        return Deferred.await(given);
      }),
      unexpected: Effect.flatMap(Deferred.await(given), () => (expected ? Effect.never : Effect.void)),
    },
    notify: () => Deferred.unsafeDone(given, Effect.void),
  };
};
