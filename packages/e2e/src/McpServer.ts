/**
 * An MCP server on the official SDKs, in the test's own process: 2026-07-28 by the current one, what came before, with
 * sessions, by its predecessor. It can be broken in the ways in which a daemon breaks.
 */
import { randomUUID } from "node:crypto";
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CallToolRequestSchema,
  isInitializeRequest,
  ListToolsRequestSchema,
  SetLevelRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

export const TOKEN = "cad_test-token";

export interface Running {
  readonly url: string;
  /** Names of the tools that were called, and what happened otherwise, in order. */
  readonly log: Array<string>;
  /** Lets calls of `wait` and `wait_reading` come to an end. */
  readonly release: () => void;
  /** Drops everything that is open and every session, and refuses connections. */
  readonly kill: Effect.Effect<void>;
  /** Listens again, on the same port. */
  readonly start: Effect.Effect<void>;
  /** What clients are told of changes. */
  readonly toolsChanged: () => Promise<void>;
  /** The tokens that are accepted. */
  readonly tokens: Set<string>;
  /** Takes the place of the server: for answers that no server gives. */
  intercept: ((request: IncomingMessage, response: ServerResponse, body: string) => boolean) | undefined;
  /** How many sockets are open. */
  readonly connections: () => number;
}

interface Tool {
  readonly description: string;
  readonly readOnly: boolean;
  readonly run: (text: string, progress: (done: number) => Promise<void>, signal: AbortSignal) => Promise<string>;
}

const SCHEMA = { type: "object" as const, properties: { text: { type: "string" as const } } };

export const serve = (): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const running = make();
      await Effect.runPromise(running.start);
      return running;
    }),
    ({ kill }) => kill,
  );

