import { request } from "node:http";
import { connect } from "node:net";
import { Entities } from "@cadastre/core/Entities";
import { describe, expect, it } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import { component, eventually, start } from "./harness.ts";

const SOMEBODY = "/v1/entities/ent_00000000-0000-7000-8000-000000000000";

/** A server with a scope of its own. */
const stoppable = (...options: Parameters<typeof start>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make();
    const running = yield* Scope.extend(start(...options), scope);
    return { ...running, stop: Scope.close(scope, Exit.void) };
  });

/** Entities whose `get` waits to be let go. */
const gated = Effect.gen(function* () {
  const entered = yield* Deferred.make<void>();
  const gate = yield* Deferred.make<void>();
  const get = () =>
    Deferred.succeed(entered, undefined).pipe(
      Effect.zipRight(Deferred.await(gate)),
      Effect.as({ uid: "x" as never, revision: 1, json: '{"kind":"Slow"}' }),
    );
  const layer = Layer.succeed(Entities, { get } as unknown as Entities["Type"]);
  return { layer, entered: Deferred.await(entered), open: Deferred.succeed(gate, undefined) };
});

/** Ends when the port is closed. */
const refusesConnections = async (url: string) => {
  while (
    await fetch(`${url}/v1/health/live`).then(
      () => true,
      () => false,
    )
  );
};

describe("the server", () => {
  it.scopedLive("tells where it listens and what it is", () =>
    Effect.gen(function* () {
      const { url, call } = yield* start();
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      const index = yield* Effect.promise(() => call("GET", "/", { headers: { authorization: "" } }));
      expect(index.body).toEqual({
        name: "cadastre",
        version: "1.2.3",
        docs: "/docs",
        openapi: "/openapi.json",
        health: "/v1/health",
      });
      const docs = yield* Effect.promise(() => call("GET", "/docs"));
      expect(docs.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(docs.headers.get("content-security-policy")).toMatch(/default-src 'none'.*sha256-/);
      expect((yield* Effect.promise(() => call("GET", "/openapi.json"))).body.openapi).toBe("3.1.0");
    }),
  );

  it.scopedLive("says why it cannot listen", () =>
    Effect.gen(function* () {
      const { port } = yield* start();
      const error = yield* Effect.flip(start({ port }));
      expect(error).toMatchObject({ _tag: "ServeError", message: expect.stringContaining("EADDRINUSE") });
    }),
  );

  it.scopedLive("answers HEAD as GET without the body", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const get = yield* Effect.promise(() => call("GET", "/v1/health"));
      const head = yield* Effect.promise(() => call("HEAD", "/v1/health"));
      expect([head.status, head.text]).toEqual([200, ""]);
      expect(head.headers.get("content-length")).toBe(String(get.text.length));
    }),
  );

  it.scopedLive("gives every request an id: the caller's if it is harmless, else a new one", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const id = async (given: string) =>
        (await call("GET", "/v1/health", { headers: { "x-request-id": given } })).headers.get("x-request-id");
      expect(yield* Effect.promise(() => id("build/42:a"))).toBe("build/42:a");
      for (const bad of ["a b", '"', "x".repeat(129)]) {
        expect(yield* Effect.promise(() => id(bad))).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
      }
    }),
  );

  it.scopedLive("logs one entry for each request, by level, with the route and never the secret", () =>
    Effect.gen(function* () {
      const { call, log, token } = yield* start();
      const created = yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("a") }));
      yield* Effect.promise(() => call("GET", `/v1/entities/${created.body.metadata.uid}`));
      yield* Effect.promise(() => call("GET", `/nowhere?secret=${token}`));
      expect(log.map(({ level, fields: { cause: _, ms, requestId, ...fields } }) => ({ level, ...fields }))).toEqual([
        {
          level: "INFO",
          method: "POST",
          route: "/v1/entities",
          status: 201,
          bytes: created.text.length,
          principal: "token:admin",
        },
        {
          level: "INFO",
          method: "GET",
          route: "/v1/entities/:uid",
          status: 200,
          bytes: created.text.length,
          principal: "token:admin",
        },
        { level: "WARN", method: "GET", route: "-", status: 404, bytes: expect.any(Number), principal: "-" },
      ]);
      expect(JSON.stringify(log)).not.toContain(token);
    }),
  );

  it.scopedLive("bound to loopback may be addressed by the names that it was given", () =>
    Effect.gen(function* () {
      const { raw } = yield* start({ hostnames: ["catalog.example"] });
      const status = (host: string, more = "") =>
        Effect.promise(async () =>
          (await raw(`GET /v1/health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`)).slice(9, 12),
        );
      for (const host of [
        "localhost",
        "LOCALHOST:80",
        "127.0.0.1:1",
        "[::1]:80",
        "catalog.example",
        "Catalog.Example:443",
      ]) {
        expect(yield* status(host), host).toBe("200");
      }
      for (const host of [
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "catalog.example.evil",
        "10.0.0.1",
        "::1",
      ]) {
        expect(yield* status(host), host).toBe("403");
      }
      expect(yield* status("localhost:80", "Origin: http://localhost:80\r\n")).toBe("200");
      for (const origin of ["http://localhost:81", "http://evil.example", "null"]) {
        expect(yield* status("localhost:80", `Origin: ${origin}\r\n`), origin).toBe("403");
      }
    }),
  );
});

