/**
 * The files that a person means by a list of paths: files, directories, globs and `-` for standard input.
 */

import { readFile, realpath, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { buffer } from "node:stream/consumers";
import * as Effect from "effect/Effect";
import { glob } from "tinyglobby";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";

/** Bytes to be read. */
export interface Source {
  /** As messages name it. */
  readonly name: string;
  /** A sentence if it cannot be read. */
  readonly bytes: Effect.Effect<Uint8Array, string>;
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
export const find = (paths: ReadonlyArray<string>): Effect.Effect<Found, Failure> =>
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
    return { sources: [...unique.values()].map(source), others };
  });

/** One file, or `-` for standard input, as text. */
export const text = (path: string): Effect.Effect<string, Failure> => {
  const { name, bytes } = source(path);
  return Effect.mapBoth(bytes, {
    onSuccess: (it) => new TextDecoder().decode(it),
    onFailure: (why) => new Failure({ exit: ExitCode.local, message: `${name} ${why}.` }),
  });
};

const nothing = (path: string) =>
  new Failure({
    exit: ExitCode.local,
    message: /[*?[{]/.test(path) ? `No file matches "${path}".` : `There is no file or directory "${path}".`,
  });

const source = (name: string): Source =>
  name === "-"
    ? { name: "<stdin>", bytes: read(() => buffer(process.stdin)) }
    : { name: relative("", name).startsWith("..") ? name : relative("", name), bytes: read(() => readFile(name)) };

const read = (run: () => Promise<Uint8Array>): Effect.Effect<Uint8Array, string> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
  });
