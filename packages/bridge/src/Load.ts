/**
 * How much is held in memory of what came in and is not dealt with.
 */
import * as Effect from "effect/Effect";

export interface Load {
  /** Waits while there is no room: then nothing more is read. */
  readonly room: Effect.Effect<void>;
  readonly add: (bytes: number) => void;
  readonly remove: (bytes: number) => void;
}

export const make = (limit: number): Load => {
  const room = Effect.unsafeMakeLatch(true);
  let held = 0;
  const change = (bytes: number) => {
    held += bytes;
    if (held > limit) room.unsafeClose();
    else room.unsafeOpen();
  };
  return { room: room.await, add: change, remove: (bytes) => change(-bytes) };
};
