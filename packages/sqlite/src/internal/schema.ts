/**
 * The version of a database's tables, which SQLite keeps in the file's header.
 */
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { type Engine, unavailable } from "@cadastre/sql/Engine";
import type { Schema } from "@cadastre/sql/Migrations";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { MIGRATIONS } from "./migrations.ts";

/** "CADA": tells this program's files from others' (`PRAGMA application_id`). */
const APPLICATION = 0x43414441;

const read = Effect.fnUntraced(function* (engine: Context.Tag.Service<Engine>) {
  const [row] = yield* Effect.catchAll(
    engine.client<{ application: number; version: number; tables: number }>`
      SELECT application_id AS application, user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables
      FROM pragma_application_id, pragma_user_version`,
    (error) => unavailable(engine, error),
  );
  if (row === undefined || (row.version === 0 && row.tables === 0)) return 0;
  if (row.application !== APPLICATION) {
    return yield* new StoreUnavailable({ message: "the database holds the tables of another program" });
  }
  return row.version;
});

export const SCHEMA: Schema = {
  migrations: MIGRATIONS,
  read,
  // A transaction that will write has the whole database from its beginning.
  prologue: [],
  record: (version) => [`PRAGMA application_id = ${APPLICATION}`, `PRAGMA user_version = ${version}`],
};
