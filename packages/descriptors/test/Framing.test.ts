import { MAX_DOCUMENT_BYTES } from "@cadastre/domain/Batch";
import { describe, expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import * as Stream from "effect/Stream";
import { parseAllDocuments } from "yaml";
import { readStream, readText } from "../src/Documents.ts";
import { type Format, type Frame, frames, framesOf } from "../src/Framing.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const textsOf = (all: ReadonlyArray<Frame>) => all.map(({ line, text }) => [line, Either.getOrNull(text)]);

/** The bytes in pieces of the given sizes, repeated until they are used up. */
const pieces = (bytes: Uint8Array, sizes: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const result: Array<Uint8Array> = [];
  for (let start = 0, i = 0; start < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    result.push(bytes.subarray(start, start + size));
    start += size;
  }
  return result;
};

const yamlLine = FastCheck.constantFrom(
  "---",
  "--- ",
  "--- # a comment",
  "--- {a: 1}",
  "--- |",
  "...",
  "... # a comment",
  "----",
  "--",
  "# a comment",
  "  # another",
  "",
  "   ",
  "%YAML 1.2",
  "a: 1",
  "b: |",
  "  text",
  "  --- no marker",
  'c: "text\n  --- end"',
  "d: [1,",
  "  2]",
  "- item",
  "é: ü",
  "~",
);

const jsonLine = FastCheck.constantFrom(
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  '"',
  '"a"',
  "\\",
  "1",
  " ",
  "\n",
  "é",
  "null",
  '{"a":[1,"]"]}',
);

describe("frames", () => {
  it("splits YAML where the parser of the whole stream does", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(yamlLine, { maxLength: 14 }),
        FastCheck.constantFrom("\n", "\r\n"),
        (lines, end) => {
          const text = lines.join(end);
          const whole = [...parseAllDocuments(text, { merge: false })];
          // In what it cannot read, that parser looks for markers in other places too, and finds fault with legal ones.
          FastCheck.pre(whole.every(({ errors }) => errors.length === 0));
          const ours = readText(text, { file: "x.yaml" });
          expect(ours.map(({ content }) => Either.getOrThrow(content))).toEqual(
            whole.map((document) => document.toJSON()).filter((value) => value !== null),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each<Format>(["yaml", "json", "ndjson"])("%s comes out the same however the stream is cut", (format) => {
    const line = format === "yaml" ? yamlLine.map((text) => `${text}\n`) : jsonLine;
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(line, { maxLength: 30 }),
        FastCheck.array(FastCheck.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        FastCheck.boolean(),
        (lines, sizes, mark) => {
          const bytes = bytesOf((mark ? "\ufeff" : "") + lines.join(""));
          const cut = Effect.runSync(Stream.runCollect(frames(format)(Stream.fromIterable(pieces(bytes, sizes)))));
          expect(textsOf(Chunk.toReadonlyArray(cut))).toEqual(textsOf(framesOf(format, bytes)));
        },
      ),
      { numRuns: 400 },
    );
  });

  it("keeps directives and comments with the document that follows, and tells where its content starts", () => {
    const text = "# licence\n%YAML 1.2\n---\n\n# note\na: 1\n...\n# more\n--- # x\nb: 2\n";
    expect(textsOf(framesOf("yaml", bytesOf(text)))).toEqual([
      [6, "# licence\n%YAML 1.2\n---\n\n# note\na: 1\n"],
      [10, "# more\n--- # x\nb: 2\n"],
    ]);
  });

  it("gives the elements of a JSON list, a single object, and the lines of NDJSON", () => {
    expect(textsOf(framesOf("json", bytesOf('[{"a":"],"},\n [1] ,"\\""]')))).toEqual([
      [1, '{"a":"],"}'],
      [2, "[1] "],
      [2, '"\\""'],
    ]);
    expect(textsOf(framesOf("json", bytesOf('\n{"a":\n1}')))).toEqual([[2, '{"a":\n1}']]);
    expect(textsOf(framesOf("json", bytesOf(" [ ] ")))).toEqual([]);
    expect(textsOf(framesOf("ndjson", bytesOf('{}\n\n \r\n{"a":1}')))).toEqual([
      [1, "{}"],
      [4, '{"a":1}'],
    ]);
  });

  it.each<[Format, string, string]>([
    ["yaml", "---\na: 1\n", "\n---\nb: 2\n"],
    ["ndjson", '{"a":1}\n', '\n{"b":2}\n'],
    ["json", '[{"a":1},', ',{"b":2}]'],
  ])("%s: a document that is too large is a fault of its own", (format, before, after) => {
    const filler = `${format === "yaml" ? "---\n" : ""}"${"x".repeat(MAX_DOCUMENT_BYTES)}"`;
    const all = framesOf(format, bytesOf(before + filler + after));
    expect(all.map(({ text }) => Either.isRight(text))).toEqual([true, false, true]);
    expect(all[1]?.text.pipe(Either.flip, Either.getOrThrow).message).toMatch(
      /^is a document of 10485\d\d bytes, and at most 1048576/,
    );
  });

  it.effect("holds no more than one document of an endless stream", () =>
    Effect.gen(function* () {
      const block = new Uint8Array(65_536).fill(0x61);
      let given = 0;
      const endless = Stream.repeatValue(block).pipe(
        Stream.tap(() => Effect.sync(() => given++)),
        Stream.take(400),
        Stream.concat(Stream.succeed(bytesOf('\n{"a":1}\n'))),
      );
      const read = yield* Stream.runCollect(readStream("ndjson", endless));
      expect(given).toBe(400);
      expect(Chunk.toReadonlyArray(read).map(({ line, content }) => [line, Either.isRight(content)])).toEqual([
        [1, false],
        [2, true],
      ]);
    }),
  );
});
