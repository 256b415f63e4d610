/**
 * The bridge as an agent has it: a process to whose input frames are written, and whose output holds frames and nothing
 * else. Its output is read only as far as a test asks.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { environment, type Home, PATH } from "./Program.ts";

export interface Frame {
  readonly jsonrpc: "2.0";
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: { readonly [key: string]: unknown };
  readonly result?: { readonly [key: string]: unknown };
  readonly error?: { readonly code: number; readonly message: string };
}

export interface Agent {
  readonly pid: number;
  readonly send: (frame: object) => void;
  /** Bytes as they are. */
  readonly write: (bytes: string | Uint8Array) => void;
  readonly close: () => void;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Everything that was read. Fails the test that asks if a line is no frame. */
  readonly frames: () => ReadonlyArray<Frame>;
  readonly stderr: () => string;
  /** The first frame that fits, now or later. */
  readonly find: (fits: (frame: Frame) => boolean) => Effect.Effect<Frame>;
  /** The answer to a request, now or later. */
  readonly answer: (id: string | number) => Effect.Effect<Frame>;
  /** Its input stays as it is. */
  readonly ended: Effect.Effect<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly child: ChildProcessWithoutNullStreams;
  /** Reads no further, or goes on. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export const start = (
  home: Home,
  words: ReadonlyArray<string>,
  env: { readonly [name: string]: string } = {},
): Effect.Effect<Agent, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<{ code: number | null; signal: NodeJS.Signals | null }>();
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [PATH, "mcp-bridge", ...words], {
          cwd: home.folder,
          env: { ...environment(home), ...env },
        }),
      ),
      (child) =>
        Effect.zipRight(
          Effect.sync(() => void child.kill("SIGKILL")),
          Deferred.await(ended),
        ),
    );
    const out: Array<Buffer> = [];
    const err: Array<Buffer> = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => {});
    child.on("exit", (code, signal) => Deferred.unsafeDone(ended, Effect.succeed({ code, signal })));

    const parsed: Array<Frame> = [];
    const frames = () => {
      const read = Buffer.concat(out.splice(0));
      const end = read.lastIndexOf("\n") + 1;
      out.push(read.subarray(end));
      for (const line of read.toString("utf8", 0, end).split("\n").slice(0, -1)) parsed.push(JSON.parse(line));
      return parsed;
    };
    const find = (fits: (frame: Frame) => boolean): Effect.Effect<Frame> =>
      Effect.suspend(() => {
        const frame = frames().find(fits);
        return frame === undefined ? Effect.delay(find(fits), "10 millis") : Effect.succeed(frame);
      });
    return {
      pid: child.pid ?? 0,
      child,
      send: (frame) => child.stdin.write(`${JSON.stringify(frame)}\n`),
      write: (bytes) => child.stdin.write(bytes),
      close: () => child.stdin.end(),
      signal: (name) => void child.kill(name),
      frames,
      stderr: () => Buffer.concat(err).toString("utf8"),
      find,
      answer: (id) => find((frame) => frame.method === undefined && frame.id === id),
      ended: Deferred.await(ended),
      pause: () => child.stdout.pause(),
      resume: () => child.stdout.resume(),
    };
  });

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test-agent", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A request of the revision 2026-07-28. */
export const modern = (id: string | number, method: string, params: { readonly [key: string]: unknown } = {}) => ({
  jsonrpc: "2.0",
  id,
  method,
  params: { ...params, _meta: { ...META, ...(params["_meta"] as object | undefined) } },
});

/** A request of the revisions before. */
export const older = (id: string | number, method: string, params: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});

export const notification = (method: string, params: object = {}) => ({ jsonrpc: "2.0", method, params });

export const initialize = (id: string | number, protocolVersion = "2025-11-25") =>
  older(id, "initialize", {
    protocolVersion,
    capabilities: { sampling: {} },
    clientInfo: { name: "test-agent", version: "1" },
  });

export const call = (name: string, text: string, more: object = {}) => ({ name, arguments: { text }, ...more });
