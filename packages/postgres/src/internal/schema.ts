/**
 * The version of a database's tables, which a table of its own keeps, in the first schema of the user's search path.
 */
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { type Engine, unavailable } from "@cadastre/sql/Engine";
import type { Schema } from "@cadastre/sql/Migrations";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { MIGRATIONS } from "./migrations.ts";

/** What is used of a server is in all of these. */
const OLDEST_SERVER = 14;

/** Key of the advisory lock that lets one process migrate: "CADA". */
const LOCK = 0x43414441;

interface State {
  readonly server: number;
  readonly encoding: string;
  readonly ours: boolean;
  readonly taken: boolean;
}

const read = Effect.fnUntraced(function* (engine: Context.Tag.Service<Engine>) {
  const failing = Effect.catchAll((error: Parameters<typeof unavailable>[1]) => unavailable(engine, error));
  const [state] = yield* failing(engine.client<State>`
    SELECT current_setting('server_version_num')::integer / 10000 AS server, current_setting('server_encoding') AS encoding,
      to_regclass('cadastre_schema') IS NOT NULL AS ours, to_regclass('entities') IS NOT NULL AS taken`);
  if (state === undefined) return 0;
  const complaint =
    state.server < OLDEST_SERVER
      ? `the database server is PostgreSQL ${state.server}: ${OLDEST_SERVER} or newer is needed`
      : state.encoding !== "UTF8"
        ? `the database is encoded in ${state.encoding}: create it anew with ENCODING 'UTF8'`
        : !state.ours && state.taken
          ? "the database holds the tables of another program: give this one a database or a schema of its own"
          : undefined;
  if (complaint !== undefined) return yield* new StoreUnavailable({ message: complaint });
  if (!state.ours) return 0;
  const [row] = yield* failing(engine.client<{ version: number }>`SELECT version FROM cadastre_schema`);
  return row?.version ?? 0;
});

export const SCHEMA: Schema = {
  migrations: MIGRATIONS,
  read,
  prologue: [
    // The others wait for the one that migrates, however long it takes.
    "SET LOCAL lock_timeout = 0",
    `SELECT pg_advisory_xact_lock(${LOCK})`,
  ],
  record: (version) => [
    "CREATE TABLE IF NOT EXISTS cadastre_schema (version integer NOT NULL)",
    "DELETE FROM cadastre_schema",
    `INSERT INTO cadastre_schema VALUES (${version})`,
  ],
};
