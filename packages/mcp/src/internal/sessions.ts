/**
 * Sessions of the 2025 revisions: a server of the SDK each, kept between requests, for clients that cannot do without.
 */
import {
  type AuthInfo,
  type Server,
  type ServerEventBus,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import type * as Scope from "effect/Scope";
import type { Notifying } from "./protocol.ts";

export interface SessionLimits {
  /** Sessions at a time. */
  readonly sessions: number;
  /** For which a session without requests is kept. */
  readonly idle: Duration.Duration;
}

/** Of one caller: the one that was idle for the longest makes room. */
const MAX_OF_CALLER = 50;

/** Resources that one session may subscribe to. */
const MAX_SUBSCRIPTIONS = 1_000;

interface Session {
  readonly id: string;
  /** Whose it is: for others it is not there. */
  readonly caller: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly close: () => void;
  used: number;
  /** Requests that are being answered, the stream of notifications included. */
  open: number;
}

export interface Sessions {
  /** Answers a request of a 2025 revision. `body` is its JSON; undefined where it has none. The session counts as used until the scope closes. */
  readonly handle: (request: Request, body: unknown, authInfo: AuthInfo) => Effect.Effect<Response, never, Scope.Scope>;
  /** Ends the streams of notifications; calls go on. */
  readonly endStreams: Effect.Effect<void>;
}

export interface Options {
  readonly limits: SessionLimits;
  readonly bus: ServerEventBus;
  readonly makeServer: (authInfo: AuthInfo, notifying: Notifying) => Server;
  readonly onerror: (error: Error) => void;
}

export const make = ({ limits, bus, makeServer, onerror }: Options): Effect.Effect<Sessions, never, Scope.Scope> =>
  Effect.gen(function* () {
    /** By id. Those that are being begun too, whose ids none knows yet: they count, and end with the scope. */
    const sessions = new Map<string, Session>();
    const idle = Duration.toMillis(limits.idle);

    const drop = (id: string) => {
      const session = sessions.get(id);
      sessions.delete(id);
      session?.close();
    };

    const sweep = Effect.map(Clock.currentTimeMillis, (now) => {
      for (const [id, { used, open }] of sessions) if (open === 0 && now - used >= idle) drop(id);
    });
    yield* Effect.forkScoped(
      Effect.interruptible(Effect.repeat(sweep, Schedule.spaced(Duration.min(limits.idle, Duration.minutes(1))))),
    );
    yield* Effect.addFinalizer(() => Effect.sync(() => [...sessions.keys()].forEach(drop)));

    /** False: there is no room, and nothing of the caller's own to make it. */
    const makeRoom = (caller: string): boolean => {
      const own = [...sessions].filter(([, session]) => session.caller === caller);
      if (own.length < MAX_OF_CALLER && sessions.size < limits.sessions) return true;
      const [oldest] = own.filter(([, { open }]) => open === 0).sort(([, a], [, b]) => a.used - b.used);
      if (oldest === undefined) return false;
      drop(oldest[0]);
      return true;
    };

    /** A session with its first request. */
    const begin = async (authInfo: AuthInfo, now: number): Promise<Session> => {
      const id = crypto.randomUUID();
      const subscriptions = new Set<string>();
      const server = makeServer(authInfo, {
        notifies: true,
        subscribe: (uri) => {
          if (subscriptions.size < MAX_SUBSCRIPTIONS) subscriptions.add(uri);
        },
        unsubscribe: (uri) => subscriptions.delete(uri),
      });
      const unlisten = bus.subscribe((event) => {
        if (event.kind === "resource_updated") {
          if (subscriptions.has(event.uri)) server.sendResourceUpdated({ uri: event.uri }).catch(onerror);
        } else if (event.kind === "resources_list_changed") {
          server.sendResourceListChanged().catch(onerror);
        }
      });
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => id,
        onsessionclosed: () => drop(id),
      });
      const session: Session = {
        id,
        caller: authInfo.clientId,
        transport,
        close: () => {
          unlisten();
          server.close().catch(onerror);
        },
        used: now,
        open: 1,
      };
      sessions.set(id, session);
      await server.connect(transport);
      closeCancelled(transport);
      return session;
    };

    /** A response of its own, or the session that is to answer, with this request counted. */
    const choose = async (
      request: Request,
      body: unknown,
      authInfo: AuthInfo,
      now: number,
    ): Promise<Response | Session> => {
      const id = request.headers.get("mcp-session-id");
      if (id !== null) {
        const session = sessions.get(id);
        if (session === undefined || session.caller !== authInfo.clientId) return refusal(404, NO_SESSION);
        session.open += 1;
        return session;
      }
      if (!isInitialize(body)) return refusal(400, "Send initialize first, then the Mcp-Session-Id that it gives");
      return makeRoom(authInfo.clientId)
        ? await begin(authInfo, now)
        : refusal(503, "There are too many sessions: try again later");
    };

    const leave = (session: Session) => (now: number) => {
      session.open -= 1;
      session.used = now;
      // The transport refused to initialize it: there is nothing to come back to.
      if (session.transport.sessionId === undefined) drop(session.id);
    };

    return {
      handle: Effect.fnUntraced(function* (request, body, authInfo) {
        const chosen = yield* Effect.acquireRelease(
          Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.promise(() => choose(request, body, authInfo, now))),
          (chosen) => (chosen instanceof Response ? Effect.void : Effect.map(Clock.currentTimeMillis, leave(chosen))),
        );
        if (chosen instanceof Response) return chosen;
        return yield* Effect.promise(() =>
          chosen.transport.handleRequest(request, { authInfo, ...(body === undefined ? {} : { parsedBody: body }) }),
        );
      }),
      endStreams: Effect.sync(() => {
        for (const { transport } of sessions.values()) transport.closeStandaloneSSEStream();
      }),
    };
  });

/** The SDK (2.4.0) answers a cancelled request with nothing, and leaves its stream open for ever. */
const closeCancelled = (transport: WebStandardStreamableHTTPServerTransport): void => {
  const { onmessage } = transport;
  transport.onmessage = (message, extra) => {
    onmessage?.(message, extra);
    if (!("method" in message) || message.method !== "notifications/cancelled") return;
    const id = message.params?.["requestId"];
    if (typeof id === "string" || typeof id === "number") transport.closeSSEStream(id);
  };
};

const NO_SESSION = "Session not found: send initialize again";

const isInitialize = (body: unknown): boolean =>
  typeof body === "object" && body !== null && "method" in body && body.method === "initialize";

/** As the SDK's own transport words its refusals. */
const refusal = (status: number, message: string): Response =>
  Response.json({ jsonrpc: "2.0", error: { code: status === 404 ? -32001 : -32000, message }, id: null }, { status });
