/**
 * The composition root of `cadastre daemon`.
 */
import { hostname } from "node:os";
import * as Meter from "@cadastre/domain/Meter";
import * as ScopeRule from "@cadastre/identity/ScopeRule";
import { TOOLSETS } from "@cadastre/mcp/Toolset";
import * as RateLimit from "@cadastre/server/RateLimit";
import * as Server from "@cadastre/server/Server";
import * as Callbacks from "@cadastre/workers/Callbacks";
import * as Dispatcher from "@cadastre/workers/Dispatcher";
import * as Maintenance from "@cadastre/workers/Maintenance";
import * as Arr from "effect/Array";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import manifest from "../package.json" with { type: "json" };
import type { Config } from "./Config.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Failure from "./Failure.ts";
import * as Local from "./Local.ts";
import * as Log from "./Log.ts";
import type { Output } from "./Output.ts";
import { Signal } from "./Signal.ts";
import * as Startup from "./Startup.ts";
import * as Tracing from "./Tracing.ts";

/** Serves until the signal; then everything is closed in the order of its dependence. */
export const run = (config: Config): Effect.Effect<void, Failure.Failure, Output | Signal> =>
  Effect.flatMap(Signal, ({ awaited }) => {
    if (config.metrics === "off") Meter.switchOff();
    return Effect.raceFirst(Layer.launch(layer(config)), awaited);
  });

const layer = (config: Config) =>
  Startup.announcement(config).pipe(
    Layer.provide(Layer.provide(server(config), identities(config))),
    // Stopped after the server: what its last requests enqueue is finished, released or left for the next start.
    Layer.provide(workers),
    Layer.provide(Startup.firstToken(config)),
    Layer.provide(Local.layerDaemon(config)),
    Layer.provide(Tracing.layer),
    Layer.provide(Log.layer(config)),
  );

/** What is done besides answering requests. */
const workers = Layer.unwrapEffect(
  Effect.sync(() => {
    const worker = `${hostname()}:${process.pid}`;
    return Layer.mergeAll(
      Dispatcher.layer,
      Callbacks.layer({ worker, concurrency: 256, perSubscription: 4 }),
      Maintenance.layer(worker),
    );
  }),
);

/** Who callers are: holders of the catalog's own tokens, and of an issuer's if there is one. */
const identities = (config: Config) =>
  config.oidcIssuer === ""
    ? Layer.empty
    : Layer.unwrapEffect(
        Effect.map(
          Effect.promise(() => import("@cadastre/identity/Oidc")),
          ({ layer }) =>
            layer({
              issuer: config.oidcIssuer,
              audiences: config.oidcAudience,
              algorithms: config.oidcAlgorithms,
              clockSkew: Duration.millis(config.oidcClockSkew),
              nameClaim: config.oidcName,
              // They were checked when they were read.
              scopes: Arr.getRights(config.oidcScopes.map(ScopeRule.parse)),
            }),
        ),
      );

const server = (config: Config) => {
  const { host, port, hostnames, metrics, mcpReadOnly, mcpToolsets, mcpSessions } = config;
  return Server.layer({
    host,
    port,
    hostnames,
    // They were checked when they were read.
    rates: {
      principal: RateLimit.parse(config.rateLimit) ?? undefined,
      address: RateLimit.parse(config.rateLimitAnonymous) ?? undefined,
    },
    proxies: { addresses: config.trustedProxies, header: config.proxyHeader },
    limits: { requests: config.maxRequests, streams: config.maxStreams },
    version: manifest.version,
    metrics,
    mcp: { readOnly: mcpReadOnly, toolsets: toolsetsOf(mcpToolsets), sessions: mcpSessions },
  }).pipe(
    Layer.mapError(({ message, cause }) => {
      const code = (cause as NodeJS.ErrnoException).code ?? ""; // what node:net ends with
      return new Failure.Failure({
        exit: ExitCode.local,
        ...(CAUSES[code]?.(host, port) ?? { message: `${message}.` }),
      });
    }),
  );
};

/** The setting has let no other words through. */
const toolsetsOf = (setting: string) => {
  const names = setting.split(",").map((name) => name.trim());
  return setting === "all" ? undefined : TOOLSETS.filter((toolset) => names.includes(toolset));
};

const CAUSES: {
  readonly [code: string]: (host: string, port: number) => { readonly message: string; readonly next: string };
} = {
  EADDRINUSE: (host, port) => ({
    message: `Port ${port} of ${host} is in use.`,
    next: "Stop what listens there, or choose another port with --port (0: any free one).",
  }),
  EADDRNOTAVAIL: (host) => ({
    message: `${host} is no address of this machine.`,
    next: "Give one that is with --host, such as 127.0.0.1 or 0.0.0.0 (all).",
  }),
  ENOTFOUND: (host) => ({
    message: `There is no host called ${host}.`,
    next: "Give an address of this machine with --host.",
  }),
  EACCES: (host, port) => ({
    message: `You are not allowed to listen on port ${port} of ${host}.`,
    next: "Ports below 1024 are for the administrator: choose another with --port.",
  }),
};
