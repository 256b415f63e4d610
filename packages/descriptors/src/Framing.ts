/**
 * Splits a stream of bytes into the texts of its documents, in memory that does not grow with the stream.
 *
 * Splitting works on bytes, so that a document which is not UTF-8 or too large is a fault of its own and the ones after
 * it are still read.
 */
import { MAX_DOCUMENT_BYTES } from "@cadastre/domain/Batch";
import type { Fault } from "@cadastre/domain/Fault";
import * as Chunk from "effect/Chunk";
import * as Either from "effect/Either";
import * as Stream from "effect/Stream";
import { jsonSplitter } from "./internal/jsonSplitter.ts";
import { lineSplitter } from "./internal/lineSplitter.ts";
import { join, type Start } from "./internal/splitter.ts";
import { yamlSplitter } from "./internal/yamlSplitter.ts";

/** `yaml`: any number of documents. `json`: one value, or a list of which each element is a document. `ndjson`: one a line. */
export type Format = "yaml" | "json" | "ndjson";

/** The text of one document. */
export interface Frame extends Start {
  /** Left: why there is no text. */
  readonly text: Either.Either<string, Fault>;
}

/** The stream's documents. Blank texts are not left out: only a parser can tell that a document is empty. */
export const frames =
  (format: Format) =>
  <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Frame, E, R> =>
    Stream.suspend(() => {
      const framer = make(format);
      return bytes.pipe(
        Stream.mapChunks((chunks) => Chunk.unsafeFromArray(Chunk.toReadonlyArray(chunks).flatMap(framer.push))),
        Stream.concat(Stream.suspend(() => Stream.fromIterable(framer.end()))),
      );
    });

/** The documents of bytes that are in memory already. */
export const framesOf = (format: Format, bytes: Uint8Array): ReadonlyArray<Frame> => {
  const framer = make(format);
  return [...framer.push(bytes), ...framer.end()];
};

const SPLITTERS = { yaml: yamlSplitter, json: jsonSplitter, ndjson: lineSplitter } as const;

interface Framer {
  readonly push: (bytes: Uint8Array) => ReadonlyArray<Frame>;
  readonly end: () => ReadonlyArray<Frame>;
}

const make = (format: Format): Framer => {
  let ready: Array<Frame> = [];
  const splitter = SPLITTERS[format]((begin, content) => {
    ready.push({ ...begin, text: content instanceof Uint8Array ? decode(content) : Either.left(content) });
  }, MAX_DOCUMENT_BYTES);
  const take = (): ReadonlyArray<Frame> => {
    const taken = ready;
    ready = [];
    return taken;
  };

  /** The first bytes, as long as they may be a byte order mark; undefined: what follows is split. */
  let start: Uint8Array | undefined = new Uint8Array(0);
  let utf16 = false;
  const begin = (bytes: Uint8Array): void => {
    start = undefined;
    utf16 = (bytes[0] === 0xfe && bytes[1] === 0xff) || (bytes[0] === 0xff && bytes[1] === 0xfe);
    if (utf16) ready.push({ line: 1, firstLine: 1, firstColumn: 1, text: Either.left(UTF_16) });
    else splitter.push(bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes);
  };

  return {
    push: (bytes) => {
      if (start !== undefined) {
        start = join([start, bytes], start.length + bytes.length);
        if (start.length >= 3) begin(start);
      } else if (!utf16) splitter.push(bytes);
      return take();
    },
    end: () => {
      if (start !== undefined) begin(start);
      if (!utf16) splitter.end();
      return take();
    },
  };
};

const UTF_16: Fault = { path: "", message: "is UTF-16 text, and descriptors are UTF-8: save it as UTF-8" };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const decode = (bytes: Uint8Array): Either.Either<string, Fault> =>
  Either.try({
    try: () => decoder.decode(bytes),
    catch: () => ({ path: "", message: `is not UTF-8 text (${firstInvalid(bytes)}): save it as UTF-8` }),
  });

/** Where decoding first fails, for the message. */
const firstInvalid = (bytes: Uint8Array): string => {
  const before = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\uFFFD", 1)[0] ?? "";
  const lines = before.split("\n");
  return `line ${lines.length} of the document, after ${JSON.stringify((lines.at(-1) ?? "").slice(-20))}`;
};
