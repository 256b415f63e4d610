/**
 * The version of a database's tables, which SQLite keeps in the file's header, and the way to the newest.
 */
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { type Engine, unavailable } from "@cadastre/sql/Engine";
import * as UnitOfWork from "@cadastre/sql/UnitOfWork";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { MIGRATIONS } from "./migrations.ts";

export const LATEST = MIGRATIONS.length;

/** "CADA": tells this program's files from others' (`PRAGMA application_id`). */
const APPLICATION = 0x43414441;

/** 0 for a new database. Fails if the database is not this program's, or newer than it. */
export const current = Effect.fnUntraced(function* (engine: Context.Tag.Service<Engine>) {
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
  if (row.version > LATEST) {
    const message = `the database is at schema version ${row.version} and this program knows ${LATEST}: run a newer cadastre`;
    return yield* new StoreUnavailable({ message });
  }
  return row.version;
});

/** Fails unless the tables are of this version. */
export const demand = (engine: Context.Tag.Service<Engine>): Effect.Effect<void, StoreUnavailable> =>
  Effect.flatMap(current(engine), (version) =>
    version === LATEST
      ? Effect.void
      : new StoreUnavailable({
          message: `the database is at schema version ${version} and this program needs ${LATEST}: run \`cadastre admin migrate\` first`,
        }),
  );

/** One transaction: of several processes that start at once, the first migrates and the others find it done. */
export const migrate = (
  engine: Context.Tag.Service<Engine>,
): Effect.Effect<{ readonly from: number; readonly to: number }, StoreUnavailable> =>
  UnitOfWork.make(engine).transact(
    Effect.gen(function* () {
      const from = yield* current(engine);
      if (from < LATEST) {
        const steps = [
          ...MIGRATIONS.slice(from).flat(),
          `PRAGMA application_id = ${APPLICATION}`,
          `PRAGMA user_version = ${LATEST}`,
        ];
        yield* Effect.forEach(
          steps,
          (step) =>
            typeof step === "string"
              ? Effect.catchAll(engine.client.unsafe(step).unprepared, (error) => unavailable(engine, error))
              : step(engine),
          { discard: true },
        );
      }
      return { from, to: LATEST };
    }),
  );
