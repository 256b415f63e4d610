/**
 * Lines of bytes, up to a length.
 */
import * as Chunk from "effect/Chunk";
import * as Stream from "effect/Stream";
import { MARGIN } from "../Frame.ts";

/** A line without its end; of one that was too long, its margins. */
export type Line =
  | { readonly tooLong: false; readonly bytes: Buffer }
  | { readonly tooLong: true; readonly head: Buffer; readonly tail: Buffer };

/** Splits at line feeds; what follows the last of them is a line as well. */
export const split = <E, R>(pieces: Stream.Stream<Buffer, E, R>, limit: number): Stream.Stream<Line, E, R> =>
  Stream.suspend(() => {
    const line = accumulator(limit);
    const parts = Stream.mapConcat(pieces, (piece) => {
      const lines: Array<Line> = [];
      let start = 0;
      for (let end = piece.indexOf(LF); end !== -1; end = piece.indexOf(LF, start)) {
        line.add(piece.subarray(start, end));
        lines.push(line.take());
        start = end + 1;
      }
      line.add(piece.subarray(start));
      return lines;
    });
    const last = Stream.suspend(() => Stream.fromChunk(line.isEmpty() ? Chunk.empty() : Chunk.of(line.take())));
    return Stream.concat(parts, last);
  });

const LF = 0x0a;

const accumulator = (limit: number) => {
  let parts: Array<Buffer> = [];
  let size = 0;
  let head: Buffer | undefined;
  return {
    isEmpty: () => size === 0,
    add: (part: Buffer) => {
      parts.push(part);
      size += part.length;
      if (size <= limit) return;
      const kept = Buffer.concat(parts);
      head ??= Buffer.from(kept.subarray(0, MARGIN));
      parts = [Buffer.from(kept.subarray(-MARGIN))];
    },
    take: (): Line => {
      const bytes = Buffer.concat(parts);
      const line: Line = head === undefined ? { tooLong: false, bytes } : { tooLong: true, head, tail: bytes };
      parts = [];
      size = 0;
      head = undefined;
      return line;
    },
  };
};
