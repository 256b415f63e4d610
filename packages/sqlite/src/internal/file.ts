import * as fs from "node:fs";
import * as path from "node:path";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Effect from "effect/Effect";
import { codeOf } from "./failures.ts";

const HEADER = "SQLite format 3\0";

/**
 * Makes the file, mode 0600, and its directory, mode 0700, where they are missing, and fails with one sentence if it cannot
 * be a database that this process may write: the driver would only say `unable to open database file`.
 */
export const prepare = (filename: string): Effect.Effect<void, StoreUnavailable> =>
  Effect.try({
    try: () => {
      makeDirectory(path.dirname(filename));
      const file = fs.openSync(filename, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
      try {
        const start = Buffer.alloc(HEADER.length);
        const length = fs.readSync(file, start, 0, start.length, 0);
        if (length > 0 && start.toString("latin1") !== HEADER) throw new Error("it is not an SQLite database");
      } finally {
        fs.closeSync(file);
      }
    },
    catch: (cause) =>
      new StoreUnavailable({ message: `the database ${filename} cannot be used: ${reason(cause)}`, cause }),
  });

/** One level at a time: Node's own recursion never ends where a directory that exists says ENOENT, as /proc does. */
const makeDirectory = (directory: string): void => {
  if (fs.existsSync(directory)) return;
  makeDirectory(path.dirname(directory));
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
  } catch (cause) {
    // Another process was faster.
    if (codeOf(cause) !== "EEXIST") throw cause;
  }
};

const REASONS: { readonly [code: string]: string } = {
  EACCES: "this user may not read and write it",
  EPERM: "this user may not read and write it",
  EISDIR: "it is a directory; give the path of a file",
  ENOTDIR: "a part of its path is a file, not a directory",
  ENOENT: "its directory cannot be made",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

const reason = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause);
  return REASONS[codeOf(cause)] ?? cause.message;
};
