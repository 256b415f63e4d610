/**
 * The use cases on the database itself, without HTTP between: what the daemon serves and what the `admin` commands use.
 */

import { randomUUID } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import * as AllowedTarget from "@cadastre/channels/AllowedTarget";
import * as CallbackChannels from "@cadastre/channels/CallbackChannels";
import * as Vault from "@cadastre/channels/Vault";
import * as UseCases from "@cadastre/core/UseCases";
import type { CallbackChannel } from "@cadastre/domain/CallbackChannel";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Expressions } from "@cadastre/domain/Expressions";
import type { Identifiers } from "@cadastre/domain/Identifiers";
import { Caller, type Via } from "@cadastre/domain/Principal";
import type * as Vaults from "@cadastre/domain/Vault";
import * as Cel from "@cadastre/expressions/Expressions";
import * as NodeIdentifiers from "@cadastre/server/Identifiers";
import * as SpoolFiles from "@cadastre/server/SpoolFiles";
import type { Stores } from "@cadastre/sql/Stores";
import * as Arr from "effect/Array";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import manifest from "../package.json" with { type: "json" };
import type { Config } from "./Config.ts";
import * as Database from "./Database.ts";
import * as Failure from "./Failure.ts";

export type Services = UseCases.UseCases | Identifiers | Expressions | CallbackChannel | Vaults.Vault | Stores;

/** The store is outermost: opened before anything that uses it, and closed after. */
export const layer = (config: Config): Layer.Layer<Services, Failure.Failure> => on(config, Database.of(config));

/** As {@link layer}, for the daemon: a database that only one can serve is claimed before it is opened. */
export const layerDaemon = (config: Config): Layer.Layer<Services, Failure.Failure> =>
  on(
    config,
    Effect.tap(Database.of(config), ({ claim }) => claim),
  );

const on = (config: Config, database: Effect.Effect<Database.Database, StoreUnavailable, Scope.Scope>) =>
  UseCases.layer.pipe(
    Layer.provide(SpoolFiles.layer({ directory: tmpdir() })),
    Layer.provideMerge(Layer.mergeAll(Cel.layer, NodeIdentifiers.layer, callbacks(config))),
    Layer.provideMerge(Layer.unwrapScoped(Effect.map(database, ({ layer }) => layer))),
    Layer.mapError(Failure.ofDomain),
  );

const callbacks = ({ callbackTargets, vault, url, origins }: Config) =>
  Layer.merge(
    CallbackChannels.layer({
      // They were checked when they were read.
      allowed: Arr.getRights(callbackTargets.map(AllowedTarget.parse)),
      // An address that was made up says nothing to others.
      source: origins.url === "default" ? "urn:cadastre" : url,
      userAgent: `cadastre/${manifest.version}`,
    }),
    Vault.layer(vault),
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
