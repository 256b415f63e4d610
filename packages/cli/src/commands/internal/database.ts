import * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { Config } from "../../Config.ts";
import type * as Failure from "../../Failure.ts";
import * as Local from "../../Local.ts";
import * as Log from "../../Log.ts";
import type { Output } from "../../Output.ts";
import * as Options from "../Options.ts";

export interface Given {
  readonly database: Option.Option<string>;
  readonly migrate: Option.Option<string>;
  readonly sqliteSynchronous: Option.Option<string>;
}

/** The settings that were given for a database. What works on a whole one may take longer than what serves it. */
export const configured = ({ database, migrate, sqliteSynchronous }: Given): Effect.Effect<Config, Failure.Failure> =>
  Effect.map(Options.configured({ database, migrate, sqliteSynchronous }), (config) => ({
    ...config,
    postgresStatementTimeout: Math.max(config.postgresStatementTimeout, HOUR),
    postgresIdleInTransactionTimeout: Math.max(config.postgresIdleInTransactionTimeout, HOUR),
  }));

/** Milliseconds. */
const HOUR = 3_600_000;

/** Runs what works on the database, with the settings that were given. */
export const onDatabase = <A, R>(
  given: Given,
  use: (config: Config) => Effect.Effect<A, Failure.Failure, R>,
): Effect.Effect<A, Failure.Failure, Exclude<R, Local.Services> | Output> =>
  Effect.flatMap(configured(given), (config) =>
    use(config).pipe(
      Effect.provide(Local.layer(config)),
      Effect.provide(Log.layer({ ...config, logFormat: "pretty" })),
    ),
  );
