/** What the server does when something behind it, or the client, fails. */
import { connect } from "node:net";
import { Entities } from "@cadastre/core/Entities";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import { describe, expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { component, eventually, start } from "./harness.ts";

const SOMEBODY = "/v1/entities/ent_00000000-0000-7000-8000-000000000000";

/** Entities of which every call does the same. */
const entities = (outcome: Effect.Effect<never, StoreUnavailable>): Layer.Layer<Entities> => {
  const member = () => outcome;
  return Layer.succeed(Entities, {
    get: member,
    list: member,
    create: member,
    put: member,
    patch: member,
    remove: member,
  });
};

describe("a failing use case", () => {
  it.scopedLive("with a defect is answered by a bare request id, logged with its cause, and the server goes on", () =>
    Effect.gen(function* () {
      const defect = entities(Effect.die(new Error("secret: hunter2")));
      const { call, log } = yield* start({}, defect);
      const reply = yield* Effect.promise(() => call("GET", SOMEBODY, { headers: { "x-request-id": "req-1" } }));
      expect(reply).toMatchObject({ status: 500, body: { code: "internal", requestId: "req-1" } });
      expect(reply.text).not.toContain("hunter2");
      const entry = log.find(({ level }) => level === "ERROR");
      expect(String(entry?.fields["cause"])).toContain("hunter2");
      expect((yield* Effect.promise(() => call("GET", "/v1/health"))).status).toBe(200);
    }),
  );

  it.scopedLive("that throws while it is called is a defect too", () =>
    Effect.gen(function* () {
      const thrower = entities(
        Effect.suspend(() => {
          throw new Error("thrown");
        }),
      );
      const { call } = yield* start({}, thrower);
      expect((yield* Effect.promise(() => call("GET", SOMEBODY))).body.code).toBe("internal");
    }),
  );

  it.scopedLive("without its store is a 503 to be tried again, whose cause only the log knows", () =>
    Effect.gen(function* () {
      const cause = new Error("disk I/O error at /var/lib");
      const { call, log } = yield* start(
        {},
        entities(Effect.fail(new StoreUnavailable({ message: "the store is locked", cause }))),
      );
      const reply = yield* Effect.promise(() => call("GET", SOMEBODY));
      expect(reply).toMatchObject({ status: 503, body: { code: "store-unavailable", detail: "the store is locked" } });
      expect(reply.headers.get("retry-after")).toBe("1");
      expect(reply.text).not.toContain("/var/lib");
      expect(log.some(({ fields }) => String(fields["cause"]).includes("/var/lib"))).toBe(true);
    }),
  );

  it.scopedLive("that takes too long is interrupted and answered with 503", () =>
    Effect.gen(function* () {
      let interrupted = false;
      const forever = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          interrupted = true;
        }),
      );
      const { call, log } = yield* start({ limits: { request: Duration.millis(50) } }, entities(forever));
      const reply = yield* Effect.promise(() => call("GET", SOMEBODY));
      expect(reply).toMatchObject({ status: 503, body: { code: "timeout" } });
      expect(interrupted).toBe(true);
      expect(log.at(-1)?.fields).toMatchObject({ status: 503, route: "/v1/entities/:uid" });
    }),
  );

  it.scopedLive("is interrupted when its client goes away", () =>
    Effect.gen(function* () {
      let state = "waiting";
      const forever = Effect.zipRight(
        Effect.sync(() => {
          state = "running";
        }),
        Effect.onInterrupt(Effect.never, () =>
          Effect.sync(() => {
            state = "interrupted";
          }),
        ),
      );
      const { call, log } = yield* start({}, entities(forever));
      const controller = new AbortController();
      const reply = call("GET", SOMEBODY, { signal: controller.signal }).catch((error: Error) => error.name);
      yield* Effect.promise(() => eventually(() => state === "running"));
      controller.abort();
      expect(yield* Effect.promise(() => reply)).toBe("AbortError");
      yield* Effect.promise(() => eventually(() => state === "interrupted" && log.length > 0));
      expect(log.at(-1)?.fields).toMatchObject({ status: 499 });
    }),
  );

  it.scopedLive("of the health check makes the server unhealthy and not ready, but alive", () =>
    Effect.gen(function* () {
      const sick = Layer.succeed(HealthCheck, { ping: Effect.fail(new StoreUnavailable({ message: "gone" })) });
      const { call } = yield* start({}, sick);
      const status = (path: string) => Effect.promise(() => call("GET", path, { headers: { authorization: "" } }));
      for (const path of ["/v1/health", "/v1/health/ready"]) {
        expect(yield* status(path)).toMatchObject({ status: 503, body: { status: "unhealthy" } });
      }
      expect(yield* status("/v1/health/live")).toMatchObject({ status: 200, body: { status: "healthy" } });
    }),
  );
});

