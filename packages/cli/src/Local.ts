/**
 * The use cases on the database itself, without HTTP between: what the daemon serves and what the `admin` commands use.
 */

import { randomUUID } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import * as UseCases from "@cadastre/core/UseCases";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Identifiers } from "@cadastre/domain/Identifiers";
import { Caller, type Via } from "@cadastre/domain/Principal";
import * as Expressions from "@cadastre/expressions/Expressions";
import * as NodeIdentifiers from "@cadastre/server/Identifiers";
import * as SpoolFiles from "@cadastre/server/SpoolFiles";
import type { Stores } from "@cadastre/sql/Stores";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import type { Config } from "./Config.ts";
import * as Database from "./Database.ts";
import * as Failure from "./Failure.ts";

export type Services = UseCases.UseCases | Identifiers | Stores;

/** The store is outermost: opened before anything that uses it, and closed after. */
export const layer = (config: Config): Layer.Layer<Services, Failure.Failure> => on(Database.of(config));

/** As {@link layer}, for the daemon: a database that only one can serve is claimed before it is opened. */
export const layerDaemon = (config: Config): Layer.Layer<Services, Failure.Failure> =>
  on(Effect.tap(Database.of(config), ({ claim }) => claim));

const on = (database: Effect.Effect<Database.Database, StoreUnavailable, Scope.Scope>) =>
  UseCases.layer.pipe(
    Layer.provide(SpoolFiles.layer({ directory: tmpdir() })),
    Layer.provide(Expressions.layer),
    Layer.provideMerge(NodeIdentifiers.layer),
    Layer.provideMerge(Layer.unwrapScoped(Effect.map(database, ({ layer }) => layer))),
    Layer.mapError(Failure.ofDomain),
  );

/** Whoever has the database's file in hand may do everything with it: the operating system has let them in. */
export const asOperator = (via: Via) =>
  Effect.provideServiceEffect(
    Caller,
    Effect.sync(() => ({
      principal: { id: `cli:${userName()}`, scopes: new Set(["admin"] as const) },
      requestId: randomUUID(),
      via,
    })),
  );

/** A container may run under a number that has no name. */
const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
};
