/**
 * Archives as files: one JSON record a line, or a YAML stream of the same records.
 */

import { createReadStream, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import * as Writer from "@cadastre/descriptors/Writer";
import { ArchiveRecord } from "@cadastre/domain/Archive";
import { InvalidInput } from "@cadastre/domain/Errors";
import * as NodeStream from "@effect/platform-node/NodeStream";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import { parse } from "yaml";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";
import { count } from "./internal/text.ts";
import { Output } from "./Output.ts";
import type { Bar } from "./Progress.ts";

export type Format = "ndjson" | "yaml";

const encode = Schema.encodeSync(ArchiveRecord);

export const writer =
  (format: Format) =>
  (record: ArchiveRecord): string =>
    format === "ndjson" ? `${JSON.stringify(encode(record))}\n` : Writer.writeDocument(encode(record));

/** Counts records as they pass. */
export const counter = () => {
  const counts = new Map<ArchiveRecord["type"], number>();
  let total = 0;
  return {
    add: ({ type }: ArchiveRecord): number => {
      counts.set(type, (counts.get(type) ?? 0) + 1);
      return ++total;
    },
    text: (): string => {
      const of = (type: ArchiveRecord["type"]) => counts.get(type) ?? 0;
      return `${count(of("entity"), "entity", "entities")}, ${count(of("event"), "event")} and ${count(of("token"), "token")}`;
    },
  };
};

/** Lines written in one go. */
const BLOCK = 256;

/** Writes to standard output or to a file, which holds tokens' hashes and so is for its owner alone. */
export const save = <R>(lines: Stream.Stream<string, Failure, R>, file: Option.Option<string>) =>
  Effect.gen(function* () {
    const { write } = yield* Output;
    const blocks = Stream.map(Stream.grouped(lines, BLOCK), (block) => [...block].join(""));
    if (Option.isNone(file)) return yield* Stream.runForEach(blocks, write);
    const path = file.value;
    const unfinished = `${path}.unfinished`;
    yield* Effect.acquireUseRelease(
      io(path, () => open(unfinished, "w", 0o600)),
      (handle) =>
        Effect.zipRight(
          Stream.runForEach(blocks, (block) => io(path, () => handle.appendFile(block))),
          io(path, async () => {
            await handle.sync();
            await rename(unfinished, path);
          }),
        ),
      (handle) => Effect.promise(() => handle.close().then(() => rm(unfinished, { force: true }))),
    );
  });

const decode = Schema.decodeUnknown(ArchiveRecord);

/** The records of a file, or of standard input for `-`, in memory that does not grow with it. Tells the bytes that were read. */
export const read = (file: string, progress: Bar): Stream.Stream<ArchiveRecord, Failure | InvalidInput> => {
  const name = file === "-" ? "<stdin>" : file;
  const size = file === "-" ? undefined : sizeOf(file);
  let done = 0;
  const bytes: Stream.Stream<Uint8Array, Failure> = NodeStream.fromReadable(
    () => (file === "-" ? process.stdin : createReadStream(file)),
    (cause) =>
      new Failure({
        exit: ExitCode.local,
        message: `${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      }),
  );
  const numbered = bytes.pipe(
    Stream.tap((block) => {
      done += block.length;
      return progress(done, size);
    }),
    Stream.decodeText(),
    Stream.splitLines,
    Stream.zipWithIndex,
    Stream.map(([text, index]): Text => ({ text, line: index + 1 })),
  );
  const parser = parserOf(file);
  return parser.split(numbered).pipe(
    Stream.filter(({ text }) => text.trim() !== ""),
    Stream.mapEffect(({ text, line }) =>
      Effect.try(() => parser.parse(text)).pipe(
        Effect.flatMap(decode),
        Effect.mapError(
          () => new InvalidInput({ message: `${name}:${line}: this is not a record of an export`, faults: [] }),
        ),
      ),
    ),
  );
};

/** Undefined of what has none, a pipe, and of what cannot be looked at: reading it says why. */
const sizeOf = (file: string): number | undefined => {
  try {
    return statSync(file).size || undefined;
  } catch {
    return undefined;
  }
};

interface Text {
  readonly text: string;
  /** On which it starts, from 1. */
  readonly line: number;
}

interface Parser {
  readonly split: <E>(lines: Stream.Stream<Text, E>) => Stream.Stream<Text, E>;
  readonly parse: (text: string) => unknown;
}

/** YAML by its name; everything else, standard input too, is one record a line. */
const parserOf = (file: string): Parser =>
  /\.ya?ml$/i.test(file)
    ? { split: byMarker, parse: (text) => parse(text) }
    : { split: (lines) => lines, parse: (text) => JSON.parse(text) };

/** What stands between lines that are `---`: inside a document every line of a text is indented. */
const byMarker = <E>(lines: Stream.Stream<Text, E>): Stream.Stream<Text, E> =>
  lines.pipe(
    Stream.concat(Stream.succeed({ text: "---", line: 0 })),
    Stream.mapAccum<Array<Text>, Text, Text>([], (gathered, next) => {
      if (next.text === "---") {
        return [[], { text: gathered.map(({ text }) => text).join("\n"), line: gathered[0]?.line ?? next.line }];
      }
      gathered.push(next);
      return [gathered, { text: "", line: next.line }];
    }),
  );

const io = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, Failure> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new Failure({
        exit: ExitCode.local,
        message: `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      }),
  });
