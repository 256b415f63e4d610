/**
 * The database that the settings choose: what its adapter can do, with those settings. The one place that tells databases
 * apart; an adapter is loaded when it is chosen.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Stores } from "@cadastre/sql/Stores";
import * as Effect from "effect/Effect";
import type * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import type * as Scope from "effect/Scope";
import type { Config } from "./Config.ts";

export interface Database {
  /** Opened, and its tables brought up to date or demanded to be. */
  readonly layer: Layer.Layer<Stores, StoreUnavailable>;
  /** What a daemon must have to itself, until the scope is closed. */
  readonly claim: Effect.Effect<void, StoreUnavailable, Scope.Scope>;
  /** Brings the tables up to date; equal versions: there was nothing to do. */
  readonly migrate: Effect.Effect<{ readonly from: number; readonly to: number }, StoreUnavailable>;
}

export const of = (config: Config): Effect.Effect<Database> =>
  Option.match(config.postgres, { onNone: () => sqlite(config), onSome: () => sqlite(config) });

const sqlite = ({ database, sqliteSynchronous, migrate }: Config): Effect.Effect<Database> =>
  Effect.map(
    Effect.promise(() => import("@cadastre/sqlite/Sqlite")),
    (Sqlite) => {
      const options = { filename: database, synchronous: sqliteSynchronous, migrate };
      return {
        layer: Sqlite.layer(options),
        claim: Sqlite.claim(options),
        migrate: Sqlite.migrate(options),
      };
    },
  );
