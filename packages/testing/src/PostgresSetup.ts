/**
 * For vitest's `globalSetup`: a server of each version while tests run. All packages of a run share them.
 */
import type { TestProject } from "vitest/node";
import { startServer, VERSIONS } from "./PostgresServer.mjs";

interface Shared {
  users: number;
  readonly servers: Promise<ReadonlyArray<Awaited<ReturnType<typeof startServer>>>>;
}

declare global {
  // Each package evaluates this module for itself, in the one process of the run.
  var cadastrePostgresServers: Shared | undefined;
}

/**
 * Every test process has a pool or some of its own. Statistics that the server takes while a database is being emptied would
 * mislead it about what the next test puts in, so it takes none by itself.
 */
const SETTINGS = { max_connections: "500", autovacuum_naptime: "86400" };

const startAll = () => Promise.all(VERSIONS.map((version) => startServer(version, { settings: SETTINGS })));

export default async ({ provide }: TestProject) => {
  globalThis.cadastrePostgresServers ??= { users: 0, servers: startAll() };
  const shared = globalThis.cadastrePostgresServers;
  shared.users += 1;
  const servers = await shared.servers;
  provide("postgres", Object.fromEntries(servers.map((server) => [server.version, server.url("")])));
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    globalThis.cadastrePostgresServers = undefined;
    await Promise.all(servers.map((server) => server.remove()));
  };
};
