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
