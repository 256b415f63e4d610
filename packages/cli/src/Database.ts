/**
 * The database that the settings choose: what its adapter can do, with those settings. The one place that tells databases
 * apart; an adapter is loaded when it is chosen.
 */
import { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Stores } from "@cadastre/sql/Stores";
import type * as Sqlite from "@cadastre/sqlite/Sqlite";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import type { Config } from "./Config.ts";
import * as PasswordFile from "./internal/passwordFile.ts";
import * as PostgresUrl from "./internal/postgresUrl.ts";

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
  Option.match(config.postgres, { onNone: () => sqlite(config), onSome: (url) => postgres(config, url) });

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

const postgres = (config: Config, given: Redacted.Redacted): Effect.Effect<Database> =>
  Effect.gen(function* () {
    const { url, Postgres } = yield* Effect.all({
      url: PasswordFile.complete(given),
      Postgres: Effect.promise(() => import("@cadastre/postgres/Postgres")),
    });
    const options = {
      url,
      poolSize: config.postgresPoolSize,
      idleTimeout: config.postgresIdleTimeout,
      maxLifetime: config.postgresMaxLifetime,
      connectTimeout: config.postgresConnectTimeout,
      statementTimeout: config.postgresStatementTimeout,
      idleInTransactionTimeout: config.postgresIdleInTransactionTimeout,
      migrate: config.migrate,
    };
    const hasPassword = PostgresUrl.hasPassword(Redacted.value(url));
    const named = (error: StoreUnavailable) =>
      new StoreUnavailable({
        message: `the database ${config.database} cannot be used: ${error.message}${
          Postgres.isUnauthenticated(error) && !hasPassword ? NO_PASSWORD : ""
        }`,
        cause: error.cause,
      });
    return {
      layer: Layer.mapError(Postgres.layer(options), named),
      // Replicas share it.
      claim: Effect.void,
      status: Effect.mapError(Postgres.status(options), named),
      migrate: Effect.mapError(Postgres.migrate(options), named),
    };
  });

const NO_PASSWORD =
  "; its URL has no password: set PGPASSWORD, put one into ~/.pgpass, or give the whole URL in CADASTRE_DATABASE_URL";
