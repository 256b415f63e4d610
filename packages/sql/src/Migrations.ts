/**
 * The way of a database's tables to their newest version. Migrations are numbered by their place, from 1, and never edited
 * after a release.
 */
import { StoreUnavailable } from "@cadastre/domain/Errors";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { type Engine, unavailable } from "./Engine.ts";
import * as UnitOfWork from "./UnitOfWork.ts";

/** Statements, and what statements cannot do. */
export type Migration = ReadonlyArray<
  string | ((engine: Context.Tag.Service<Engine>) => Effect.Effect<void, StoreUnavailable>)
>;

export interface Schema {
  readonly migrations: ReadonlyArray<Migration>;
  /** The version that the database is at: 0 if it is new. Fails if it is another program's or cannot be used. */
  readonly read: (engine: Context.Tag.Service<Engine>) => Effect.Effect<number, StoreUnavailable>;
  /** Statements that come first: they let one process migrate and the others wait. */
  readonly prologue: ReadonlyArray<string>;
  /** Statements that note the version. */
  readonly record: (version: number) => ReadonlyArray<string>;
}

/** 0 for a new database. Fails as `read` does, and if the database is newer than the program. */
export const current = (
  engine: Context.Tag.Service<Engine>,
  { migrations, read }: Schema,
): Effect.Effect<number, StoreUnavailable> =>
  Effect.filterOrFail(
    read(engine),
    (version) => version <= migrations.length,
    (version) =>
      new StoreUnavailable({
        message: `the database is at schema version ${version} and this program knows ${migrations.length}: run a newer cadastre`,
      }),
  );

/** Fails unless the tables are of this program's version. */
export const demand = (engine: Context.Tag.Service<Engine>, schema: Schema): Effect.Effect<void, StoreUnavailable> =>
  Effect.filterOrFail(
    current(engine, schema),
    (version) => version === schema.migrations.length,
    (version) =>
      new StoreUnavailable({
        message: `the database is at schema version ${version} and this program needs ${schema.migrations.length}: run \`cadastre admin migrate\` first`,
      }),
  );

/** One transaction: of several processes that start at once, the first migrates and the others find it done. */
export const migrate = (
  engine: Context.Tag.Service<Engine>,
  schema: Schema,
): Effect.Effect<{ readonly from: number; readonly to: number }, StoreUnavailable> => {
  const to = schema.migrations.length;
  const run = (steps: Migration) =>
    Effect.forEach(
      steps,
      (step) =>
        typeof step === "string"
          ? Effect.catchAll(engine.client.unsafe(step).unprepared, (error) => unavailable(engine, error))
          : step(engine),
      { discard: true },
    );
  return UnitOfWork.make(engine).transact(
    Effect.gen(function* () {
      yield* run(schema.prologue);
      const from = yield* current(engine, schema);
      if (from < to) yield* run([...schema.migrations.slice(from).flat(), ...schema.record(to)]);
      return { from, to };
    }),
  );
};
