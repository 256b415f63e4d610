import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Agent from "@cadastre/e2e/Agent";
import * as McpServer from "@cadastre/e2e/McpServer";
import * as Program from "@cadastre/e2e/Program";
import { until } from "@cadastre/e2e/Waiting";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { answersTo, connected, openSession, textOf } from "./bridge.ts";

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("the bridge, when the daemon is killed in the middle of calls", () => {
  for (const era of ["since 2026-07-28", "before"] as const) {
    it.scopedLive(`${era}: asks again what changes nothing, and says of the others that they may have been done`, () =>
      Effect.gen(function* () {
        const { agent, server } = yield* connected();
        const request = era === "before" ? Agent.older : Agent.modern;
        if (era === "before") yield* openSession(agent);
        agent.send(request("list", "tools/list"));
        yield* agent.answer("list");
        agent.send(request("w", "tools/call", Agent.call("wait", "w")));
        agent.send(request("r", "tools/call", Agent.call("wait_reading", "r")));
        yield* until(() => server.log.includes("wait w") && server.log.includes("wait_reading r"));
        yield* server.kill;
        expect((yield* agent.answer("w")).error?.code).toBe(-31002);
        yield* server.start;
        const asked = () => server.log.filter((entry) => entry === "wait_reading r").length;
        yield* until(() => asked() === 2);
        server.release();
        expect(textOf(yield* agent.answer("r"))).toBe("waited r");
        expect(server.log.filter((entry) => entry === "wait w")).toHaveLength(1);
        agent.close();
        expect((yield* agent.ended).code).toBe(0);
        for (const id of ["list", "w", "r"]) expect(answersTo(agent, id)).toBe(1);
      }),
    );
  }

  it.scopedLive("waits for it to come back with what was not sent yet", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      yield* server.kill;
      for (const id of numbers(20)) agent.send(Agent.modern(id, "tools/call", Agent.call("write", String(id))));
      yield* Effect.sleep("300 millis");
      yield* server.start;
      for (const id of numbers(20)) expect(textOf(yield* agent.answer(id))).toBe(String(id));
      expect(server.log).toHaveLength(20);
    }),
  );
});

describe("the bridge, with a daemon that", () => {
  it.scopedLive("is silent: gives the request up in time", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected("--timeout", "1");
      server.intercept = (_, response, body) => {
        if (body.includes('"headers"')) response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        return true;
      };
      agent.send(Agent.modern(1, "tools/call", Agent.call("echo", "nothing")));
      agent.send(Agent.modern(2, "tools/call", Agent.call("echo", "headers", { headers: true })));
      expect((yield* agent.answer(1)).error?.code).toBe(-31006);
      expect((yield* agent.answer(2)).error?.code).toBe(-31006);
      yield* until(() => server.connections() === 0);
    }),
  );

  it.scopedLive("gives no answer: says so, whatever came instead", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected("--wait", "0");
      const replies: ReadonlyArray<readonly [status: number, headers: Record<string, string>, body: string]> = [
        [200, { "content-type": "text/html" }, "<html>Sign in</html>"],
        [200, { "content-type": "text/event-stream" }, ": nothing\n\n"],
        [200, { "content-type": "application/json" }, '{"jsonrpc":"2.0","id":"other","result":{}}'],
        [202, {}, ""],
        [302, { location: "https://elsewhere.example/mcp" }, ""],
        [404, { "content-type": "text/plain" }, "no such page"],
        [503, { "content-type": "application/problem+json" }, '{"detail":"The store does not answer."}'],
        [500, {}, ""],
      ];
      server.intercept = (_, response, body) => {
        const [status, headers, text] = replies[JSON.parse(body).id] ?? [500, {}, ""];
        response.writeHead(status, headers).end(text);
        return true;
      };
      for (const id of numbers(replies.length)) agent.send(Agent.modern(id, "tools/call", Agent.call("write", "x")));
      const codes = yield* Effect.forEach(numbers(replies.length), (id) =>
        Effect.map(agent.answer(id), ({ error }) => error?.code),
      );
      expect(codes).toEqual([-31005, -31002, -31002, -31002, -31004, -31004, -31004, -31004]);
      expect((yield* agent.answer(6)).error?.message).toContain("The store does not answer");
      agent.close();
      expect((yield* agent.ended).code).toBe(0);
      expect(agent.frames()).toHaveLength(replies.length);
    }),
  );

  it.scopedLive("breaks a stream that can be taken up again: takes it up where it was", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      yield* openSession(agent);
      const resumedAt: Array<unknown> = [];
      server.intercept = (request, response, body) => {
        const at = request.headers["last-event-id"];
        if (at !== undefined) {
          resumedAt.push(at);
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.end(
            'id: 2\ndata: {"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"late"}]}}\n\n',
          );
          return true;
        }
        if (!body.includes('"id":7')) return false;
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end("id: 1\nretry: 10\ndata: \n\n");
        return true;
      };
      agent.send(Agent.older(7, "tools/call", Agent.call("write", "x")));
      expect(textOf(yield* agent.answer(7))).toBe("late");
      expect(resumedAt).toEqual(["1"]);
    }),
  );

  it.scopedLive("is not there: answers with what to do, and serves as soon as one is", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const agent = yield* Agent.start(home, ["--wait", "1"], { CADASTRE_PORT: "1" });
      agent.send(Agent.modern(1, "tools/list"));
      agent.send(Agent.initialize(2));
      expect((yield* agent.answer(1)).error).toMatchObject({ code: -31001 });
      expect((yield* agent.answer(2)).error).toMatchObject({ code: -31001 });
      const server = yield* McpServer.serve();
      Program.announce(home, server.url, McpServer.TOKEN);
      agent.send(Agent.modern(3, "tools/list"));
      expect((yield* agent.answer(3)).result?.["tools"]).toHaveLength(6);
    }),
  );
});

