/**
 * A copy of a live database.
 */
import * as fs from "node:fs";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { SqlError } from "@effect/sql/SqlError";
import Database from "better-sqlite3";
import * as Effect from "effect/Effect";
import { codeOf, describe } from "./failures.ts";

export interface Copied {
  readonly entities: number;
  readonly events: number;
  readonly tokens: number;
  readonly bytes: number;
}

/** Pages of 4 KiB between two looks at everything else. */
const STEP = 2000;

/**
 * The database as it stood at one moment, whatever is written meanwhile, as one file of mode 0600 that is whole: its integrity
 * and its rows were checked. `target` must not exist.
 */
export const backup = (
  filename: string,
  target: string,
  progress: (done: number, of: number) => void,
): Effect.Effect<Copied, StoreUnavailable> =>
  Effect.tryPromise({
    try: async () => {
      const source = new Database(filename, { readonly: true, fileMustExist: true });
      try {
        // A backup begins again whenever somebody writes, unless its connection keeps to one moment.
        source.exec("BEGIN");
        const expected = count(source);
        fs.closeSync(fs.openSync(target, "wx", 0o600));
        await source.backup(target, {
          progress: ({ totalPages, remainingPages }) => {
            progress(totalPages - remainingPages, totalPages);
            return STEP;
          },
        });
        return { ...checked(target, expected), bytes: fs.statSync(target).size };
      } finally {
        source.close();
      }
    },
    catch: (cause) =>
      new StoreUnavailable({
        message: `the backup of ${filename} failed: ${codeOf(cause).startsWith("SQLITE_") ? describe(new SqlError({ cause })) : cause instanceof Error ? cause.message : String(cause)}`,
        cause,
      }),
  });

type Rows = Omit<Copied, "bytes">;

const count = (database: Database.Database): Rows =>
  // The statement's own columns.
  database
    .prepare(
      `SELECT (SELECT count(*) FROM entities) AS entities, (SELECT count(*) FROM events) AS events,
        (SELECT count(*) FROM tokens) AS tokens`,
    )
    .get() as Rows;

const checked = (target: string, expected: Rows): Rows => {
  const copy = new Database(target, { fileMustExist: true });
  try {
    // One file, without a log beside it, on the disk.
    copy.pragma("journal_mode = DELETE");
    const integrity = copy.pragma("integrity_check(1)", { simple: true });
    if (integrity !== "ok") throw new Error(`the copy is damaged (${String(integrity)})`);
    const found = count(copy);
    for (const table of ["entities", "events", "tokens"] as const) {
      if (found[table] !== expected[table])
        throw new Error(`the copy has ${found[table]} ${table} of ${expected[table]}`);
    }
    return found;
  } finally {
    copy.close();
  }
};
