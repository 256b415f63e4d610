import { connect } from "node:net";
import { components } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";

const summaryOf = (answer: Http.Answer) => JSON.parse(answer.text.trim().split("\n").at(-1) ?? "{}").summary;

/** Repeats until the daemon has started to serve the batch. */
const underWay = (daemon: Program.Daemon) =>
  Effect.repeat(Http.get(daemon, "/v1/entities?limit=1"), {
    until: ({ text }) => JSON.parse(text).items.length > 0,
  });

describe("the daemon at its end", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.scopedLive(`finishes the requests that run on ${signal}, and ends with 0`, () =>
      Effect.gen(function* () {
        const home = yield* Program.home;
        const daemon = yield* Program.daemon(home);
        const batch = yield* Effect.fork(
          Http.ndjson(daemon, "/v1/entities/batch?mode=best-effort", components("c", 5_000)),
        );
        yield* underWay(daemon);
        yield* daemon.signal(signal);
        const answer = yield* Fiber.join(batch);
        const ended = yield* daemon.ended;
        expect(answer.status).toBe(200);
        expect(summaryOf(answer)).toMatchObject({ documents: 5_000, created: 5_000 });
        expect(ended).toMatchObject({ code: 0, signal: null });

        const again = yield* Program.daemon(home);
        const { text } = yield* Http.get(again, "/v1/entities?limit=1000&orderBy=-name");
        expect(JSON.parse(text).items.length).toBe(1000);
      }),
    );
  }

  it.scopedLive("takes no new connection while it drains, and does not wait for idle ones", () =>
    Effect.gen(function* () {
      const daemon = yield* Program.daemon(yield* Program.home);
      const port = Number(new URL(daemon.url).port);
      const idle = yield* Effect.acquireRelease(
        Effect.async<ReturnType<typeof connect>>((resume) => {
          const socket = connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)));
          socket.on("error", () => {});
        }),
        (socket) => Effect.sync(() => socket.destroy()),
      );
      expect(idle.readyState).toBe("open");
      const { code } = yield* Program.stop(daemon);
      expect(code).toBe(0);
      expect(yield* Effect.flip(Http.get(daemon, "/v1/health"))).toMatchObject({ code: "ECONNREFUSED" });
    }),
  );

  it.scopedLive("ends at once on a second signal", () =>
    Effect.gen(function* () {
      const daemon = yield* Program.daemon(yield* Program.home);
      // A body that never comes to its end keeps the first signal waiting.
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => connect(Number(new URL(daemon.url).port), "127.0.0.1").on("error", () => {})),
        (socket) => Effect.sync(() => socket.destroy()),
      );
      socket.write(
        `POST /v1/entities/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${daemon.token}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
      );
      yield* Effect.sleep("300 millis");
      yield* daemon.signal("SIGTERM");
      yield* Effect.sleep("700 millis");
      yield* daemon.signal("SIGTERM");
      expect((yield* daemon.ended).code).toBe(130);
    }),
  );
});
