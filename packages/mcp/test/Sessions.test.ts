import { expect, it } from "@effect/vitest";
import { type AuthInfo, InMemoryServerEventBus, Server } from "@modelcontextprotocol/server";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Sessions from "../src/internal/sessions.ts";

const authInfo: AuthInfo = { token: "", clientId: "tok_1", scopes: [] };

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

/** Sessions, and how many servers and listeners there are at the moment. */
const counted = (limit: number) =>
  Effect.gen(function* () {
    const alive = { servers: 0, listeners: 0 };
    const bus = new InMemoryServerEventBus();
    const { subscribe } = bus;
    bus.subscribe = (listener) => {
      const unlisten = subscribe.call(bus, listener);
      alive.listeners += 1;
      return () => {
        alive.listeners -= 1;
        unlisten();
      };
    };
    const sessions = yield* Sessions.make({
      limits: { sessions: limit, idle: Duration.minutes(5) },
      bus,
      makeServer: () => {
        const server = new Server({ name: "test", version: "1" }, { capabilities: {} });
        alive.servers += 1;
        server.onclose = () => {
          alive.servers -= 1;
        };
        return server;
      },
      onerror: () => {},
    });
    /** The status of the answer to an `initialize`, after it was read. */
    const initialize = (body: object = INITIALIZE, accept = "application/json, text/event-stream") =>
      Effect.scoped(
        Effect.gen(function* () {
          const headers = { "content-type": "application/json", accept };
          const request = new Request("http://localhost/mcp", { method: "POST", headers });
          const response = yield* sessions.handle(request, body, authInfo);
          yield* Effect.promise(() => response.text());
          return response.status;
        }),
      );
    return { alive, initialize };
  });

it.scoped("an initialize that is refused leaves nothing behind", () =>
  Effect.gen(function* () {
    const { alive, initialize } = yield* counted(2);
    for (let i = 0; i < 5; i++) {
      expect(yield* initialize(INITIALIZE, "application/json")).toBe(406);
      expect(yield* initialize({ ...INITIALIZE, params: {} })).toBe(400);
      expect(yield* initialize({ ...INITIALIZE, jsonrpc: "1.0" })).toBe(400);
    }
    expect(alive).toEqual({ servers: 0, listeners: 0 });
    expect(yield* initialize()).toBe(200);
    expect(alive).toEqual({ servers: 1, listeners: 1 });
  }),
);

it.scoped("sessions that begin at once are bounded as others are", () =>
  Effect.gen(function* () {
    const { alive, initialize } = yield* counted(2);
    const statuses = yield* Effect.all(
      Array.from({ length: 10 }, () => initialize()),
      { concurrency: "unbounded" },
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(statuses.filter((status) => status === 503)).toHaveLength(8);
    expect(alive).toEqual({ servers: 2, listeners: 2 });
  }),
);

it.effect("the end of the scope ends a session whose initialize is not answered yet", () =>
  Effect.gen(function* () {
    const alive = yield* Effect.scoped(
      Effect.gen(function* () {
        const { alive, initialize } = yield* counted(2);
        yield* Effect.fork(initialize());
        yield* Effect.yieldNow();
        expect(alive).toEqual({ servers: 1, listeners: 1 });
        return alive;
      }),
    );
    expect(alive).toEqual({ servers: 0, listeners: 0 });
  }),
);
