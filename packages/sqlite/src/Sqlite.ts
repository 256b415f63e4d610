/**
 * The store on SQLite.
 */
import * as fs from "node:fs";
import { Diagnosis } from "@cadastre/domain/Diagnosis";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { Engine } from "@cadastre/sql/Engine";
import * as Migrations from "@cadastre/sql/Migrations";
import * as SqlStores from "@cadastre/sql/Stores";
import * as Wakeups from "@cadastre/sql/Wakeups";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import * as backups from "./internal/backup.ts";
import * as claims from "./internal/claim.ts";
import * as diagnosis from "./internal/diagnosis.ts";
import * as engine from "./internal/engine.ts";
import { describe } from "./internal/failures.ts";
import * as file from "./internal/file.ts";
import { SCHEMA } from "./internal/schema.ts";

export interface Options extends engine.Options {
  /** `manual`: an older schema is refused instead of brought up to date. `auto` where absent. */
  readonly migrate?: "auto" | "manual" | undefined;
}

export type Stores = SqlStores.Stores;

/**
 * Opens the database, making it where it is missing, and brings its tables up to date. Fails with one sentence if the file
 * cannot be used, is not this program's, or is newer than it.
 */
export const layer = (options: Options): Layer.Layer<Stores, StoreUnavailable> =>
  Layer.merge(
    SqlStores.layer,
    Layer.effect(
      Diagnosis,
      Effect.map(Engine, (it) => diagnosis.make(it, options)),
    ),
  ).pipe(
    Layer.provide(Layer.scoped(Engine, Effect.tap(open(options), options.migrate === "manual" ? demanded : migrated))),
    Layer.merge(Wakeups.layer),
  );

/**
 * Keeps other daemons off the database until the scope is closed or the process has ended, however. Fails with one sentence
 * that names the process which has it.
 */
export const claim = ({ filename }: Options): Effect.Effect<void, StoreUnavailable, Scope.Scope> =>
  filename === engine.MEMORY ? Effect.void : claims.claim(filename);

/** Brings the tables up to date; equal versions: there was nothing to do. */
export const migrate = (
  options: Options,
): Effect.Effect<{ readonly from: number; readonly to: number }, StoreUnavailable> =>
  Effect.scoped(Effect.flatMap(open(options), migrated));

/** Versions of the tables: those of the database, 0 where there is none yet, and those of this program. */
export const status = (
  options: Options,
): Effect.Effect<{ readonly current: number; readonly latest: number }, StoreUnavailable> =>
  Effect.suspend(() =>
    fs.existsSync(options.filename)
      ? Effect.scoped(Effect.flatMap(open(options), (engine) => Migrations.current(engine, SCHEMA)))
      : Effect.succeed(0),
  ).pipe(Effect.map((current) => ({ current, latest: SCHEMA.migrations.length })));

const migrated = (engine: Context.Tag.Service<Engine>) => Migrations.migrate(engine, SCHEMA);

const demanded = (engine: Context.Tag.Service<Engine>) => Migrations.demand(engine, SCHEMA);

/**
 * Copies a live database to a file that does not exist yet, mode 0600, as it stood at one moment, and checks the copy.
 * `progress` is told of pages.
 */
export const backup = (
  { filename }: Options,
  target: string,
  progress: (done: number, of: number) => void,
): Effect.Effect<Copied, StoreUnavailable> => backups.backup(filename, target, progress);

export type Copied = backups.Copied;

const open = (options: Options): Effect.Effect<Context.Tag.Service<Engine>, StoreUnavailable, Scope.Scope> =>
  Effect.zipRight(
    options.filename === engine.MEMORY ? Effect.void : file.prepare(options.filename),
    Effect.mapError(
      engine.make(options),
      (error) =>
        new StoreUnavailable({
          message: `the database ${options.filename} cannot be used: ${describe(error)}`,
          cause: error,
        }),
    ),
  );
