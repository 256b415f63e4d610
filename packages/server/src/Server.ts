/**
 * The HTTP server.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Batches } from "@cadastre/core/Batches";
import type { Deliveries } from "@cadastre/core/Deliveries";
import type { Entities } from "@cadastre/core/Entities";
import type { Events } from "@cadastre/core/Events";
import type { Facets } from "@cadastre/core/Facets";
import type { Graphs } from "@cadastre/core/Graphs";
import type { Histories } from "@cadastre/core/Histories";
import type { Jobs } from "@cadastre/core/Jobs";
import type { Metrics } from "@cadastre/core/Metrics";
import type { Subscriptions } from "@cadastre/core/Subscriptions";
import type { Tokens } from "@cadastre/core/Tokens";
import type { HealthCheck } from "@cadastre/domain/HealthCheck";
import type { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as BatchesEndpoints from "./Batches.ts";
import * as DeliveriesEndpoints from "./Deliveries.ts";
import * as DocumentationEndpoints from "./Documentation.ts";
import * as EntitiesEndpoints from "./Entities.ts";
import * as EventsEndpoints from "./Events.ts";
import * as FacetsEndpoints from "./Facets.ts";
import * as GraphsEndpoints from "./Graphs.ts";
import * as HealthEndpoints from "./Health.ts";
import * as HistoriesEndpoints from "./Histories.ts";
import type { StreamLimits } from "./internal/eventStream.ts";
import * as Guard from "./internal/guard.ts";
import type { Limits } from "./internal/limits.ts";
import * as Listener from "./internal/listener.ts";
import type { Quota } from "./internal/quotas.ts";
import * as Quotas from "./internal/quotas.ts";
import * as RawErrors from "./internal/rawErrors.ts";
import * as JobsEndpoints from "./Jobs.ts";
import * as Mcp from "./Mcp.ts";
import * as MetricsEndpoint from "./Metrics.ts";
import * as Routes from "./Routes.ts";
import * as SubscriptionsEndpoints from "./Subscriptions.ts";
import * as TokensEndpoints from "./Tokens.ts";
import type { TrustedProxies } from "./TrustedProxies.ts";

export interface ServerOptions {
  /** Address to bind; on a loopback address only requests addressed to loopback are taken. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Of the program, as `/` tells it. */
  readonly version: string;
  /** Names by which a server bound to loopback may be addressed besides `localhost`, as behind a proxy. */
  readonly hostnames?: ReadonlyArray<string> | undefined;
  /** How often one may ask; undefined: as often as one likes. */
  readonly rates?: Quota | undefined;
  /** Whose word is taken for where a request came from; undefined: nobody's. */
  readonly proxies?: TrustedProxies | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  /** What agents find at `/mcp`; undefined: all that their tokens allow, without sessions. */
  readonly mcp?: Mcp.Settings | undefined;
  /** Who may read `/metrics`; undefined: who has a token for it. */
  readonly metrics?: MetricsEndpoint.Access | undefined;
}

interface ServerLimits extends Limits, StreamLimits, Mcp.McpLimits {
  /** For the header of a request to arrive. */
  readonly headers: Duration.Duration;
  /** For which an idle connection is kept. */
  readonly keepAlive: Duration.Duration;
  /** For requests to end when the server shuts down. */
  readonly shutdown: Duration.Duration;
}

const defaultLimits: ServerLimits = {
  requests: 500,
  body: 1024 * 1024,
  headers: Duration.seconds(5),
  request: Duration.seconds(15),
  idle: Duration.seconds(30),
  keepAlive: Duration.seconds(60),
  shutdown: Duration.seconds(10),
  streams: 100,
  stream: Duration.minutes(15),
  heartbeat: Duration.seconds(15),
  sessions: 500,
  session: Duration.minutes(30),
};

/** Where the server listens. */
export class ServerAddress extends Context.Tag("@cadastre/server/ServerAddress")<
  ServerAddress,
  { readonly host: string; readonly port: number; readonly url: string }
>() {}

/** The address cannot be bound: it is in use, forbidden or none of this machine's. */
export class ServeError extends Data.TaggedError("ServeError")<{
  readonly message: string;
  readonly cause: unknown;
}> {}

