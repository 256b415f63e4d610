import { component } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as McpServer from "@cadastre/e2e/McpServer";
import * as Program from "@cadastre/e2e/Program";
import { until } from "@cadastre/e2e/Waiting";
import { describe, expect, it } from "@effect/vitest";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as OlderClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as OlderStdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";

const CLIENT = { name: "test-client", version: "1" };

/** How a client starts the bridge. */
const parameters = (home: Program.Home) => ({
  command: process.execPath,
  args: [Program.PATH, "mcp-bridge"],
  env: { ...Program.environment(home) },
  stderr: "ignore" as const,
});

/** The official clients, as they are connected over the bridge. */
const clients = {
  "@modelcontextprotocol/client, 2026-07-28": (home: Program.Home) =>
    opened(
      new Client(CLIENT, { versionNegotiation: { mode: { pin: "2026-07-28" } } }),
      new StdioClientTransport(parameters(home)),
    ),
  "@modelcontextprotocol/client, as it chooses": (home: Program.Home) =>
    opened(new Client(CLIENT, { versionNegotiation: { mode: "auto" } }), new StdioClientTransport(parameters(home))),
  "@modelcontextprotocol/client, before 2026-07-28": (home: Program.Home) =>
    opened(new Client(CLIENT), new StdioClientTransport(parameters(home))),
  "@modelcontextprotocol/sdk": (home: Program.Home) =>
    opened(new OlderClient(CLIENT), new OlderStdioClientTransport(parameters(home))),
};

/** What the clients have in common. */
interface AnyClient<Transport> {
  readonly connect: (transport: Transport) => Promise<void>;
  readonly close: () => Promise<void>;
  readonly listTools: () => Promise<{ readonly tools: ReadonlyArray<{ readonly name: string }> }>;
  readonly callTool: (call: { name: string; arguments: Record<string, unknown> }) => Promise<object>;
}

const opened = <Transport>(client: AnyClient<Transport>, transport: Transport) =>
  Effect.as(
    Effect.acquireRelease(
      Effect.promise(() => client.connect(transport)),
      () => Effect.promise(() => client.close()),
    ),
    {
      tools: Effect.promise(async () => (await client.listTools()).tools.map(({ name }) => name)),
      /** The result as JSON; of an error, the code. */
      call: (name: string, args: Record<string, unknown>) =>
        Effect.promise(() =>
          client.callTool({ name, arguments: args }).then(
            (result) => JSON.stringify(result),
            (error: { readonly code?: number }) => String(error.code),
          ),
        ),
    },
  );

for (const [name, open] of Object.entries(clients)) {
  describe(`${name}, over the bridge`, () => {
    it.scopedLive("lists and calls every tool of the daemon, before and after it was killed", () =>
      Effect.gen(function* () {
        const home = yield* Program.home;
        yield* Program.run(home, ["admin", "seed"]);
        const daemon = yield* Program.daemon(home);
        const client = yield* open(home);
        const tools = yield* client.tools;
        expect(tools.length).toBeGreaterThan(10);
        const owner = client.call("get_owner", { reference: "component:payments" });
        expect(yield* owner).toContain("checkout");
        // Without what it needs, a tool says so; that is an answer too.
        for (const tool of tools) expect(yield* client.call(tool, {})).toContain('"content":[');
        yield* daemon.signal("SIGKILL");
        yield* daemon.ended;
        yield* Program.daemon(home);
        expect(yield* owner).toContain("checkout");
      }),
    );
  });
}

describe("many writing calls, over the bridge to a daemon that is killed and started anew", () => {
  it.scopedLive("each have one answer, and what was answered as done is kept", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const first = yield* Program.daemon(home);
      const client = yield* clients["@modelcontextprotocol/client, 2026-07-28"](home);
      let answered = 0;
      const write = (name: string) =>
        Effect.map(client.call("apply_entity", { document: JSON.stringify(component(name)) }), (result) => {
          answered++;
          return { name, outcome: result.includes('"action":"created"') ? "created" : result };
        });
      const names = Array.from({ length: 100 }, (_, i) => `c-${i}`);
      const writing = yield* Effect.fork(Effect.forEach(names, write, { concurrency: 20 }));
      yield* until(() => answered > 20);
      yield* first.signal("SIGKILL");
      yield* first.ended;
      const second = yield* Program.daemon(home);
      const outcomes = yield* Fiber.join(writing);
      // Those that were under way when it was killed may have been done.
      expect([...new Set(outcomes.map(({ outcome }) => outcome))].sort()).toEqual(["-31002", "created"]);
      const { text } = yield* Http.get(second, "/v1/entities?limit=1000");
      const kept = JSON.parse(text).items.map((entity: { metadata: { name: string } }) => entity.metadata.name);
      const done = outcomes.filter(({ outcome }) => outcome === "created").map(({ name }) => name);
      expect(kept).toEqual(expect.arrayContaining(done));
      expect(done.length).toBeGreaterThan(50);
    }),
  );
});

it.scopedLive("a server that keeps sessions is served the same way", () =>
  Effect.gen(function* () {
    const home = yield* Program.home;
    const server = yield* McpServer.serve();
    Program.announce(home, server.url, McpServer.TOKEN);
    const client = yield* clients["@modelcontextprotocol/sdk"](home);
    expect(yield* client.tools).toHaveLength(6);
  }),
);
