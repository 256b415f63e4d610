/**
 * The store on PostgreSQL 14 or later, for one replica or several.
 */
import { Diagnosis } from "@cadastre/domain/Diagnosis";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import { Engine } from "@cadastre/sql/Engine";
import * as Migrations from "@cadastre/sql/Migrations";
import * as SqlStores from "@cadastre/sql/Stores";
import { SqlError } from "@effect/sql/SqlError";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as diagnosis from "./internal/diagnosis.ts";
import * as engine from "./internal/engine.ts";
import * as failures from "./internal/failures.ts";
import type * as pool from "./internal/pool.ts";
import { SCHEMA } from "./internal/schema.ts";
import * as Wakeups from "./Wakeups.ts";

export interface Options extends pool.Options {
  /** `auto` (the default): tables are brought up to date on opening. `manual`: only by {@link migrate}; older ones are refused. */
  readonly migrate?: "auto" | "manual" | undefined;
}

export type Stores = SqlStores.Stores;

/**
 * Connects, and brings the tables up to date or checks that they are. Fails with one sentence if the server cannot be
 * reached or used, or the database is another program's, newer than this one, or older where it may not be changed.
 */
export const layer = (options: Options): Layer.Layer<Stores, StoreUnavailable> => {
  const opened = Effect.tap(engine.make(options), (opened) =>
    options.migrate === "manual" ? demanded(opened) : migrate(options),
  );
  return Layer.merge(
    SqlStores.layer,
    Layer.effect(
      Diagnosis,
      Effect.map(Engine, (it) => diagnosis.make(it, options)),
    ),
  ).pipe(Layer.provide(Layer.scoped(Engine, opened)), Layer.merge(Wakeups.layer(options)));
};

/** Brings the tables up to date; equal versions: there was nothing to do. */
export const migrate = (
  options: pool.Options,
): Effect.Effect<{ readonly from: number; readonly to: number }, StoreUnavailable> =>
  Effect.scoped(
    // However long it takes, and however long another process takes that is at it.
    Effect.flatMap(
      engine.make({ ...options, poolSize: 1, statementTimeout: 0, idleInTransactionTimeout: 0 }),
      (opened) => Migrations.migrate(opened, SCHEMA),
    ),
  );

/** Versions of the tables: those of the database, 0 where there is none yet, and those of this program. */
export const status = (
  options: pool.Options,
): Effect.Effect<{ readonly current: number; readonly latest: number }, StoreUnavailable> =>
  Effect.scoped(Effect.flatMap(engine.make(options), versions));

/** Whether the server refused the user or the password, or asked for one that was not given. */
export const isUnauthenticated = ({ cause }: StoreUnavailable): boolean =>
  cause instanceof SqlError && failures.stateOf(cause.cause).startsWith("28");

const versions = (opened: Context.Tag.Service<Engine>) =>
  Effect.map(Migrations.current(opened, SCHEMA), (current) => ({ current, latest: SCHEMA.migrations.length }));

const demanded = (opened: Context.Tag.Service<Engine>) => Migrations.demand(opened, SCHEMA);