export type Requirements =
  | Entities
  | Batches
  | Facets
  | Graphs
  | Histories
  | Events
  | Subscriptions
  | Deliveries
  | Jobs
  | Metrics
  | Tokens
  | IdentityProvider
  | HealthCheck;

/**
 * Listens when, and only when, everything that requests need is there; when the scope closes it stops accepting, ends idle
 * connections and streams of events, lets open requests end for `limits.shutdown` and cuts off the rest, all before what it requires is closed.
 */
export const layer = (options: ServerOptions): Layer.Layer<ServerAddress, ServeError, Requirements> =>
  Layer.scoped(ServerAddress, make(options));

const make = Effect.fnUntraced(function* (options: ServerOptions) {
  const limits = { ...defaultLimits, ...options.limits };
  let draining = false;
  const isDraining = () => draining;
  const shutdown = yield* Effect.makeLatch();
  const clock = yield* Effect.clock;

  const handlers: Routes.Handlers = {
    entities: yield* EntitiesEndpoints.handlers,
    batches: yield* BatchesEndpoints.handlers,
    facets: yield* FacetsEndpoints.handlers,
    graphs: yield* GraphsEndpoints.handlers,
    histories: yield* HistoriesEndpoints.handlers,
    events: yield* EventsEndpoints.handlers({ limits, draining: shutdown.await }),
    subscriptions: yield* SubscriptionsEndpoints.handlers,
    deliveries: yield* DeliveriesEndpoints.handlers,
    jobs: yield* JobsEndpoints.handlers,
    tokens: yield* TokensEndpoints.handlers,
    health: yield* HealthEndpoints.handlers(isDraining),
    documentation: yield* DocumentationEndpoints.handlers(options.version),
  };
  const mcp = yield* Mcp.routes({
    version: options.version,
    settings: options.mcp ?? Mcp.defaultSettings,
    limits,
    draining: shutdown.await,
  });
  const metrics = yield* MetricsEndpoint.routes(options.metrics ?? "token", options.version);
  const listener = yield* Listener.make({
    router: Routes.router(handlers, [...mcp, ...metrics]),
    guard: Guard.make(options.host, options.hostnames ?? []),
    quotas: Quotas.make({
      rates: options.rates ?? {},
      proxies: options.proxies,
      now: () => clock.unsafeCurrentTimeMillis(),
    }),
    limits,
    isDraining,
  });
  const server = createServer(
    {
      headersTimeout: Duration.toMillis(limits.headers),
      keepAliveTimeout: Duration.toMillis(limits.keepAlive),
      requestTimeout: 0, // the listener has its own, which lets streamed bodies take their time
      connectionsCheckingInterval: 1_000, // node looks for late headers only every 30 s otherwise
      maxHeaderSize: 16 * 1024,
      requireHostHeader: false, // node would answer without a body
    },
    listener.onRequest,
  );
  RawErrors.attach(server);

  yield* Effect.acquireRelease(listen(server, options), () =>
    Effect.suspend(() => {
      draining = true;
      return Effect.zipRight(shutdown.open, close(server, listener, limits.shutdown));
    }),
  );
  return addressOf(server, options.host);
});

/** Connections that wait to be taken, if the kernel allows as many; beyond node's 511 a crowd would be let wait for seconds. */
const BACKLOG = 4096;

const listen = (server: Server, { host, port }: ServerOptions): Effect.Effect<void, ServeError> =>
  Effect.async((resume) => {
    const onError = (cause: Error) =>
      resume(Effect.fail(new ServeError({ message: `cannot listen on ${host}:${port}: ${cause.message}`, cause })));
    server.once("error", onError);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off("error", onError);
      resume(Effect.void);
    });
  });

const addressOf = (server: Server, host: string): ServerAddress["Type"] => {
  const { port } = server.address() as AddressInfo; // not a pipe: it listens on host and port
  return { host, port, url: `http://${host.includes(":") ? `[${host}]` : host}:${port}` };
};

const close = Effect.fnUntraced(function* (server: Server, listener: Listener.Listener, grace: Duration.Duration) {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  yield* Effect.timeoutOption(Effect.interruptible(listener.idle), grace);
  server.closeAllConnections();
  yield* Fiber.interruptAll(listener.fibers);
  yield* Effect.promise(() => closed);
});
