import * as Effect from "effect/Effect";

/**
 * Lets everything else in the process have its turn. `Effect.yieldNow` would not: it comes back before the event loop has
 * looked at any socket.
 */
export const breathe: Effect.Effect<void> = Effect.async((resume) => {
  const turn = setImmediate(() => resume(Effect.void));
  return Effect.sync(() => clearImmediate(turn));
});
