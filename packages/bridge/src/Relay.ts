/**
 * What a reply holds, handed over up to the answer.
 */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import * as Frame from "./Frame.ts";
import type { Trouble } from "./Wire.ts";

/**
 * Gives the answer to the request of this id; none if the frames end without. Answers to anything else are dropped: they
 * were given up, or never asked for.
 */
export const answer = (
  frames: Stream.Stream<Frame.Message, Trouble>,
  id: Frame.Id,
  deliver: (message: Frame.Message) => Effect.Effect<void>,
): Effect.Effect<Option.Option<Frame.Message>, Trouble> =>
  Effect.suspend(() => {
    let found: Frame.Message | undefined;
    return Stream.runForEachWhile(frames, (message) => {
      if (message.kind !== "answer") return Effect.as(deliver(message), true);
      // What could not be read has no id to be answered under, and on this stream it can be nothing else.
      if (message.id !== id && message.id !== null) return Effect.succeed(true);
      found = message.id === id ? message : Frame.withId(message, id);
      return Effect.succeed(false);
    }).pipe(Effect.map(() => Option.fromNullable(found)));
  });
