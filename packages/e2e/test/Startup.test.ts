import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import * as Database from "@cadastre/e2e/Database";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Fiber from "effect/Fiber";

/** A port that was free a moment ago. */
const freePort = Effect.async<number>((resume) => {
  const server = createServer();
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)));
  });
});

describe("the daemon at its start", () => {
  it.scopedLive("leaves no request unanswered, however early", () =>
    Effect.gen(function* () {
      const port = yield* freePort;
      const url = `http://127.0.0.1:${port}`;
      const place = { url, token: "cad_none" };
      const asked: Array<Fiber.RuntimeFiber<Either.Either<Http.Answer, Http.NoAnswer>>> = [];
      const asking = yield* Effect.fork(
        Effect.forever(
          Effect.gen(function* () {
            const path = ["/v1/health", "/v1/entities?limit=1", "/openapi.json"][asked.length % 3] ?? "/";
            asked.push(yield* Effect.forkDaemon(Effect.either(Http.get(place, path))));
            yield* Effect.sleep("5 millis");
          }),
        ),
      );
      yield* Effect.sleep("50 millis");
      const home = yield* Program.home;
      yield* Program.daemon(home, ["--port", String(port)]);
      yield* Effect.sleep("500 millis");
      yield* Fiber.interrupt(asking);

      // A request that is never answered keeps this from ending.
      const answers = yield* Effect.forEach(asked, Fiber.join);
      const kinds = answers.map(
        Either.match({
          onLeft: ({ code }) => (code === "ECONNREFUSED" ? "refused" : `lost: ${code}`),
          onRight: ({ status }) => (status === 200 || status === 401 ? "answered" : `answered ${status}`),
        }),
      );
      expect(new Set(kinds)).toEqual(new Set(["refused", "answered"]));
      expect(kinds.indexOf("answered")).toBeGreaterThan(0);
      expect(kinds.lastIndexOf("refused")).toBeLessThan(kinds.indexOf("answered"));
    }),
  );

  it.scopedLive("says that a port is in use, and which", () =>
    Effect.gen(function* () {
      const first = yield* Program.daemon(yield* Program.home);
      const port = new URL(first.url).port;
      const second = yield* Program.run(yield* Program.home, ["daemon", "--port", port]);
      expect(second.code).toBe(7);
      expect(second.stderr).toContain(port);
      expect(second.stderr).toContain("--port");
    }),
  );

  it.scopedLive("says that a database is newer than the program, and leaves it alone", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      yield* Program.run(home, ["admin", "migrate"]);
      yield* Database.execute(Program.databaseOf(home), "PRAGMA user_version = 1000");
      const ended = yield* Program.run(home, ["daemon", "--port", "0"]);
      expect(ended.code).toBe(7);
      expect(ended.stderr).toMatch(/newer/);
    }),
  );

  it.scopedLive("makes one admin token, readable by its owner alone, and keeps it over a restart", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const first = yield* Effect.scoped(Effect.tap(Program.daemon(home), Program.stop));
      expect(statSync(`${Program.stateOf(home)}/admin-token`).mode & 0o777).toBe(0o600);
      const second = yield* Program.daemon(home);
      expect(second.token).toBe(first.token);
      expect(second.token).toMatch(/^cad_/);
      expect((yield* Http.get(second, "/v1/whoami")).status).toBe(200);
      expect((yield* Http.get({ ...second, token: "cad_wrong" }, "/v1/whoami")).status).toBe(401);
    }),
  );

  it.scopedLive(
    "refuses a second daemon on a database, from wherever it is started, and takes over after kill -9",
    () =>
      Effect.gen(function* () {
        const home = yield* Program.home;
        const first = yield* Program.daemon(home);
        const refused = yield* Program.run(yield* Program.home, [
          "daemon",
          "--port",
          "0",
          "--db",
          Program.databaseOf(home),
        ]);
        expect(refused.code).toBe(7);
        expect(refused.stderr).toContain(`has a daemon already (pid ${first.pid}): stop that one`);
        expect((yield* Http.get(first, "/v1/whoami")).status).toBe(200);

        yield* first.signal("SIGKILL");
        yield* first.ended;
        const second = yield* Program.daemon(home);
        expect(second.token).toBe(first.token);
        expect((yield* Http.get(second, "/v1/whoami")).status).toBe(200);
      }),
  );

  it.scopedLive("on another database leaves the token and the place of the first daemon alone", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const first = yield* Program.daemon(home);
      const place = readFileSync(`${Program.stateOf(home)}/daemon.json`, "utf8");
      expect(statSync(`${Program.stateOf(home)}/daemon.json`).mode & 0o777).toBe(0o600);
      const second = yield* Program.daemon(home, ["--db", "other.db"]);
      expect(second.token).toBe(first.token);
      expect((yield* Http.get(second, "/v1/whoami")).status).toBe(200);
      expect(readFileSync(`${Program.stateOf(home)}/daemon.json`, "utf8")).toBe(place);
      expect(second.stderr()).toContain(`(pid ${first.pid}) has this state directory`);

      yield* Program.stop(second);
      expect(readFileSync(`${Program.stateOf(home)}/daemon.json`, "utf8")).toBe(place);
    }),
  );

  it.scopedLive("finishes a first token that was broken off before or after the database knew of it", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const file = `${Program.stateOf(home)}/admin-token`;
      const first = yield* Effect.scoped(Effect.tap(Program.daemon(home), Program.stop));
      // As after a kill between the commit and the renaming.
      renameSync(file, `${file}.new`);
      const known = yield* Effect.scoped(Effect.tap(Program.daemon(home), Program.stop));
      expect(known.token).toBe(first.token);

      // As after a kill before the commit, in a home of its own.
      const other = yield* Program.home;
      mkdirSync(Program.stateOf(other), { recursive: true });
      writeFileSync(`${Program.stateOf(other)}/admin-token.new`, `${first.token}\n`);
      const unknown = yield* Program.daemon(other);
      expect(unknown.token).toBe(first.token);
      expect((yield* Http.get(unknown, "/v1/whoami")).status).toBe(200);
    }),
  );

  it.scopedLive("sends the token of the state directory to its own daemon alone", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      yield* Program.daemon(home);
      const stranger = yield* Program.daemon(yield* Program.home);
      const refused = yield* Program.run(home, ["entity", "list", "--url", stranger.url]);
      expect(refused.code).toBe(5);
      expect(refused.stderr).toContain("is not sent elsewhere");
      const token = `${Program.stateOf(home)}/admin-token`;
      const sent = yield* Program.run(home, ["entity", "list", "--url", stranger.url, "--token-file", token]);
      expect(sent.stderr).toContain("does not accept the token");
    }),
  );
});