describe("the bridge and the token", () => {
  it.scopedLive("says what to do about one that is not accepted, and takes the next from the file", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const server = yield* McpServer.serve();
      const file = join(home.folder, "token");
      writeFileSync(file, "cad_wrong\n");
      const agent = yield* Agent.start(home, ["--url", server.url, "--token-file", file]);
      agent.send(Agent.modern(1, "tools/list"));
      agent.send(Agent.initialize(2));
      const refused = (yield* agent.answer(1)).error;
      expect(refused?.code).toBe(-31003);
      expect(refused?.message).toContain("cadastre admin token create");
      expect((yield* agent.answer(2)).error?.code).toBe(-31003);
      writeFileSync(file, `${McpServer.TOKEN}\n`);
      agent.send(Agent.modern(3, "tools/list"));
      expect((yield* agent.answer(3)).result).toBeDefined();
      server.tokens.clear();
      server.tokens.add("cad_next");
      writeFileSync(file, "cad_next\n");
      agent.send(Agent.modern(4, "tools/list"));
      expect((yield* agent.answer(4)).result).toBeDefined();
      expect(agent.stderr()).not.toMatch(/cad_/);
    }),
  );

  it.scopedLive("asks a command for it, and tells if that fails", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const server = yield* McpServer.serve();
      const good = yield* Agent.start(home, ["--url", server.url, "--token-command", `echo ${McpServer.TOKEN}`]);
      good.send(Agent.modern(1, "tools/list"));
      expect((yield* good.answer(1)).result).toBeDefined();
      const bad = yield* Agent.start(home, ["--url", server.url, "--token-command", "exit 3", "--wait", "0"]);
      bad.send(Agent.modern(1, "tools/list"));
      expect((yield* bad.answer(1)).error?.message).toContain("The token command ended with 3.");
    }),
  );

  it.scopedLive("keeps it on this machine unless there is TLS", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const ended = yield* Program.run(home, ["mcp-bridge", "--url", "http://catalog.example.com"]);
      expect(ended).toMatchObject({ code: 78, stdout: "" });
      expect(ended.stderr).toContain("not under TLS");
    }),
  );
});

