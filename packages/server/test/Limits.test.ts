import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { Entities } from "@cadastre/core/Entities";
import { describe, expect, it } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { component, start } from "./harness.ts";
import { tokenOf } from "./mcp.ts";

const HOUR = 3_600_000;

const SOMEBODY = "/v1/entities/ent_00000000-0000-7000-8000-000000000000";

const read = (get: () => Effect.Effect<void>) =>
  Layer.succeed(Entities, {
    get: () => Effect.as(get(), { uid: "x" as never, revision: 1, json: '{"kind":"Slow"}' }),
  } as unknown as Entities["Type"]);

/** Takes all there is for so many milliseconds, as a write to a slow disk does. */
const spinning = (millis: number, onCall: () => void = () => undefined) =>
  read(() =>
    Effect.sync(() => {
      onCall();
      const until = performance.now() + millis;
      while (performance.now() < until);
    }),
  );

const headOf = (token: string) => `GET ${SOMEBODY} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;

const statusesIn = (received: string) => [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);

describe("how often one may ask", () => {
  it.scopedLive("is told with every answer, and beyond it one is told when to come back", () =>
    Effect.gen(function* () {
      const running = yield* start({ rates: { principal: { quota: 4, period: HOUR } } });
      const { call } = running;
      const other = yield* Effect.promise(() => tokenOf(running, "other", "catalog:read"));
      const headersOf = (reply: { readonly headers: Headers }) =>
        ["ratelimit-policy", "ratelimit", "retry-after"].map((name) => {
          // Of an hour, some seconds may have gone by.
          const value = reply.headers.get(name);
          return value?.replace(/(?<=t=|^)\d+$/, (seconds) => String(Math.ceil(Number(seconds) / 60) * 60)) ?? null;
        });
      const seen = yield* Effect.promise(async () => [
        await call("GET", "/v1/entities"),
        await call("POST", "/v1/entities", { json: component("a") }),
        await call("GET", SOMEBODY),
      ]);
      expect(seen.map(({ status }) => status)).toEqual([200, 201, 404]);
      expect(seen.map(headersOf)).toEqual([
        ['"principal";q=4;w=3600', '"principal";r=2;t=1800', null],
        ['"principal";q=4;w=3600', '"principal";r=1;t=2700', null],
        ['"principal";q=4;w=3600', '"principal";r=0;t=3600', null],
      ]);
      const refused = yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("b") }));
      expect(refused).toMatchObject({ status: 429, body: { code: "rate-limited" } });
      expect(headersOf(refused)).toEqual(['"principal";q=4;w=3600', '"principal";r=0;t=3600', "900"]);

      const headers = { authorization: `Bearer ${other}` };
      const listed = yield* Effect.promise(() => call("GET", "/v1/entities", { headers }));
      expect(listed.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(["a"]);
      // What needs no token is of another quota, which is not limited here.
      expect((yield* Effect.promise(() => call("GET", "/docs"))).headers.get("ratelimit")).toBe(null);
    }),
  );

  it.scopedLive("goes by address where it is not known who asks, and health may always be asked", () =>
    Effect.gen(function* () {
      const { call } = yield* start({
        rates: { address: { quota: 4, period: HOUR } },
        proxies: { addresses: ["127.0.0.1"], header: "x-forwarded-for" },
      });
      const ask = (path: string, authorization: string, from = "192.0.2.1") =>
        Effect.map(
          Effect.promise(() => call("GET", path, { headers: { authorization, "x-forwarded-for": from } })),
          ({ status, body }) => `${status} ${body?.code ?? ""}`,
        );
      expect(yield* ask("/", "")).toBe("200 ");
      expect(yield* ask("/v1/whoami", "")).toBe("401 unauthenticated");
      expect(yield* ask("/v1/whoami", "Bearer cad_guess")).toBe("401 unauthenticated");
      expect(yield* ask("/nowhere", "")).toBe("404 route-unknown");
      for (const path of ["/", "/v1/whoami", "/nowhere"]) expect(yield* ask(path, ""), path).toBe("429 rate-limited");
      expect(yield* ask("/v1/whoami", "Bearer cad_guess")).toBe("429 rate-limited");
      expect(yield* ask("/v1/whoami", "", "192.0.2.1, 198.51.100.7")).toBe("401 unauthenticated");
      expect(yield* ask("/v1/whoami", "Bearer cad_of_the_harness")).toBe("200 ");
      for (const path of ["/v1/health", "/v1/health/live", "/v1/health/ready"])
        expect(yield* ask(path, "")).toBe("200 ");
    }),
  );
});

describe("a request that is refused while its body is on its way", () => {
  it.scopedLive("is answered before the connection closes, however much there is to come", () =>
    Effect.gen(function* () {
      const { raw, token } = yield* start();
      for (const close of ["Connection: close\r\n", "Connection: close\r\nExpect: 100-continue\r\n"]) {
        const body = "x".repeat(8 * 1024 * 1024);
        const head = `POST /v1/entities/batch?mode=wrong HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
        const received = yield* Effect.promise(() =>
          raw(`${head}${close}Content-Type: text/yaml\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
        );
        expect(received).toMatch(/HTTP\/1\.1 400 [\s\S]*"code":"invalid-input"/);
      }
    }),
  );
});

describe("beyond what can be served", () => {
  it.scopedLive(
    "a request is turned away at once; those under way are answered, and so is whether the process lives",
    () =>
      Effect.gen(function* () {
        const [entered, gate] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()];
        const slow = read(() => Effect.zipRight(Deferred.succeed(entered, undefined), Deferred.await(gate)));
        const { call } = yield* start({ limits: { requests: 1 } }, slow);
        const first = call("GET", SOMEBODY);
        yield* Deferred.await(entered);
        const second = yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("a") }));
        expect(second).toMatchObject({ status: 503, body: { code: "overloaded" } });
        expect(second.headers.get("retry-after")).toBe("1");
        expect((yield* Effect.promise(() => call("GET", "/v1/health/live"))).status).toBe(200);
        yield* Deferred.succeed(gate, undefined);
        expect((yield* Effect.promise(() => first)).text).toBe('{"kind":"Slow"}');
      }),
  );

  it.scopedLive("those who would have waited too long behind others are turned away, and nobody after them", () =>
    Effect.gen(function* () {
      const { raw, call, token } = yield* start({}, spinning(40));
      yield* Effect.promise(() => call("GET", SOMEBODY)); // from now on the token is known
      const head = headOf(token);
      const received = yield* Effect.promise(() => raw(`${`${head}\r\n`.repeat(79)}${head}Connection: close\r\n\r\n`));
      const statuses = statusesIn(received);
      expect(statuses).toHaveLength(80);
      expect(new Set(statuses.slice(0, 32))).toEqual(new Set(["200"]));
      expect(statuses.at(-1)).toBe("503");
      expect((yield* Effect.promise(() => call("GET", SOMEBODY))).status).toBe(200);
    }),
  );

  it.scopedLive("new connections are answered while old ones ask again and again", () =>
    Effect.gen(function* () {
      const CONNECTIONS = 200;
      const { port, token } = yield* start({}, spinning(1));
      const text = `${headOf(token)}\r\n`;
      const answers = yield* Effect.promise(
        () =>
          new Promise<number>((resolve, reject) => {
            const answered = new Set<Socket>();
            let count = 0;
            const sockets = Array.from({ length: CONNECTIONS }, () => {
              const socket = connect(port, "127.0.0.1", () => socket.write(text));
              return socket.on("error", reject).on("data", (data) => {
                count += 1;
                if (data.includes("HTTP/1.1 200")) answered.add(socket);
                if (answered.size === CONNECTIONS) {
                  for (const each of sockets) each.destroy();
                  resolve(count);
                } else socket.write(text);
              });
            });
          }),
      );
      // Where each turn served all that had been taken, they would be 50 times as many as there are connections.
      expect(answers).toBeLessThan(40 * CONNECTIONS);
    }),
  );

  it.scopedLive("no more are under way than may be, however many come at once", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>();
      const slow = read(() => {
        const until = performance.now() + 5;
        while (performance.now() < until);
        return Deferred.await(gate);
      });
      const { raw, port, token } = yield* start({ limits: { requests: 2 } }, slow);
      const head = headOf(token);
      const received = raw(`${`${head}\r\n`.repeat(9)}${head}Connection: close\r\n\r\n`);
      // It answers while the others wait, and they have been counted by then.
      yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/v1/health/live`));
      yield* Effect.repeatN(Effect.yieldNow(), 20);
      yield* Effect.sleep("100 millis");
      yield* Deferred.succeed(gate, undefined);
      const statuses = statusesIn(yield* Effect.promise(() => received));
      expect(statuses).toHaveLength(10);
      expect(statuses.filter((status) => status === "200")).toHaveLength(2);
    }),
  );

  it.scopedLive("what waits for a client that is gone is not done", () =>
    Effect.gen(function* () {
      let calls = 0;
      const { call, port, token } = yield* start(
        {},
        spinning(20, () => (calls += 1)),
      );
      yield* Effect.promise(() => call("GET", SOMEBODY)); // from now on the token is known
      yield* Effect.promise(
        () =>
          new Promise<void>((resolve) => {
            const socket = connect(port, "127.0.0.1", () => socket.write(`${headOf(token)}\r\n`.repeat(50)));
            socket.once("data", () => socket.destroy()).on("close", () => resolve());
          }),
      );
      yield* Effect.promise(() => call("GET", SOMEBODY));
      const made = calls;
      expect(made).toBeLessThan(50);
      yield* Effect.promise(() => call("GET", SOMEBODY));
      expect(calls).toBe(made + 1);
    }),
  );

  it.scopedLive("a body that is on its way does not keep a client from its answer", () =>
    Effect.gen(function* () {
      const [entered, gate] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()];
      const slow = read(() => Effect.zipRight(Deferred.succeed(entered, undefined), Deferred.await(gate)));
      const { call, port, token } = yield* start({ limits: { requests: 1 } }, slow);
      const first = call("GET", SOMEBODY);
      yield* Deferred.await(entered);
      const status = yield* Effect.async<number | undefined>((resume) => {
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
        const upload = request(
          { host: "127.0.0.1", port, path: "/v1/entities", method: "POST", headers },
          (response) => {
            response.resume();
            resume(Effect.succeed(response.statusCode));
            upload.destroy();
          },
        );
        upload.on("error", () => {});
        upload.write("x".repeat(100_000));
      });
      expect(status).toBe(503);
      yield* Deferred.succeed(gate, undefined);
      yield* Effect.promise(() => first);
    }),
  );
});
