/**
 * A look into the database file itself, past the program.
 */
import * as PostgresDatabase from "@cadastre/testing/PostgresDatabase";
import Database from "better-sqlite3";
import * as Effect from "effect/Effect";
import * as Program from "./Program.ts";

const open = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new Database(path, { fileMustExist: true })),
    (database) => Effect.sync(() => database.close()),
  );

/** `ok`, or what is wrong with the database of a home: its file, or entities that are not at their last event's revision. */
export const integrity = (home: Program.Home): Effect.Effect<string> =>
  home.database === undefined
    ? Effect.scoped(
        Effect.map(open(Program.databaseOf(home)), (database) =>
          String(database.pragma("integrity_check", { simple: true })),
        ),
      )
    : Effect.map(PostgresDatabase.execute(home.database, STRAY), (rows) =>
        rows.length === 0 ? "ok" : JSON.stringify(rows),
      );

const STRAY = `SELECT key, revision FROM entities e
  WHERE revision IS DISTINCT FROM (SELECT max(v.revision) FROM events v WHERE v.uid = e.uid)`;

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
