/**
 * What one call may spend on evaluation before it answers with what it has.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";

export interface Budget {
  /** Counts one evaluation. */
  readonly spend: () => void;
  readonly spent: () => number;
  /** Whether the call has to come to its end. */
  readonly isUsedUp: () => boolean;
  /** Lets others in, if it is time to. */
  readonly breathe: Effect.Effect<void>;
  /** Whether it is time to breathe. */
  readonly isBreathless: () => boolean;
}

const MAX_EVALUATIONS = 20_000;

/** Milliseconds. */
const MAX_TIME = 250;

/** Milliseconds for which the process may be kept from anything else: far below what a person notices. */
const MAX_BREATH = 10;

export const make: Effect.Effect<Budget> = Effect.map(Effect.clock, (clock) => {
  const start = clock.unsafeCurrentTimeMillis();
  let evaluations = 0;
  let breath = start;
  const now = () => clock.unsafeCurrentTimeMillis();
  const isBreathless = () => now() - breath >= MAX_BREATH;
  return {
    spend: () => {
      evaluations += 1;
    },
    spent: () => evaluations,
    isUsedUp: () => evaluations >= MAX_EVALUATIONS || now() - start >= MAX_TIME,
    isBreathless,
    // Effect's own yield is a microtask, which lets no socket in.
    breathe: Effect.suspend(() =>
      isBreathless()
        ? Effect.map(Clock.sleep(0), () => {
            breath = now();
          })
        : Effect.void,
    ),
  };
});
