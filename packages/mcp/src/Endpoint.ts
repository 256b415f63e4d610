/**
 * What answers at `/mcp`: the current revision, without a session, and those of 2025, with one or without. To be imported
 * when it is first asked: it brings the SDK along.
 */
import type { Events } from "@cadastre/core/Events";
import type { InvalidInput, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import { Caller } from "@cadastre/domain/Principal";
import { createMcpHandler, InMemoryServerEventBus, isLegacyRequest } from "@modelcontextprotocol/server";
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Runtime from "effect/Runtime";
import type * as Scope from "effect/Scope";
import * as Feed from "./internal/feed.ts";
import * as Invocations from "./internal/invocation.ts";
import * as Observation from "./internal/observation.ts";
import * as Protocol from "./internal/protocol.ts";
import * as Sessions from "./internal/sessions.ts";
import { type Narrowing, narrowingOf, type Surface, visible } from "./Surface.ts";

export interface Options {
  /** Of the program. */
  readonly version: string;
  readonly surface: Surface;
  /** What the operator leaves of it. */
  readonly narrowing: Narrowing;
  /** Sessions for the revisions of 2025; undefined: none. */
  readonly sessions: Sessions.SessionLimits | undefined;
  /** The most that one call may take. */
  readonly timeout: Duration.Duration;
  /** Streams of notifications that are open at a time. */
  readonly streams: number;
  /** Ends when the streams of notifications are to end; calls go on until the scope closes. */
  readonly draining: Effect.Effect<void>;
}

export interface Incoming {
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  /** Text of the body; undefined: none. */
  readonly body: string | undefined;
}

export interface Endpoint {
  /**
   * The answer to a request, as the SDK gives it. What belongs to the request lasts until the scope closes: that has to be
   * after the body of the answer was read. A scope that closes before cancels the call where the revision says so.
   */
  readonly handle: (
    incoming: Incoming,
  ) => Effect.Effect<Response, InvalidInput | PermissionDenied | StoreUnavailable, Caller | Scope.Scope>;
}

export const make = (options: Options): Effect.Effect<Endpoint, never, Events | Scope.Scope> =>
  Effect.gen(function* () {
    const { surface, narrowing, streams } = options;
    const runFork = Runtime.runFork(yield* Effect.runtime());
    const onerror = (error: Error) => void runFork(Effect.logDebug("MCP: a request was refused", error));
    const bus = new InMemoryServerEventBus(onerror);
    const invocations = yield* Invocations.make;
    const listen = yield* Feed.make(bus);
    const makeServer = Protocol.make({ version: options.version, timeout: options.timeout, invocations });

    const handler = (legacy: "stateless" | "reject") =>
      Effect.acquireRelease(
        Effect.sync(() =>
          createMcpHandler(({ era, authInfo }) => makeServer(authInfo, { notifies: era === "modern" }), {
            bus,
            legacy,
            onerror,
            maxSubscriptions: streams,
          }),
        ),
        (it) => Effect.promise(() => it.close()),
      );
    const calls = yield* handler(options.sessions === undefined ? "stateless" : "reject");
    // Apart from the calls, so that it can be closed, which ends the streams in order, while calls are finished.
    const listening = yield* handler("reject");
    const sessions =
      options.sessions === undefined
        ? undefined
        : yield* Sessions.make({ limits: options.sessions, bus, makeServer, onerror });

    let isDraining = false;
    // Interruptible, as what forks it may not be.
    yield* Effect.forkScoped(
      Effect.interruptible(
        Effect.zipRight(
          options.draining,
          Effect.suspend(() => {
            isDraining = true;
            return Effect.zipRight(
              Effect.promise(() => listening.close()),
              sessions?.endStreams ?? Effect.void,
            );
          }),
        ),
      ),
    );

    return {
      handle: Effect.fnUntraced(function* ({ method, headers, body }: Incoming) {
        const caller = yield* Caller;
        const asked = yield* narrowingOf(headers);
        const authInfo = invocations.register({
          caller,
          surface: visible(surface, caller.principal, [narrowing, asked]),
          runtime: yield* Effect.runtime<Caller>(),
        });
        const controller = yield* Effect.acquireRelease(
          Effect.sync(() => new AbortController()),
          (it) => Effect.sync(() => it.abort()),
        );
        const request = new Request("http://localhost/mcp", {
          method,
          headers,
          signal: controller.signal,
          ...(body === undefined ? {} : { body }),
        });
        const parsedBody = body === undefined ? undefined : parse(body);
        const isSession = sessions !== undefined && (yield* Effect.promise(() => isLegacyRequest(request, parsedBody)));
        const isStream = isSession ? method === "GET" : methodOf(parsedBody) === "subscriptions/listen";
        if (isStream) {
          if (isDraining) return SHUTTING_DOWN();
          yield* listen;
          yield* Observation.streaming;
        }
        if (isSession) return yield* sessions.handle(request, parsedBody, authInfo);
        const { fetch } = isStream ? listening : calls;
        return yield* Effect.promise(() =>
          fetch(request, { authInfo, ...(parsedBody === undefined ? {} : { parsedBody }) }),
        );
      }),
    };
  });

/** Undefined where it is no JSON: the SDK words the refusal. */
const parse = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const methodOf = (body: unknown): unknown =>
  typeof body === "object" && body !== null && "method" in body ? body.method : undefined;

const SHUTTING_DOWN = (): Response =>
  Response.json(
    { jsonrpc: "2.0", error: { code: -32000, message: "The server is shutting down: listen again" }, id: null },
    { status: 503, headers: { "retry-after": "1" } },
  );
