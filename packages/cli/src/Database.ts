/**
 * The database that the settings choose: what its adapter can do, with those settings. The one place that tells databases
 * apart; an adapter is loaded when it is chosen.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Stores } from "@cadastre/sql/Stores";
import type * as Sqlite from "@cadastre/sqlite/Sqlite";
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
  /** Versions of the tables: those that are there, 0 where there are none, and those of this program. */
  readonly status: Effect.Effect<{ readonly current: number; readonly latest: number }, StoreUnavailable>;
  /** Copies it to a file that does not exist yet, and checks the copy; absent where the database has tools of its own. */
  readonly backup?: (
    file: string,
    progress: (done: number, of: number) => void,
  ) => Effect.Effect<Sqlite.Copied, StoreUnavailable>;
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
        status: Sqlite.status(options),
        backup: (file, progress) => Sqlite.backup(options, file, progress),
        migrate: Sqlite.migrate(options),
      };
    },
  );
