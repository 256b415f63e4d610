import * as Agent from "@cadastre/e2e/Agent";
import { until } from "@cadastre/e2e/Waiting";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { answersTo, connected, openSession, textOf } from "./bridge.ts";

describe("the bridge since 2026-07-28", () => {
  it.scopedLive("passes requests on, with the headers that the revision wants, and ends with its input", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      agent.send(Agent.modern("a", "server/discover"));
      agent.send(Agent.modern(2, "tools/list"));
      agent.send(Agent.modern(3, "tools/call", Agent.call("echo", "grüß dich, 世界")));
      expect((yield* agent.answer("a")).result?.["supportedVersions"]).toEqual(["2026-07-28"]);
      expect((yield* agent.answer(2)).result?.["tools"]).toHaveLength(6);
      expect(textOf(yield* agent.answer(3))).toBe("grüß dich, 世界");
      agent.close();
      expect(yield* agent.ended).toEqual({ code: 0, signal: null });
      expect(agent.frames()).toHaveLength(3);
    }),
  );

  it.scopedLive("hands over progress before the answer", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      agent.send(Agent.modern(1, "tools/call", Agent.call("count", "3", { _meta: { progressToken: "p" } })));
      yield* agent.answer(1);
      expect(agent.frames().map(({ method, params }) => [method, params?.["progress"]])).toEqual([
        ["notifications/progress", 1],
        ["notifications/progress", 2],
        ["notifications/progress", 3],
        [undefined, undefined],
      ]);
    }),
  );

  it.scopedLive("cancels by hanging up, and answers a cancelled request no more", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      agent.send(Agent.modern(1, "tools/call", Agent.call("wait", "x")));
      yield* until(() => server.log.includes("wait x"));
      agent.send(Agent.notification("notifications/cancelled", { requestId: 1 }));
      yield* until(() => server.log.includes("aborted x"));
      agent.send(Agent.modern(2, "tools/call", Agent.call("echo", "y")));
      yield* agent.answer(2);
      expect(answersTo(agent, 1)).toBe(0);
    }),
  );

  it.scopedLive("tells what an unknown revision gets for an answer", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      const _meta = { "io.modelcontextprotocol/protocolVersion": "2099-01-01" };
      agent.send(Agent.modern(1, "tools/list", { _meta }));
      expect((yield* agent.answer(1)).error?.code).toBe(-32022);
    }),
  );

  it.scopedLive("keeps a subscription over a restart, and tells that something may have been missed", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      agent.send(Agent.modern("listen", "subscriptions/listen", { notifications: { toolsListChanged: true } }));
      yield* agent.find(({ method }) => method === "notifications/subscriptions/acknowledged");
      const changes = () => agent.frames().filter(({ method }) => method === "notifications/tools/list_changed");
      yield* Effect.promise(server.toolsChanged);
      yield* until(() => changes().length === 1);
      yield* server.kill;
      yield* server.start;
      yield* until(() => changes().length === 2);
      expect(changes()[1]?.params).toEqual({ _meta: { "io.modelcontextprotocol/subscriptionId": "listen" } });
      yield* Effect.promise(server.toolsChanged);
      yield* until(() => changes().length === 3);
      expect(agent.frames()).toHaveLength(4);
      agent.send(Agent.notification("notifications/cancelled", { requestId: "listen" }));
      yield* until(() => server.connections() === 0);
      expect(answersTo(agent, "listen")).toBe(0);
    }),
  );
});

describe("the bridge before 2026-07-28", () => {
  it.scopedLive("opens a session, passes on what the server asks, and closes the session at the end", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      expect((yield* openSession(agent)).result?.["protocolVersion"]).toBe("2025-11-25");
      agent.send(Agent.older(1, "tools/call", Agent.call("ask", "who?")));
      const question = yield* agent.find(({ method }) => method === "sampling/createMessage");
      agent.send({
        jsonrpc: "2.0",
        id: question.id,
        result: { role: "assistant", content: { type: "text", text: "me" }, model: "none" },
      });
      expect(textOf(yield* agent.answer(1))).toBe("me");
      agent.close();
      expect((yield* agent.ended).code).toBe(0);
      expect(server.log).toEqual(["session opened", "session closed"]);
    }),
  );

  it.scopedLive("takes what was sent in one go, in the order that the protocol wants", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      const lines = [
        Agent.initialize(1, "2025-06-18"),
        Agent.notification("notifications/initialized"),
        Agent.older(2, "tools/list"),
        Agent.older(3, "tools/call", Agent.call("echo", "x")),
      ];
      agent.write(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(""));
      agent.close();
      expect((yield* agent.ended).code).toBe(0);
      expect(
        agent
          .frames()
          .map(({ id }) => id)
          .sort(),
      ).toEqual([1, 2, 3]);
      expect(agent.frames().every(({ error }) => error === undefined)).toBe(true);
    }),
  );

  it.scopedLive("hands over what the server tells unasked", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      yield* openSession(agent);
      // The stream is opened beside what the agent does: until it is, nothing is heard.
      yield* Effect.raceFirst(
        agent.find(({ method }) => method === "notifications/tools/list_changed"),
        Effect.forever(Effect.delay(Effect.promise(server.toolsChanged), "50 millis")),
      );
    }),
  );

  it.scopedLive("opens the session again after a restart, with what was set in it, and the agent does not notice", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      yield* openSession(agent);
      agent.send(Agent.older(1, "logging/setLevel", { level: "warning" }));
      yield* agent.answer(1);
      yield* server.kill;
      yield* server.start;
      agent.send(Agent.older(2, "tools/call", Agent.call("write", "once")));
      expect(textOf(yield* agent.answer(2))).toBe("once");
      yield* agent.find(({ method }) => method === "notifications/tools/list_changed");
      expect(server.log.filter((entry) => entry === "write once")).toHaveLength(1);
      expect(server.log.filter((entry) => entry === "session opened")).toHaveLength(2);
      expect(server.log.filter((entry) => entry === "level warning")).toHaveLength(2);
    }),
  );

  it.scopedLive("tells the server of a cancelled request, and answers it no more", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      yield* openSession(agent);
      agent.send(Agent.older(1, "tools/call", Agent.call("wait", "x")));
      yield* until(() => server.log.includes("wait x"));
      agent.send(Agent.notification("notifications/cancelled", { requestId: 1 }));
      yield* until(() => server.log.includes("aborted x"));
      agent.close();
      yield* agent.ended;
      expect(answersTo(agent, 1)).toBe(0);
    }),
  );
});

describe("what the bridge lets through", () => {
  it.scopedLive("is what was allowed: no other tool is seen or called", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected("--read-only", "--deny-tool", "count");
      agent.send(Agent.modern(1, "tools/list"));
      const tools = (yield* agent.answer(1)).result?.["tools"] as ReadonlyArray<{ name: string }>;
      expect(tools.map(({ name }) => name).sort()).toEqual(["blob", "echo", "wait_reading"]);
      agent.send(Agent.modern(2, "tools/call", Agent.call("write", "x")));
      agent.send(Agent.modern(3, "tools/call", Agent.call("count", "1")));
      expect((yield* agent.answer(2)).error?.message).toContain("--read-only");
      expect((yield* agent.answer(3)).error?.message).toContain("--deny-tool");
      expect(server.log).toEqual([]);
    }),
  );
});
