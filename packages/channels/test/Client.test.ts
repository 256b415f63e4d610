import { createServer, type Socket } from "node:net";
import type { Attempt } from "@cadastre/domain/Attempt";
import { describe, expect, it } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as TestClock from "effect/TestClock";
import { changed, channels, deliver, listen, ok, receiver, signed, trusting, webhook, whsec } from "./support.ts";

/** A server on TCP that does with a connection whatever it likes. */
const tcp = (serve: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
        serve(socket);
      });
      return { server, sockets, port: await listen(server) };
    }),
    ({ server, sockets }) =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy();
        server.close();
      }),
  );

/** Answers with these bytes when the request is there, and leaves the connection open. */
const saying = (bytes: string) => (socket: Socket) => socket.once("data", () => socket.write(bytes));

const attempt = (url: string) => deliver(webhook(url), signed);

/** An attempt that waits for something when the clock has been moved. */
const waiting = <R>(milliseconds: number, started: Effect.Effect<unknown>, run: Effect.Effect<Attempt, never, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(run);
    yield* started;
    yield* TestClock.adjust(milliseconds);
    return yield* Fiber.join(fiber);
  });

describe("an attempt", () => {
  it.scopedLive("says which way each connection failed", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(
        Effect.map(
          tcp(() => {}),
          ({ port }) => port,
        ),
      );
      const resets = yield* tcp((socket) => socket.once("data", () => socket.resetAndDestroy()));
      const hangsUp = yield* tcp((socket) => socket.once("data", () => socket.end()));
      const noHttp = yield* tcp(saying("220 mail.example.com ESMTP\r\n"));
      const headers = yield* tcp(saying(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(20_000)}\r\n\r\n`));
      const upgrades = yield* tcp(
        saying("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
      );
      const plain = yield* receiver();
      const CASES: ReadonlyArray<readonly [string, string]> = [
        [`http://127.0.0.1:${closed}`, "connect"],
        [`http://127.0.0.1:${resets.port}`, "connect"],
        [`http://127.0.0.1:${hangsUp.port}`, "connect"],
        [`http://127.0.0.1:${noHttp.port}`, "answer"],
        [`http://127.0.0.1:${headers.port}`, "answer"],
        [`http://127.0.0.1:${upgrades.port}`, "connect"],
        [`https://127.0.0.1:${plain.port}`, "tls"],
        ["http://nowhere.invalid", "dns"],
      ];
      for (const [url, failure] of CASES) {
        const result = yield* attempt(url);
        expect([url, result.outcome, result.failure, result.answer]).toEqual([url, "failed", failure, ""]);
        expect(result.timings.total).toBeGreaterThanOrEqual(0);
      }
    }).pipe(
      Effect.provide(channels({ resolve: () => Promise.reject(Object.assign(new Error(), { code: "ENOTFOUND" })) })),
    ),
  );

  it.scopedLive("refuses a certificate that nobody vouches for, and one of another name", () =>
    Effect.gen(function* () {
      const { port, requests } = yield* receiver(ok, true);
      const unknown = yield* attempt(`https://127.0.0.1:${port}/`);
      expect(unknown).toMatchObject({ outcome: "failed", failure: "tls", address: undefined });
      expect(unknown.message).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
      yield* trusting;
      const other = yield* attempt(`https://other.example:${port}/`);
      expect(other).toMatchObject({ outcome: "failed", failure: "tls" });
      expect(other.message).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
      expect(requests).toEqual([]);
    }).pipe(Effect.provide(channels({ resolve: () => Promise.resolve(["127.0.0.1"]) }))),
  );

  it.scopedLive("is delivered over TLS, by address and by name, on kept connections", () =>
    Effect.gen(function* () {
      yield* trusting;
      const { port, requests, connections } = yield* receiver(ok, true);
      for (const host of ["127.0.0.1", "127.0.0.1", "localhost", "localhost"]) {
        expect(yield* attempt(`https://${host}:${port}/`)).toMatchObject({
          outcome: "delivered",
          address: "127.0.0.1",
        });
      }
      expect([requests.length, connections()]).toEqual([4, 2]);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("takes 2xx for delivered, 410 for gone, and anything else for failed", () =>
    Effect.gen(function* () {
      let status = 0;
      const { url } = yield* receiver((_, response) => response.writeHead(status).end());
      const layer = channels();
      for (status of [200, 201, 202, 204, 299]) {
        expect(yield* Effect.provide(attempt(url), layer)).toMatchObject({ outcome: "delivered", status });
      }
      for (status of [304, 400, 401, 403, 404, 409, 413, 425, 429, 500, 502, 503, 504, 599]) {
        const failure = status === 304 ? "redirect" : "status";
        expect(yield* Effect.provide(attempt(url), layer)).toMatchObject({ outcome: "failed", status, failure });
      }
      status = 410;
      expect(yield* Effect.provide(attempt(url), layer)).toMatchObject({ outcome: "gone", status, failure: "status" });
    }),
  );

  it.scoped("passes on how long the receiver wants to be left alone, a day at the most", () =>
    Effect.gen(function* () {
      let retryAfter = "";
      const { url } = yield* receiver((_, response) => response.writeHead(429, { "retry-after": retryAfter }).end());
      yield* TestClock.setTime(Date.parse("2024-01-01T00:00:00Z"));
      const wait = (text: string) =>
        Effect.suspend(() => {
          retryAfter = text;
          return Effect.map(attempt(url), (result) => result.retryAfter);
        });
      expect(yield* wait("120")).toBe(120_000);
      expect(yield* wait("0")).toBe(0);
      expect(yield* wait("Mon, 01 Jan 2024 00:10:00 GMT")).toBe(600_000);
      expect(yield* wait("Sun, 31 Dec 2023 00:10:00 GMT")).toBe(0);
      expect(yield* wait("99999999999999999999")).toBe(86_400_000);
      expect(yield* wait("Fri, 01 Jan 2100 00:00:00 GMT")).toBe(86_400_000);
      expect(yield* wait("-5")).toBe(undefined);
      expect(yield* wait("soon")).toBe(undefined);
    }).pipe(Effect.provide(channels())),
  );

  it.scoped("gives a connection 5 s", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>();
      const layer = channels({
        resolve: () => {
          Deferred.unsafeDone(asked, Effect.void);
          return new Promise(() => {});
        },
      });
      const result = yield* waiting(
        5000,
        Deferred.await(asked),
        Effect.provide(attempt("http://hangs.example/"), layer),
      );
      expect(result).toMatchObject({ outcome: "failed", failure: "timeout", timings: { total: 5000 } });
      expect(result.message).toBe("The name hangs.example was not resolved within 5 s.");
    }),
  );

  it.scoped("gives the handshake of TLS no more than what is left of the 5 s", () =>
    Effect.gen(function* () {
      const accepted = yield* Deferred.make<void>();
      const { port } = yield* tcp((socket) => socket.once("data", () => Deferred.unsafeDone(accepted, Effect.void)));
      const result = yield* waiting(5000, Deferred.await(accepted), attempt(`https://127.0.0.1:${port}`));
      expect(result).toMatchObject({ outcome: "failed", failure: "timeout" });
      expect(result.message).toBe("There was no connection within 5 s.");
    }).pipe(Effect.provide(channels())),
  );

  it.scoped("gives the whole 15 s, and says that the callback may have been taken", () =>
    Effect.gen(function* () {
      const arrived = yield* Deferred.make<void>();
      const gone = yield* Deferred.make<void>();
      const { url } = yield* receiver((_, __, raw) => {
        raw.socket.once("close", () => Deferred.unsafeDone(gone, Effect.void));
        Deferred.unsafeDone(arrived, Effect.void);
      });
      const result = yield* waiting(15_000, Deferred.await(arrived), attempt(url));
      expect(result).toMatchObject({
        outcome: "failed",
        failure: "timeout",
        status: undefined,
        timings: { total: 15_000 },
      });
      expect(result.message).toContain("may have taken the callback");
      yield* Deferred.await(gone); // the connection is closed, not left hanging
    }).pipe(Effect.provide(channels())),
  );

  it.scoped("counts as delivered by its status, though the body never ends", () =>
    Effect.gen(function* () {
      const arrived = yield* Deferred.make<void>();
      const { url } = yield* receiver((_, response) => {
        response.writeHead(200).write("o", () => Deferred.unsafeDone(arrived, Effect.void));
      });
      const fiber = yield* Effect.fork(attempt(url));
      yield* Deferred.await(arrived);
      // The clock is moved until the answer has been seen: nobody tells when that is.
      const result = yield* Effect.raceFirst(
        Fiber.join(fiber),
        Effect.forever(
          Effect.zipRight(
            TestClock.adjust(100),
            Effect.promise(() => new Promise(setImmediate)),
          ),
        ),
      );
      expect(result).toMatchObject({ outcome: "delivered", status: 200 });
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("reads no more of an answer than 64 KiB, and shows the first", () =>
    Effect.gen(function* () {
      let written = 0;
      const { url } = yield* receiver((_, response) => {
        const more = () => {
          while (!response.destroyed && response.write("é".repeat(8192))) written += 16_384;
          written += 16_384;
        };
        response.on("drain", more);
        more();
      });
      const result = yield* attempt(url);
      expect(result).toMatchObject({ outcome: "delivered", answer: "é".repeat(512) });
      expect(written).toBeLessThan(16 * 1024 * 1024);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("shows nothing that a terminal would obey, nothing that turns text around, and no secret", () =>
    Effect.gen(function* () {
      const { url } = yield* receiver((request, response) => {
        response
          .writeHead(400)
          .end(
            `\u001b[2J\u0007\u0000\u009b31m\u202egnp.exe\r\nline\ttab ${whsec(1)} ${whsec(1).slice(6)} \xff${request.headers["webhook-id"]}`,
          );
      });
      const { answer } = yield* attempt(url);
      expect(answer).toBe("�[2J���31m�gnp.exe\nline\ttab [secret] [secret] ÿmsg_1");
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("uses a connection again, and survives that it was closed meanwhile", () =>
    Effect.gen(function* () {
      const { url, requests, connections, server } = yield* receiver();
      const first = yield* attempt(url);
      const second = yield* attempt(url);
      expect([first.timings.connect !== undefined, second.timings.connect]).toEqual([true, undefined]);
      expect([requests.length, connections()]).toEqual([2, 1]);
      server.closeIdleConnections();
      expect(yield* attempt(url)).toMatchObject({ outcome: "delivered" });
      expect([requests.length, connections()]).toEqual([3, 2]);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("is sent once more, and no more, when a kept connection breaks before the answer", () =>
    Effect.gen(function* () {
      let left = 0;
      const { url, requests } = yield* receiver((request, response, raw) => {
        if (left > 0) {
          left -= 1;
          raw.socket.destroy();
        } else ok(request, response, raw);
      });
      yield* attempt(url);
      left = 1;
      expect(yield* attempt(url)).toMatchObject({ outcome: "delivered" });
      expect(requests.length).toBe(3);
      left = 5;
      expect(yield* attempt(url)).toMatchObject({ outcome: "failed", failure: "connect" });
      expect(requests.length).toBe(5);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("closes the connection when it is interrupted, and spoils nothing for others", () =>
    Effect.gen(function* () {
      const arrived = yield* Deferred.make<void>();
      const gone = yield* Deferred.make<void>();
      const { url } = yield* receiver((request, response, raw) => {
        if (request.headers["webhook-id"] !== "msg_hangs") return ok(request, response, raw);
        raw.socket.once("close", () => Deferred.unsafeDone(gone, Effect.void));
        Deferred.unsafeDone(arrived, Effect.void);
      });
      const fiber = yield* Effect.fork(deliver(webhook(url), signed, changed({ id: "msg_hangs" })));
      yield* Deferred.await(arrived);
      yield* Fiber.interrupt(fiber);
      yield* Deferred.await(gone);
      expect(yield* attempt(url)).toMatchObject({ outcome: "delivered" });
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("asks for a name once, however many wait for it", () =>
    Effect.gen(function* () {
      const { port } = yield* receiver();
      let asked = 0;
      const layer = channels({
        resolve: async () => {
          asked += 1;
          await new Promise(setImmediate);
          return ["127.0.0.1"];
        },
      });
      const results = yield* Effect.all(
        Array.from({ length: 20 }, () => attempt(`http://receiver.example:${port}/`)),
        { concurrency: "unbounded" },
      ).pipe(Effect.provide(layer));
      expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["delivered"]));
      expect(asked).toBe(1);
    }).pipe(Effect.provide(channels({ allowed: [] }))),
  );
});
