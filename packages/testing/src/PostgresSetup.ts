/**
 * For vitest's `globalSetup`: a server of each version while the tests of a package run.
 */
import type { TestProject } from "vitest/node";
import { startServer, VERSIONS } from "./PostgresServer.mjs";

export default async ({ provide }: TestProject) => {
  const servers = await Promise.all(
    // All test files of a package share a server, each with a pool or some of its own.
    VERSIONS.map((version) => startServer(version, { settings: { max_connections: "300" } })),
  );
  provide("postgres", Object.fromEntries(servers.map((server) => [server.version, server.url("")])));
  return async () => {
    await Promise.all(servers.map((server) => server.remove()));
  };
};
