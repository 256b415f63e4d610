/**
 * The ports of the store, kept in memory: for tests, and as the plainest statement of what the ports promise. Values go
 * through JSON, as in any database.
 */
import { Archive } from "@cadastre/domain/Archive";
import { Diagnosis } from "@cadastre/domain/Diagnosis";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { FacetStore } from "@cadastre/domain/Facets";
import { EntityGraph } from "@cadastre/domain/Graph";
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import { Spool } from "@cadastre/domain/Spool";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Stores } from "@cadastre/sql/Stores";
import * as Wakeups from "@cadastre/sql/Wakeups";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Stream from "effect/Stream";
import * as archive from "./internal/archive.ts";
import * as database from "./internal/database.ts";
import * as entityGraph from "./internal/entityGraph.ts";
import * as entityStore from "./internal/entityStore.ts";
import * as eventLog from "./internal/eventLog.ts";
import * as facetStore from "./internal/facetStore.ts";
import * as tokenStore from "./internal/tokenStore.ts";

/** An empty catalog. Transactions run one at a time, and calls outside of one wait until it ends. */
export const layer: Layer.Layer<Stores> = Layer.merge(
  Wakeups.layer,
  Layer.effectContext(
    Effect.sync(() => {
      const tables = database.make();
      return Context.empty().pipe(
        Context.add(EntityStore, entityStore.make(tables)),
        Context.add(EventLog, eventLog.make(tables)),
        Context.add(FacetStore, facetStore.make(tables)),
        Context.add(EntityGraph, entityGraph.make(tables)),
        Context.add(TokenStore, tokenStore.make(tables)),
        Context.add(UnitOfWork, { transact: tables.transact }),
        Context.add(HealthCheck, { ping: Effect.void }),
        Context.add(Archive, archive.make(tables)),
        Context.add(Diagnosis, { examine: Stream.empty }),
      );
    }),
  ),
);

export const layerSpool: Layer.Layer<Spool> = Layer.succeed(Spool, {
  make: Effect.sync(() => {
    const lines: Array<string> = [];
    return {
      append: (more: ReadonlyArray<string>) =>
        Effect.sync(() => {
          for (const line of more) lines.push(line);
        }),
      lines: Stream.fromIterable(lines),
    };
  }),
});