describe("the bridge and what it reads", () => {
  it.scopedLive("answers 100 requests at the same time, each once", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      for (const id of numbers(100)) agent.send(Agent.modern(id, "tools/call", Agent.call("echo", `text ${id}`)));
      for (const id of numbers(100)) expect(textOf(yield* agent.answer(id))).toBe(`text ${id}`);
      expect(agent.frames()).toHaveLength(100);
    }),
  );

  it.scopedLive("waits for a slow agent, asking no more than it can hold, and loses nothing", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      const asked = () => server.log.length;
      const standsStill: Effect.Effect<void> = Effect.suspend(() => {
        const before = asked();
        return Effect.delay(
          Effect.suspend(() => (before > 0 && before === asked() ? Effect.void : standsStill)),
          "1 second",
        );
      });
      agent.pause();
      const size = 512 * 1024;
      for (const id of numbers(150)) agent.send(Agent.modern(id, "tools/call", Agent.call("blob", String(size))));
      yield* standsStill;
      // 64 are asked at the same time; a few were taken by the pipe.
      expect(asked()).toBeLessThan(80);
      agent.resume();
      for (const id of numbers(150)) expect(textOf(yield* agent.answer(id))?.length).toBe(size);
      expect(agent.frames()).toHaveLength(150);
    }),
  );

  it.scopedLive("takes lines of megabytes, and answers those that are too long", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      const text = "ü".repeat((4 * 1024 * 1024 - 1024) / 2);
      agent.send(Agent.modern("whole", "tools/call", Agent.call("echo", text)));
      expect(textOf(yield* agent.answer("whole"))).toBe(text);
      agent.send(Agent.modern("more than the daemon takes", "tools/call", Agent.call("echo", "x".repeat(5_000_000))));
      expect((yield* agent.answer("more than the daemon takes")).error).toBeDefined();
      const long = "x".repeat(17 * 1024 * 1024);
      agent.send(Agent.modern("first", "tools/call", Agent.call("echo", long)));
      agent.send({ method: "tools/call", params: Agent.call("echo", long), jsonrpc: "2.0", id: "last" });
      expect((yield* agent.answer("first")).error?.code).toBe(-32600);
      expect((yield* agent.answer("last")).error?.code).toBe(-32600);
    }),
  );

  it.scopedLive("refuses what is no frame, under its id where there is one, and goes on", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      agent.write(
        Buffer.from('{"jsonrpc":"2.0","id":"bytes","method":"tools/list","params":{"x":"\xff\xfe"}}\n', "latin1"),
      );
      agent.write('{"jsonrpc":"2.0","id":"cut","method":"tools/li\n');
      agent.write("nonsense\n\n  \n[]\n");
      agent.write('{"id":"old","method":"tools/list"}\n');
      agent.write('{"jsonrpc":"2.0","id":{"a":1},"method":"tools/list"}\n');
      agent.send(Agent.modern("good", "tools/list"));
      expect((yield* agent.answer("good")).result).toBeDefined();
      expect((yield* agent.answer("bytes")).error?.code).toBe(-32700);
      expect((yield* agent.answer("cut")).error?.code).toBe(-32700);
      expect((yield* agent.answer("old")).error?.code).toBe(-32600);
      const anonymous = agent.frames().filter(({ id }) => id === null);
      expect(anonymous.map(({ error }) => error?.code)).toEqual([-32700, -32600, -32600]);
    }),
  );
});

