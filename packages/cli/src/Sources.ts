/**
 * The files that a person means by a list of paths: files, directories, globs and `-` for standard input.
 */

import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import * as NodeStream from "@effect/platform-node/NodeStream";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type * as Stream from "effect/Stream";
import { glob } from "tinyglobby";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";
import { Output } from "./Output.ts";

/** Bytes to be read, as often as is wanted. */
export interface Source {
  /** As messages name it. */
  readonly name: string;
  readonly size: Effect.Effect<number, string>;
  /** A sentence if it cannot be read. */
  readonly bytes: Stream.Stream<Uint8Array, string>;
}

export interface Found {
  readonly sources: ReadonlyArray<Source>;
  /** Files in the given directories that are not descriptors by their names. */
  readonly others: number;
}

/** In a directory. The `.tmpl` ones are templates: they are read to be reported, not to be passed over in silence. */
const DESCRIPTOR = /\.(ya?ml|json|ndjson)(\.tmpl)?$/i;

/** Folders of others inside a directory. */
const IGNORED = ["**/node_modules/**", "**/.git/**"];

/** The sources in the order of the paths, those of a directory sorted by name; a file that is meant twice is read once. */
export const find = (paths: ReadonlyArray<string>): Effect.Effect<Found, Failure, Scope.Scope> =>
  Effect.gen(function* () {
    const names: Array<string> = [];
    let others = 0;
    for (const path of paths) {
      if (path === "-") {
        names.push("-");
        continue;
      }
      const kind = yield* Effect.promise(() =>
        stat(path).then(
          (it) => (it.isDirectory() ? "directory" : "file"),
          () => "absent",
        ),
      );
      if (kind === "file") {
        names.push(path);
        continue;
      }
      const matches = yield* Effect.promise(() =>
        kind === "directory"
          ? glob("**/*", { cwd: path, dot: true, ignore: IGNORED, followSymbolicLinks: false }).then((found) =>
              found.map((file) => join(path, file)),
            )
          : glob(path, { dot: true, ignore: IGNORED, expandDirectories: false }),
      );
      const files = kind === "directory" ? matches.filter((file) => DESCRIPTOR.test(file)) : matches;
      if (kind === "absent" && files.length === 0) return yield* nothing(path);
      names.push(...files.sort());
      others += matches.length - files.length;
    }

    const unique = new Map<string, string>();
    for (const name of names) {
      const identity = name === "-" ? name : yield* Effect.promise(() => realpath(name).catch(() => name));
      if (!unique.has(identity)) unique.set(identity, name);
    }
    const sources = yield* Effect.forEach(unique.values(), (name) =>
      name === "-" ? standardInput : Effect.succeed(ofFile(name, name)),
    );
    return { sources, others };
  });

/** Says to a person that standard input is waited for, where one of the paths is `-` and nothing is piped. */
export const announce = (...paths: ReadonlyArray<string>): Effect.Effect<void, never, Output> =>
  paths.includes("-") && process.stdin.isTTY
    ? Effect.flatMap(Output, ({ note }) => note("Reading from the terminal; Ctrl-D at the start of a line ends it."))
    : Effect.void;

/** One file, or `-` for standard input, as text. */
export const text = (path: string): Effect.Effect<string, Failure> =>
  Effect.tryPromise({
    try: () => (path === "-" ? buffer(process.stdin) : readFile(path)),
    catch: (cause) =>
      new Failure({
        exit: ExitCode.local,
        message: `${path === "-" ? "<stdin>" : display(path)} ${unreadable(cause)}.`,
      }),
  }).pipe(Effect.map((it) => new TextDecoder().decode(it)));

const nothing = (path: string) =>
  new Failure({
    exit: ExitCode.local,
    message: /[*?[{]/.test(path) ? `No file matches "${path}".` : `There is no file or directory "${path}".`,
    next: "Give a file, a directory, a glob in quotes, or - for standard input.",
  });

const display = (path: string) => (relative("", path).startsWith("..") ? path : relative("", path));

const ofFile = (name: string, path: string): Source => ({
  name: name === path ? display(path) : name,
  size: Effect.tryPromise({ try: () => stat(path).then(({ size }) => size), catch: unreadable }),
  bytes: NodeStream.fromReadable(() => createReadStream(path, { highWaterMark: BLOCK }), unreadable),
});

const BLOCK = 256 * 1024;

/** Kept in a temporary file until the scope closes: it can be read once only, and may be larger than memory. */
const standardInput: Effect.Effect<Source, Failure, Scope.Scope> = Effect.acquireRelease(
  Effect.tryPromise(() => mkdtemp(join(tmpdir(), "cadastre-stdin-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
).pipe(
  Effect.flatMap((folder) => {
    const path = join(folder, "stdin");
    return Effect.as(
      Effect.tryPromise(() => pipeline(process.stdin, createWriteStream(path, { mode: 0o600 }))),
      ofFile("<stdin>", path),
    );
  }),
  Effect.mapError(({ error }) => new Failure({ exit: ExitCode.local, message: `<stdin> ${unreadable(error)}.` })),
);

const unreadable = (cause: unknown): string =>
  `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
