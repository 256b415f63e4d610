/**
 * Reads documents out of streams and files: each with its own result, so that a bad one never takes its neighbours down.
 */
import type { ReadDocument } from "@cadastre/domain/Batch";
import type { Fault } from "@cadastre/domain/Fault";
import * as Chunk from "effect/Chunk";
import * as Either from "effect/Either";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import { type Format, type Frame, frames, framesOf } from "./Framing.ts";
import { readJson } from "./internal/jsonReader.ts";
import type { PlacedFault, Position } from "./internal/positions.ts";
import { readYaml } from "./internal/yamlReader.ts";

export type { PlacedFault, Position } from "./internal/positions.ts";

/** One document of a file. */
export interface Positioned {
  /** Place in the file, from 0; empty documents are not counted. */
  readonly index: number;
  /** Line on which the document starts, from 1. */
  readonly line: number;
  /** Left: every fault that kept it from being read. */
  readonly content: Either.Either<unknown, ReadonlyArray<PlacedFault>>;
  /** Faults that were found in the content, with their places in the file, and in that order. */
  readonly place: (faults: ReadonlyArray<Fault>) => ReadonlyArray<PlacedFault>;
}

/** The documents of a file; its name tells the format: `.json`, `.ndjson` and `.jsonl` are JSON, all others YAML. */
export const readText = (text: string | Uint8Array, options: { readonly file: string }): ReadonlyArray<Positioned> => {
  const format = formatOf(options.file);
  const position = positioner(format);
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return framesOf(format, bytes).flatMap((frame) => position(frame) ?? []);
};

/** As {@link readText}, of a stream and in memory that does not grow with it. */
export const readPlaced = <E, R>(
  format: Format,
  bytes: Stream.Stream<Uint8Array, E, R>,
): Stream.Stream<Positioned, E, R> =>
  Stream.suspend(() => {
    const position = positioner(format);
    return frames(format)(bytes).pipe(
      Stream.mapChunks(Chunk.filterMap((frame) => Option.fromNullable(position(frame)))),
    );
  });

/** Undefined: the document is empty. */
const positioner = (format: Format) => {
  let index = 0;
  return (frame: Frame): Positioned | undefined => {
    const document = read(format, frame);
    if (document === undefined) return undefined;
    const { line, content, locate } = document;
    return {
      index: index++,
      line,
      content,
      place: (faults) =>
        faults
          .map((fault) => ({ ...fault, ...locate(fault.path) }))
          .sort((a, b) => a.line - b.line || a.column - b.column),
    };
  };
};

export const formatOf = (file: string): Format =>
  /\.json$/i.test(file) ? "json" : /\.(?:ndjson|jsonl)$/i.test(file) ? "ndjson" : "yaml";

/**
 * The documents of a stream, in memory that does not grow with it. What is wrong with a text is told with its line and
 * column in the stream.
 */
export const readStream = <E, R>(
  format: Format,
  bytes: Stream.Stream<Uint8Array, E, R>,
): Stream.Stream<ReadDocument, E, R> =>
  Stream.suspend(() => {
    let index = 0;
    return frames(format)(bytes).pipe(
      Stream.mapChunks(
        Chunk.filterMap((frame) => {
          const document = read(format, frame);
          if (document === undefined) return Option.none();
          const { line, content } = document;
          return Option.some({ index: index++, line, content: Either.mapLeft(content, withPlaces) });
        }),
      ),
    );
  });

/** One JSON value, as the body of a request. What is wrong with the text is told with its line and column. */
export const parseJson = (text: string): Either.Either<unknown, ReadonlyArray<Fault>> =>
  Either.mapLeft(readJson(text, { line: 1, column: 1 }).content, withPlaces);

/** The fault as one line for people: `file:line:column: path: what is wrong and what is allowed`. */
export const print = (file: string, { line, column, path, message }: PlacedFault): string =>
  printable(`${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`);

/**
 * True of a path where generators of projects keep their templates: a descriptor there is probably input for a template
 * engine and no data. For the wording of messages only; nothing is left out because of its path.
 */
export const isTemplatePath = (path: string): boolean =>
  /(?:^|[\\/])(?:skeletons?|templates?|content|cookiecutter[^\\/]*)[\\/]|\{\{|\.(?:tmpl|tpl|j2|njk|hbs|erb)$/i.test(
    path,
  );

interface Read {
  readonly line: number;
  readonly content: Either.Either<unknown, ReadonlyArray<PlacedFault>>;
  readonly locate: (pointer: string) => Position;
}

/** Undefined: the document is empty. */
const read = (format: Format, { line, firstLine, firstColumn, text }: Frame): Read | undefined => {
  const first = { line: firstLine, column: firstColumn };
  if (Either.isLeft(text))
    return { line, content: Either.left([{ ...text.left, ...first, line }]), locate: () => first };
  const { content, locate } = (format === "yaml" ? readYaml : readJson)(text.right, first);
  return content === undefined ? undefined : { line, content, locate };
};

const withPlaces = (faults: ReadonlyArray<PlacedFault>): ReadonlyArray<Fault> =>
  faults.map(({ path, message, line, column }) => ({ path, message: `line ${line}, column ${column}: ${message}` }));

/** Paths and values come from files that anyone may have written: nothing in them may steer a terminal. */
const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
