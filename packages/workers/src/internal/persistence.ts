import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Cause from "effect/Cause";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";

/** Repeats a call until the store answers; a defect ends no loop either. It is told once, and once more when it is over. */
export const persistently = <A, R>(
  what: string,
  call: Effect.Effect<A, StoreUnavailable, R>,
): Effect.Effect<A, never, R> =>
  Effect.suspend(() => {
    let isTold = false;
    const told = Effect.tapErrorCause(call, (cause) => {
      if (isTold) return Effect.void;
      isTold = true;
      return Effect.logWarning(`${what} failed and is tried again until it does not`, cause);
    });
    return Effect.sandbox(told).pipe(
      Effect.retry({ schedule: backoff, while: (cause) => !Cause.isInterruptedOnly(cause) }),
      Effect.catchAll((cause) => Effect.orDie(Effect.failCause(cause))),
      Effect.tap(() => (isTold ? Effect.logInfo(`${what} goes on`) : Effect.void)),
    );
  });

const backoff = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("5 seconds")),
  Schedule.jittered,
  // Time is in whole milliseconds everywhere, under a clock that stops where one sleeps to, too.
  Schedule.modifyDelay((_, delay) => Duration.millis(Math.round(Duration.toMillis(delay)))),
);