describe("the end of the bridge", () => {
  it.scopedLive("comes after the answers in flight when its input ends", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      agent.send(Agent.modern(1, "tools/call", Agent.call("wait", "x")));
      agent.send(Agent.modern(2, "subscriptions/listen", { notifications: { toolsListChanged: true } }));
      yield* until(() => server.log.includes("wait x"));
      agent.close();
      yield* Effect.sleep("200 millis");
      server.release();
      expect(yield* agent.ended).toEqual({ code: 0, signal: null });
      expect(textOf(yield* agent.answer(1))).toBe("waited x");
      expect(yield* agent.answer(2)).toMatchObject({ error: { code: -31007 } });
    }),
  );

  it.scopedLive("does not wait for ever for them", () =>
    Effect.gen(function* () {
      const { agent, server } = yield* connected();
      agent.send(Agent.modern(1, "tools/call", Agent.call("wait", "x")));
      yield* until(() => server.log.includes("wait x"));
      agent.close();
      expect((yield* agent.ended).code).toBe(0);
      expect((yield* agent.answer(1)).error?.code).toBe(-31007);
    }),
  );

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.scopedLive(`answers what is under way on ${signal}, in both eras, and ends with 0`, () =>
      Effect.gen(function* () {
        const { agent, server } = yield* connected();
        yield* openSession(agent);
        agent.send(Agent.modern(1, "tools/call", Agent.call("wait", "new")));
        agent.send(Agent.older(2, "tools/call", Agent.call("wait", "old")));
        agent.send(Agent.modern(3, "tools/call", Agent.call("count", "100000", { _meta: { progressToken: 1 } })));
        yield* until(() => server.log.includes("wait new") && server.log.includes("wait old"));
        yield* agent.find(({ method }) => method === "notifications/progress");
        agent.signal(signal);
        expect(yield* agent.ended).toEqual({ code: 0, signal: null });
        for (const id of [1, 2, 3]) {
          expect((yield* agent.answer(id)).error?.code).toBe(-31007);
          expect(answersTo(agent, id)).toBe(1);
        }
        yield* until(() => server.log.includes("session closed") && server.connections() === 0);
      }),
    );
  }

  it.scopedLive("comes when nobody reads its output any more", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      agent.child.stdout.destroy();
      agent.send(Agent.modern(1, "tools/list"));
      expect((yield* agent.ended).code).toBe(0);
    }),
  );

  it.scopedLive("comes when who started it is gone, even if others keep its input open", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      // `sleep` keeps the input open, and ends by itself.
      const script = `sleep 30 | "$0" "$1" mcp-bridge & echo "pid $!" >&2; wait`;
      const shell = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn("sh", ["-c", script, process.execPath, Program.PATH], { env: { ...Program.environment(home) } }),
        ),
        (shell) => Effect.sync(() => shell.kill("SIGKILL")),
      );
      let log = "";
      shell.stderr.on("data", (chunk: Buffer) => {
        log += chunk.toString();
      });
      yield* until(() => log.includes("bridging"));
      const pid = Number(/pid (\d+)/.exec(log)?.[1]);
      shell.kill("SIGKILL");
      yield* until(() => log.includes("ends, as the agent has"));
      yield* until(() => !isAlive(pid));
    }),
  );

  it.scopedLive("comes even if its output is full and its input has ended", () =>
    Effect.gen(function* () {
      const { agent } = yield* connected();
      agent.pause();
      for (const id of numbers(20)) agent.send(Agent.modern(id, "tools/call", Agent.call("blob", "500000")));
      agent.close();
      expect((yield* agent.ended).code).toBe(0);
    }),
  );
});

describe("cadastre mcp-bridge --doctor", () => {
  const examine = (env: { readonly [name: string]: string }, ...words: ReadonlyArray<string>) =>
    Effect.flatMap(Program.home, (home) => Program.run(home, ["mcp-bridge", ...words], { env }));

  it.scopedLive("tells what both eras get, and ends with 0", () =>
    Effect.gen(function* () {
      const server = yield* McpServer.serve();
      const { code, stdout } = yield* examine(
        { CADASTRE_URL: server.url, CADASTRE_TOKEN: McpServer.TOKEN },
        "--doctor",
      );
      expect(stdout.split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
        `ok endpoint ${server.url}/mcp (CADASTRE_URL)`,
        "ok token from CADASTRE_TOKEN",
        "ok since 2026-07-28 test-server 2, 6 tools",
        "ok before test-server 1, revision 2025-11-25, a session, 6 tools",
        "",
      ]);
      expect(code).toBe(0);
    }),
  );

  it.scopedLive("tells what is in the way, with a code for scripts", () =>
    Effect.gen(function* () {
      const server = yield* McpServer.serve();
      const wrong = { CADASTRE_URL: server.url, CADASTRE_TOKEN: "cad_wrong" };
      const nobody = { CADASTRE_URL: "http://127.0.0.1:1", CADASTRE_TOKEN: McpServer.TOKEN };
      expect(yield* examine(wrong, "--doctor")).toMatchObject({ code: 5, stderr: "" });
      expect(yield* examine(nobody, "--doctor")).toMatchObject({ code: 6, stderr: "" });
      expect((yield* examine(nobody, "--doctor")).stdout).toContain("FAIL  since 2026-07-28  No daemon answers");
      expect(yield* examine(wrong, "--require-daemon")).toMatchObject({ code: 5, stdout: "" });
      expect(yield* examine(nobody, "--require-daemon")).toMatchObject({ code: 6, stdout: "" });
    }),
  );
});