const make = () => {
  const log: Array<string> = [];
  const tokens = new Set([TOKEN]);
  let waiting: Array<() => void> = [];
  const wait = (name: string) => (text: string, _: unknown, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      log.push(`${name} ${text}`);
      waiting.push(() => resolve(`waited ${text}`));
      signal.addEventListener("abort", () => {
        log.push(`aborted ${text}`);
        reject(new Error("aborted"));
      });
    });
  const tools: { readonly [name: string]: Tool } = {
    echo: { description: "Gives back the text", readOnly: true, run: async (text) => text },
    blob: {
      description: "Gives so many bytes",
      readOnly: true,
      run: async (text) => {
        log.push("blob");
        return "x".repeat(Number(text));
      },
    },
    write: {
      description: "Changes something",
      readOnly: false,
      run: async (text) => {
        log.push(`write ${text}`);
        return text;
      },
    },
    wait: { description: "Changes something, in its own time", readOnly: false, run: wait("wait") },
    wait_reading: { description: "Reads something, in its own time", readOnly: true, run: wait("wait_reading") },
    count: {
      description: "Reports progress",
      readOnly: true,
      run: async (text, progress, signal) => {
        for (let done = 1; done <= Number(text) && !signal.aborted; done++) {
          await progress(done);
          await setImmediate();
        }
        return text;
      },
    },
  };

  const modern = () => {
    const server = new McpServer(
      { name: "test-server", version: "2" },
      { capabilities: { tools: { listChanged: true } } },
    );
    for (const [name, { description, readOnly, run }] of Object.entries(tools)) {
      server.registerTool(
        name,
        {
          description,
          annotations: { readOnlyHint: readOnly },
          inputSchema: fromJsonSchema<{ text?: string }>(SCHEMA),
        },
        async ({ text = "" }, ctx) => {
          const token = ctx.mcpReq._meta?.progressToken;
          const progress = async (done: number) => {
            if (token === undefined) return;
            await ctx.mcpReq.notify({
              method: "notifications/progress",
              params: { progressToken: token, progress: done },
            });
          };
          return { content: [{ type: "text", text: await run(text, progress, ctx.mcpReq.signal) }] };
        },
      );
    }
    return server;
  };

  const older = () => {
    const server = new Server(
      { name: "test-server", version: "1" },
      { capabilities: { tools: { listChanged: true }, logging: {} } },
    );
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: Object.entries(tools).map(([name, { description, readOnly }]) => ({
        name,
        description,
        inputSchema: SCHEMA,
        annotations: { readOnlyHint: readOnly },
      })),
    }));
    server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
      log.push(`level ${params.level}`);
      return {};
    });
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
      const text = String(params.arguments?.["text"] ?? "");
      if (params.name === "ask") {
        const { content } = await server.createMessage({
          messages: [{ role: "user", content: { type: "text", text } }],
          maxTokens: 10,
        });
        return { content: Array.isArray(content) ? content : [content] };
      }
      const token = extra._meta?.progressToken;
      const progress = async (done: number) => {
        if (token === undefined) return;
        await extra.sendNotification({
          method: "notifications/progress",
          params: { progressToken: token, progress: done },
        });
      };
      const tool = tools[params.name];
      if (tool === undefined) throw new Error(`no tool ${params.name}`);
      return { content: [{ type: "text", text: await tool.run(text, progress, extra.signal) }] };
    });
    return server;
  };

  let handler = createMcpHandler(modern, { legacy: "reject" });
  const sessions = new Map<string, { transport: StreamableHTTPServerTransport; server: Server }>();
  const sockets = new Set<Socket>();
  let http: HttpServer | undefined;
  let port = 0;

  const serveOlder = async (request: IncomingMessage, response: ServerResponse, body: unknown) => {
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? sessions.get(id) : undefined;
    if (known !== undefined) return known.transport.handleRequest(request, response, body);
    if (!isInitializeRequest(body)) {
      response.writeHead(id === undefined ? 400 : 404, { "content-type": "application/json" });
      response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}');
      return;
    }
    const server = older();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (session) => {
        log.push("session opened");
        sessions.set(session, { transport, server });
      },
      onsessionclosed: () => {
        log.push("session closed");
      },
    });
    // Its own declaration of the transport is stricter than what it takes.
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, body);
  };

  const serveModern = async (request: IncomingMessage, response: ServerResponse, body: string) => {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const reply = await handler.fetch(
      new Request(new URL(request.url ?? "/", running.url), {
        method: request.method ?? "POST",
        headers: Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
        body,
        signal: gone.signal,
      }),
    );
    response.writeHead(reply.status, Object.fromEntries(reply.headers));
    response.flushHeaders();
    const reader = reply.body?.getReader();
    response.on("close", () => void reader?.cancel().catch(() => {}));
    for (;;) {
      const piece = await reader?.read().catch(() => undefined);
      if (piece === undefined || piece.done) break;
      if (!response.write(piece.value)) await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end();
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Array<Buffer> = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    if (running.intercept?.(request, response, body) === true) return;
    if (!tokens.has((request.headers.authorization ?? "").replace("Bearer ", ""))) {
      response.writeHead(401, { "www-authenticate": "Bearer", "content-type": "application/problem+json" });
      response.end('{"status":401,"code":"Unauthenticated","detail":"The token is not valid."}');
      return;
    }
    if (request.headers["mcp-method"] !== undefined) return serveModern(request, response, body);
    return serveOlder(request, response, body === "" ? undefined : JSON.parse(body));
  };

  const running: Running = {
    url: "",
    log,
    tokens,
    intercept: undefined,
    release: () => {
      for (const go of waiting) go();
      waiting = [];
    },
    connections: () => sockets.size,
    toolsChanged: async () => {
      handler.notify.toolsChanged();
      for (const { server } of sessions.values()) await server.sendToolListChanged();
    },
    start: Effect.async<void>((resume) => {
      handler = createMcpHandler(modern, { legacy: "reject" });
      http = createServer((request, response) => {
        answer(request, response).catch(() => response.destroy());
      });
      http.on("connection", (socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
      });
      http.listen(port, "127.0.0.1", () => {
        const address = http?.address();
        port = typeof address === "object" && address !== null ? address.port : 0;
        Object.assign(running, { url: `http://127.0.0.1:${port}` });
        resume(Effect.void);
      });
    }),
    kill: Effect.async<void>((resume) => {
      sessions.clear();
      waiting = [];
      http?.close(() => resume(Effect.void));
      for (const socket of sockets) socket.resetAndDestroy();
      http = undefined;
    }),
  };
  return running;
};
