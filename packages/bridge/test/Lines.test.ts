import { expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import * as FastCheck from "fast-check";
import * as Lines from "../src/internal/lines.ts";

const split = (pieces: ReadonlyArray<string>, limit: number) =>
  Lines.split(Stream.fromIterable(pieces.map((piece) => Buffer.from(piece))), limit).pipe(
    Stream.map((line) => (line.tooLong ? "too long" : line.bytes.toString("utf8"))),
    Stream.runCollect,
    Effect.map(Chunk.toReadonlyArray),
    Effect.runSync,
  );

it("lines are the same wherever the pieces end", () => {
  const text = FastCheck.string({ unit: FastCheck.constantFrom("a", "ü", "\n", "\r") });
  FastCheck.assert(
    FastCheck.property(FastCheck.array(text), (pieces) => {
      const lines = pieces.join("").split("\n");
      expect(split(pieces, 1000)).toEqual(lines.at(-1) === "" ? lines.slice(0, -1) : lines);
    }),
  );
});

it("a line that is too long is told of, and the next is whole", () => {
  expect(split(["aaaa", "aaaa\nb", "b\ncccccc"], 5)).toEqual(["too long", "bb", "too long"]);
});

it("of a line that is too long the ends are kept", () => {
  const line = `${"a".repeat(5000)}${"b".repeat(5000)}`;
  const [found] = Chunk.toReadonlyArray(
    Effect.runSync(Stream.runCollect(Lines.split(Stream.make(Buffer.from(line)), 100))),
  );
  expect(found).toMatchObject({ tooLong: true });
  if (found?.tooLong !== true) return;
  expect(found.head.toString()).toBe("a".repeat(found.head.length));
  expect(found.tail.toString()).toBe("b".repeat(found.tail.length));
});
