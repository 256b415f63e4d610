/**
 * The agent's side: frames on standard input and output, one a line, and nothing else.
 */
import type { Readable, Writable } from "node:stream";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import * as Frame from "./Frame.ts";
import * as Lines from "./internal/lines.ts";
import { pieces } from "./internal/readable.ts";
import { LONGEST } from "./Wire.ts";

export interface Stdio {
  /** To the end of the input, or to where it can no longer be read. */
  readonly frames: Stream.Stream<Frame.Message | Frame.Malformed>;
  /** Waits while the agent does not read. What is not wanted any more by then is not written. */
  readonly write: (text: string, isWanted?: () => boolean) => Effect.Effect<void>;
  /** Does not wait. */
  readonly writeNow: (text: string) => void;
  /** Ends when everything has left. */
  readonly flushed: Effect.Effect<void>;
}

export const make = (input: Readable, output: Writable): Stdio => {
  const drained = Effect.unsafeMakeLatch(true);
  output.on("drain", () => drained.unsafeOpen());
  const writeNow = (text: string) => {
    if (!output.write(`${text}\n`)) drained.unsafeClose();
  };
  const write: Stdio["write"] = (text, isWanted = () => true) =>
    Effect.suspend(() => {
      if (output.writableNeedDrain) return Effect.zipRight(drained.await, write(text, isWanted));
      if (isWanted()) writeNow(text);
      return Effect.void;
    });
  return {
    frames: Lines.split(
      Stream.catchAll(pieces(input), () => Stream.empty),
      LONGEST,
    ).pipe(
      Stream.mapConcat((line) => {
        if (line.tooLong) return [Frame.oversize(line.head, line.tail, LONGEST)];
        return isBlank(line.bytes) ? [] : Frame.read(line.bytes);
      }),
    ),
    write,
    writeNow,
    flushed: Effect.async((resume) => {
      output.write("", () => resume(Effect.void));
    }),
  };
};

const isBlank = (line: Buffer) => line.length < 8 && line.toString("latin1").trim() === "";
