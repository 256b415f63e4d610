import * as Meter from "@cadastre/domain/Meter";
import type * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type pg from "pg";

const connections = Meter.gauge("cadastre_postgres_connections", "Connections of the pool by state: idle or in use.", [
  "state",
]);

const waiting = Meter.gauge("cadastre_postgres_waiting", "Calls that wait for a connection.");

const most = Meter.gauge("cadastre_postgres_connections_max", "Connections that the pool may have.");

/** Tells of the pool until the scope is closed. */
export const watch = (pool: pg.Pool, size: number): Effect.Effect<void, never, Scope.Scope> =>
  Meter.beforeRead(() => {
    connections.set(pool.totalCount - pool.idleCount, "in_use");
    connections.set(pool.idleCount, "idle");
    waiting.set(pool.waitingCount);
    most.set(size);
  });