describe("the shutdown", () => {
  it.live("lets requests end, refuses new ones, and takes no longer than they do", () =>
    Effect.gen(function* () {
      const gate = yield* gated;
      const { call, port, url, stop } = yield* stoppable({}, gate.layer);
      const idle = connect(port, "127.0.0.1");
      const ended = new Promise((resolve) => idle.on("close", resolve));
      idle.write("GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
      yield* Effect.promise(() => new Promise((resolve) => idle.once("data", resolve)));

      const slow = call("GET", SOMEBODY);
      yield* gate.entered;
      const stopping = yield* Effect.fork(stop);
      yield* Effect.promise(() => ended); // an idle connection ends at once
      yield* Effect.promise(() => refusesConnections(url));
      yield* gate.open;
      const reply = yield* Effect.promise(() => slow);
      expect(reply).toMatchObject({ status: 200, text: '{"kind":"Slow"}' });
      expect(reply.headers.get("connection")).toBe("close");
      yield* Fiber.join(stopping);
    }),
  );

  it.live("turns readiness to 503 for those who are still connected", () =>
    Effect.gen(function* () {
      const gate = yield* gated;
      const { call, port, url, stop } = yield* stoppable({}, gate.layer);
      const probe = connect(port, "127.0.0.1");
      yield* Effect.promise(() => new Promise((resolve) => probe.once("connect", resolve)));
      const slow = call("GET", SOMEBODY);
      yield* gate.entered;
      const stopping = yield* Effect.fork(stop);
      yield* Effect.promise(() => refusesConnections(url));
      const reply = new Promise((resolve) => probe.once("data", (data) => resolve(String(data))));
      probe.write("GET /v1/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
      expect(yield* Effect.promise(() => reply)).toMatch(/^HTTP\/1.1 503 /);
      yield* gate.open;
      expect((yield* Effect.promise(() => slow)).status).toBe(200);
      yield* Fiber.join(stopping);
    }),
  );

  it.live("does not wait for the answers to pipelined requests whose client is gone", () =>
    Effect.gen(function* () {
      const gate = yield* gated;
      const { port, token, stop, log } = yield* stoppable({}, gate.layer);
      const get = `GET ${SOMEBODY} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
      const socket = connect(port, "127.0.0.1");
      socket.write(get.repeat(3));
      yield* gate.entered;
      socket.destroy();
      yield* Effect.promise(() => eventually(() => log.length === 3));
      expect(log.map(({ fields }) => fields["status"])).toEqual([499, 499, 499]);
      yield* stop;
    }),
  );

  it.live("cuts off what does not end in its grace, and interrupts it", () =>
    Effect.gen(function* () {
      const gate = yield* gated;
      const { call, stop } = yield* stoppable({ limits: { shutdown: Duration.millis(50) } }, gate.layer);
      const slow = call("GET", SOMEBODY).catch((error: Error) => error.message);
      yield* gate.entered;
      yield* stop;
      expect(yield* Effect.promise(() => slow)).toBe("fetch failed");
    }),
  );

  it.live("is not held up by a connection that never asked for anything", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* stoppable();
      const socket = connect(port, "127.0.0.1");
      yield* Effect.promise(() => new Promise((resolve) => socket.once("connect", resolve)));
      const ended = new Promise((resolve) => socket.on("close", resolve));
      yield* stop;
      yield* Effect.promise(() => ended);
    }),
  );
});

describe("the start", () => {
  it.live("leaves no request unanswered, however early it comes", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* stoppable();
      yield* stop;
      const outcomes: Array<Promise<string>> = [];
      const knock = () =>
        new Promise<string>((resolve) => {
          const call = request({ host: "127.0.0.1", port, path: "/v1/health", agent: false }, (response) => {
            response.resume();
            response.on("end", () => resolve(String(response.statusCode)));
          });
          call.on("error", () => resolve("refused"));
          call.end();
        });
      const timer = setInterval(() => outcomes.push(knock()), 1);
      const scope = yield* Scope.make();
      yield* Effect.forkDaemon(Scope.extend(start({ port }), scope));
      yield* Effect.promise(async () => {
        let answers = 0;
        while (answers < 50) if ((await knock()) === "200") answers += 1;
      });
      clearInterval(timer);
      const all = yield* Effect.promise(() => Promise.all(outcomes));
      expect(new Set(all)).toEqual(
        new Set([...new Set(all)].filter((outcome) => ["200", "refused"].includes(outcome))),
      );
      yield* Scope.close(scope, Exit.void);
    }),
  );
});
