/**
 * A look into the database file itself, past the program.
 */
import Database from "better-sqlite3";
import * as Effect from "effect/Effect";

const open = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new Database(path, { fileMustExist: true })),
    (database) => Effect.sync(() => database.close()),
  );

/** `ok`, or what SQLite finds wrong. */
export const integrity = (path: string): Effect.Effect<string> =>
  Effect.scoped(Effect.map(open(path), (database) => String(database.pragma("integrity_check", { simple: true }))));

/** Does to the database what the program would not. */
export const execute = (path: string, statement: string): Effect.Effect<void> =>
  Effect.scoped(Effect.map(open(path), (database) => void database.exec(statement)));

/** What a query gives. */
export const rows = (
  path: string,
  query: string,
): Effect.Effect<ReadonlyArray<{ readonly [column: string]: string | number | null }>> =>
  Effect.scoped(
    // SQLite has no other values than these, but for blobs, of which there are none.
    Effect.map(open(path), (database) =>
      database.prepare<[], { [column: string]: string | number | null }>(query).all(),
    ),
  );
