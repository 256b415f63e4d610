import { connect } from "node:net";
import { describe, expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";

import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import { component, eventually, type Running, start } from "./harness.ts";

interface Listener {
  /** What has come so far. */
  readonly text: () => string;
  readonly ids: () => ReadonlyArray<number>;
  readonly isEnded: () => boolean;
  readonly socket: ReturnType<typeof connect>;
}

/** Follows the feed on a socket of its own. */
const listen = (
  { port, token }: Running,
  query = "",
  headers: ReadonlyArray<string> = [],
): Effect.Effect<Listener, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      let text = "";
      let ended = false;
      const socket = connect(port, "127.0.0.1");
      socket.setEncoding("utf8");
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        ended = true;
      });
      const lines = ["Host: localhost", `Authorization: Bearer ${token}`, ...headers];
      socket.write(`GET /v1/events/stream${query} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      await eventually(() => /\nid: \d+\n\n/.test(text) || ended);
      return {
        text: () => text,
        ids: () => [...text.matchAll(/^id: (\d+)\nevent: /gm)].map(([, id]) => Number(id)),
        isEnded: () => ended,
        socket,
      };
    }),
    ({ socket }) => Effect.sync(() => socket.destroy()),
  );

const create = ({ call }: Running, ...names: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    for (const name of names) expect((await call("POST", "/v1/entities", { json: component(name) })).status).toBe(201);
  });

const until = (check: () => boolean) => Effect.promise(() => eventually(check));

describe("the stream of events", () => {
  it.scopedLive("starts now, shows each change as it happens, and says where it is", () =>
    Effect.gen(function* () {
      const running = yield* start();
      yield* create(running, "before");
      const listener = yield* listen(running);
      expect(listener.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(listener.text()).toMatch(/content-type: text\/event-stream\r\n/);
      expect(listener.text()).toMatch(/retry: 1000\nid: 1\n\n/);
      yield* create(running, "payments");
      yield* until(() => listener.ids().length === 1);
      const data = JSON.parse(listener.text().match(/^data: (.*)$/m)?.[1] ?? "");
      expect(listener.text()).toMatch(/^id: 2\nevent: entity\.created\ndata: /m);
      expect(data).toMatchObject({ sequence: 2, type: "entity.created", reference: "component:default/payments" });
      expect(data).not.toHaveProperty("entity");
    }),
  );

  it.scopedLive("goes on after what a client has seen", () =>
    Effect.gen(function* () {
      const running = yield* start();
      yield* create(running, "a", "b", "c", "d");
      const after = yield* listen(running, "?after=2");
      const resumed = yield* listen(running, "?after=0", ["Last-Event-ID: 3"]);
      yield* until(() => after.ids().length === 2 && resumed.ids().length === 1);
      expect([after.ids(), resumed.ids()]).toEqual([[3, 4], [4]]);
    }),
  );

  it.scopedLive("shows what was chosen by type, kind and filter, with the entity if asked", () =>
    Effect.gen(function* () {
      const running = yield* start();
      yield* create(running, "a", "b");
      yield* Effect.promise(() => running.call("DELETE", "/v1/entities/by-ref/component/default/a"));
      const deleted = yield* listen(running, "?after=0&type=entity.deleted");
      const filtered = yield* listen(running, `?after=0&include=entity&filter=${encodeURIComponent('name == "b"')}`);
      const none = yield* listen(running, "?after=0&kind=API");
      yield* create(running, "c");
      yield* until(() => deleted.ids().length === 1 && filtered.ids().length === 1);
      expect([deleted.ids(), filtered.ids(), none.ids()]).toEqual([[3], [2], []]);
      expect(JSON.parse(filtered.text().match(/^data: (.*)$/m)?.[1] ?? "")).toMatchObject({
        entity: { metadata: { name: "b", revision: 1 } },
      });
    }),
  );

  it.scopedLive("beats while there is nothing to show, and moves the client's place on", () =>
    Effect.gen(function* () {
      const running = yield* start({ limits: { heartbeat: Duration.millis(20) } });
      const listener = yield* listen(running, "?kind=API");
      yield* create(running, "payments");
      yield* until(() => listener.text().includes(":\nid: 1\n\n"));
      expect(listener.ids()).toEqual([]);
    }),
  );

  it.scopedLive("outlasts the time of a request, and ends with its own", () =>
    Effect.gen(function* () {
      const limits = { request: Duration.seconds(1), stream: Duration.seconds(3) };
      const running = yield* start({ limits });
      const listener = yield* listen(running);
      yield* Effect.sleep("1500 millis");
      expect(listener.isEnded()).toBe(false);
      yield* create(running, "payments");
      yield* until(() => listener.ids().length === 1);
      yield* until(listener.isEnded);
      expect(listener.text()).toMatch(/0\r\n\r\n$/);
    }),
  );

  it.scopedLive("is refused to more clients than there are places, and given to the next when one has gone", () =>
    Effect.gen(function* () {
      const running = yield* start({ limits: { streams: 2 } });
      const first = yield* listen(running);
      yield* listen(running);
      const refused = yield* Effect.promise(() => running.call("GET", "/v1/events/stream"));
      expect(refused).toMatchObject({ status: 503, body: { code: "too-many-streams" } });
      expect(refused.headers.get("retry-after")).toBe("1");
      first.socket.destroy();
      yield* until(() => running.log.some(({ fields }) => fields["status"] === 499));
      const next = yield* listen(running);
      expect(next.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }),
  );

  it.scopedLive(
    "waits for a slow client, which keeps nobody waiting and misses nothing",
    () =>
      Effect.gen(function* () {
        const running = yield* start();
        const slow = yield* listen(running, "?include=entity");
        slow.socket.pause();
        const quick = yield* listen(running);
        const documents = Array.from({ length: 600 }, (_, i) =>
          component(`c${i}`, {
            spec: { type: "service", lifecycle: "production", owner: "x", padding: "p".repeat(20_000) },
          }),
        );
        const reply = yield* Effect.promise(() => running.call("POST", "/v1/entities/batch", { json: documents }));
        expect(reply.status).toBe(200);
        const everything = Array.from({ length: 600 }, (_, i) => i + 1);
        yield* until(() => quick.ids().length === 600);
        expect(quick.ids()).toEqual(everything);
        expect(slow.ids().length).toBeLessThan(600);
        slow.socket.resume();
        yield* until(() => slow.ids().length === 600);
        expect(slow.ids()).toEqual(everything);
      }),
    30_000,
  );

  it.scopedLive(
    "cuts off a client that takes nothing for too long",
    () =>
      Effect.gen(function* () {
        const running = yield* start({ limits: { idle: Duration.millis(100) } });
        const slow = yield* listen(running, "?include=entity");
        slow.socket.pause();
        const padding = "p".repeat(200_000);
        for (let i = 0; i < 60; i++) {
          const spec = { type: "service", lifecycle: "production", owner: "x", padding };
          yield* Effect.promise(() => running.call("POST", "/v1/entities", { json: component(`c${i}`, { spec }) }));
        }
        yield* until(() => running.log.some(({ fields }) => fields["route"] === "/v1/events/stream"));
      }),
    30_000,
  );

  it.scopedLive("ends when the server does, before the time for open requests is up", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make();
      const running = yield* Scope.extend(start({ limits: { shutdown: Duration.minutes(5) } }), scope);
      const listener = yield* listen(running);
      yield* Scope.close(scope, Exit.void);
      yield* until(listener.isEnded);
      expect(listener.text()).toMatch(/0\r\n\r\n$/);
    }),
  );

  it.scopedLive("answers HEAD without an end that never comes", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const reply = yield* Effect.promise(() => call("HEAD", "/v1/events/stream"));
      expect([reply.status, reply.headers.get("content-type"), reply.text]).toEqual([200, "text/event-stream", ""]);
    }),
  );
});