describe("a failing client", () => {
  const upload = (length: string) =>
    `POST /v1/entities HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n`;

  it.scopedLive("that stalls in its upload gets 408 and loses its connection", () =>
    Effect.gen(function* () {
      const { raw, token } = yield* start({ limits: { request: Duration.millis(50) } });
      const bytes = `${upload(`Authorization: Bearer ${token}\r\nContent-Length: 100\r\n`)}{"kind`;
      const reply = yield* Effect.promise(() => raw(bytes));
      expect(reply).toMatch(/^HTTP\/1.1 408 /);
      expect(reply).toContain('"code":"request-timeout"');
    }),
  );

  it.scopedLive("that stalls in a batch gets 408 after the idle time", () =>
    Effect.gen(function* () {
      const { raw, token, contents } = yield* start({ limits: { idle: Duration.millis(50) } });
      const before = yield* Effect.promise(contents);
      const head = `POST /v1/entities/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const line = `${JSON.stringify(component("a"))}\n`;
      const reply = yield* Effect.promise(() => raw(`${head}${line.length.toString(16)}\r\n${line}\r\n`));
      expect(reply).toMatch(/^HTTP\/1.1 408 /);
      expect(yield* Effect.promise(contents)).toBe(before);
    }),
  );

  it.scopedLive("that breaks off its upload leaves nothing running and nothing written", () =>
    Effect.gen(function* () {
      const { port, token, contents, log } = yield* start();
      const before = yield* Effect.promise(contents);
      yield* Effect.promise(
        () =>
          new Promise<void>((resolve) => {
            const socket = connect(port, "127.0.0.1", () => {
              socket.write(`${upload(`Authorization: Bearer ${token}\r\nContent-Length: 100\r\n`)}{"kind`, () => {
                socket.destroy();
                resolve();
              });
            });
          }),
      );
      yield* Effect.promise(() => eventually(() => log.some(({ fields }) => fields["status"] === 499)));
      expect(yield* Effect.promise(contents)).toBe(before);
    }),
  );

  it.scopedLive("that never sends its header gets 408", () =>
    Effect.gen(function* () {
      const { raw } = yield* start({ limits: { headers: Duration.millis(50) } });
      expect(yield* Effect.promise(() => raw("GET /v1/health HTTP/1.1\r\nHost: loc"))).toMatch(/^HTTP\/1.1 408 /);
    }),
  );

  it.scopedLive("that sends too much without saying so gets 413", () =>
    Effect.gen(function* () {
      const { raw, token } = yield* start({ limits: { body: 100 } });
      const head = upload(`Authorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n`);
      const reply = yield* Effect.promise(() => raw(`${head}80\r\n${"x".repeat(128)}\r\n0\r\n\r\n`));
      expect(reply).toMatch(/^HTTP\/1.1 413 /);
      expect(reply).toContain('"limit":100');
    }),
  );

  it.scopedLive("that asks for another protocol is answered in this one", () =>
    Effect.gen(function* () {
      const { raw } = yield* start();
      const head =
        "GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n";
      expect(yield* Effect.promise(() => raw(head))).toMatch(/^HTTP\/1.1 200 /);
    }),
  );

  it.scopedLive("that sends several requests at once gets the answers in their order", () =>
    Effect.gen(function* () {
      const { raw } = yield* start();
      const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
      const reply = yield* Effect.promise(() =>
        raw(get("/v1/health") + get("/nowhere") + get("http://localhost/v1/health/live", "Connection: close\r\n")),
      );
      expect([...reply.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "404", "200"]);
    }),
  );
});
