/**
 * A server on a free port with real use cases, reached over real sockets; over the store in memory, or on Postgres where
 * `vitest.postgres.config.ts` says so.
 */
import { connect } from "node:net";
import { ensureAdminToken } from "@cadastre/core/Bootstrap";
import * as UseCases from "@cadastre/core/UseCases";
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import type * as Ids from "@cadastre/domain/Identifiers";
import type { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import * as Expressions from "@cadastre/expressions/Expressions";
import { backend, type Stores } from "@cadastre/testing/Backends";
import * as Callbacks from "@cadastre/testing/memory/Callbacks";
import * as Memory from "@cadastre/testing/memory/Memory";
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Redacted from "effect/Redacted";
import * as Identifiers from "../src/Identifiers.ts";
import * as Server from "../src/Server.ts";

const BACKEND = process.env["TEST_BACKEND"] ?? "memory";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed if it is JSON; tests look into it as they like. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface Running {
  readonly url: string;
  readonly port: number;
  /** Secret of a token of scope `admin`. */
  readonly token: string;
  /** Log entries, as the server gave them. */
  readonly log: ReadonlyArray<LogEntry>;
  /** With the admin token, unless `init` has an authorization of its own. */
  readonly call: (method: string, path: string, init?: CallInit) => Promise<Reply>;
  /** Sends bytes as they are and gives all that comes back until the connection ends. */
  readonly raw: (bytes: string | Uint8Array, options?: { readonly end?: boolean }) => Promise<string>;
  /** Every entity, inactive ones too, and every token: what must stay the same when a request is refused. */
  readonly contents: () => Promise<string>;
  /** What the server stands on. */
  readonly services: Context.Context<Services | Stores | Ids.Identifiers>;
}

export interface CallInit {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
}

export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export type Services = Server.Requirements;

/** Starts a server; `replace` puts something else in place of some of what it requires. It ends with the scope. */
export const start = Effect.fnUntraced(function* (
  options: Partial<Server.ServerOptions> = {},
  replace:
    | Layer.Layer<never>
    | Layer.Layer<Services>
    | Layer.Layer<IdentityProvider, never, IdentityProvider> = Layer.empty as Layer.Layer<never>,
) {
  const log: Array<LogEntry> = [];
  const logger = Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ logLevel, message, cause }) => {
      const [first, fields] = [message].flat();
      log.push({
        level: logLevel.label,
        message: String(first),
        fields: { ...(fields as object), cause: Cause.pretty(cause, { renderErrorCause: true }) },
      });
    }),
  );
  const stores = Layer.mergeAll(
    backend(BACKEND).layer,
    Memory.layerSpool,
    Identifiers.layer,
    Expressions.layer,
    Callbacks.layer,
  );
  const required = UseCases.layer.pipe(Layer.provideMerge(stores));
  const services = yield* Layer.build(required);
  const replaced = Context.merge(services, yield* Layer.build(Layer.provide(replace, Layer.succeedContext(services))));
  const token = "cad_of_the_harness";
  yield* Effect.provide(ensureAdminToken(Redacted.make(token)), services);
  const built = yield* Layer.build(
    Server.layer({ host: "127.0.0.1", port: 0, version: "1.2.3", ...options }).pipe(
      Layer.provide(Layer.succeedContext(replaced)),
      Layer.provide(logger),
      // As the program is unless it is told to trace.
      Layer.provide(Layer.setTracerEnabled(false)),
    ),
  );
  const { url, port } = Context.get(built, Server.ServerAddress);

  const call: Running["call"] = async (method, path, { headers, body, json, signal } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
      redirect: "manual",
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== "" ? JSON.parse(text) : undefined,
    };
  };

  const raw: Running["raw"] = (bytes, { end = false } = {}) =>
    new Promise((resolve, reject) => {
      let received = "";
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(bytes);
        if (end) socket.end();
      });
      socket.setEncoding("utf8");
      socket.on("data", (chunk) => {
        received += chunk;
      });
      socket.on("close", () => resolve(received));
      socket.on("error", reject);
    });

  const contents = async () =>
    (await call("GET", "/v1/entities?state=active,inactive&limit=1000")).text +
    JSON.stringify(
      (await call("GET", "/v1/tokens")).body.items.map(({ lastUsedAt: _, ...token }: { lastUsedAt?: string }) => token),
    );

  const running: Running = { url, port, token, log, call, raw, contents, services };
  return running;
});

export const component = (name: string, extra: object = {}) => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Component",
  metadata: { name },
  spec: { type: "service", lifecycle: "production", owner: "group:default/checkout" },
  ...extra,
});

/** Until `check` holds; the test's own timeout ends it otherwise. */
export const eventually = async (check: () => boolean): Promise<void> => {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
};

export { HealthCheck };
