/**
 * Node's streams, read one piece at a time: what is not asked for is not read, and so its sender waits.
 */
import type { Readable } from "node:stream";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";

/** The pieces to the end; fails if that never came. */
export const pieces = (readable: Readable): Stream.Stream<Buffer, Error> => Stream.repeatEffectOption(piece(readable));

/** Unlike the stream's own iterator, it can be interrupted while nothing comes. */
const piece = (readable: Readable): Effect.Effect<Buffer, Option.Option<Error>> =>
  Effect.async((resume) => {
    const look = () => {
      const read: Buffer | null = readable.read();
      if (read !== null) finish(Effect.succeed(read));
      else if (readable.readableEnded) finish(Effect.fail(Option.none()));
      else if (readable.destroyed) finish(Effect.fail(Option.some(readable.errored ?? new Error("closed"))));
    };
    const finish = (outcome: Effect.Effect<Buffer, Option.Option<Error>>) => {
      stop();
      resume(outcome);
    };
    const stop = () => {
      for (const event of EVENTS) readable.off(event, look);
    };
    for (const event of EVENTS) readable.on(event, look);
    look();
    return Effect.sync(stop);
  });

const EVENTS = ["readable", "end", "error", "close"] as const;
