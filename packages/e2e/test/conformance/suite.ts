/**
 * The official conformance suite, which knows no tokens: it is run through a door that adds one and changes nothing else.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, request as nodeRequest } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

const require = createRequire(import.meta.url);

/** Of the suite's packages `main` is the program. */
const programOf = (name: string) => join(folderOf(name), "dist/index.js");

/** Where a package is installed. */
export const folderOf = (name: string): string => {
  const folder = require.resolve
    .paths(name)
    ?.map((path) => join(path, name))
    .find(existsSync);
  if (folder === undefined) throw new Error(`${name} is not installed`);
  return folder;
};

/** A Node of release 22 or later: the suite and the inspector need one. */
export const modernNode = (): string =>
  Number(process.versions.node.split(".")[0]) >= 22
    ? process.execPath
    : join(folderOf(`node-${process.platform}-${process.arch}`), "bin/node");

/** Listens on a free port and hands everything on, with the token. */
export const door = (target: string, token: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((incoming, outgoing) => {
          const { hostname, port } = new URL(target);
          const forwarded = nodeRequest(
            {
              hostname,
              port,
              path: incoming.url,
              method: incoming.method,
              headers: { ...incoming.headers, authorization: `Bearer ${token}` },
              agent: false,
            },
            (answer) => {
              outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
              outgoing.flushHeaders();
              answer.pipe(outgoing);
            },
          );
          forwarded.on("error", () => outgoing.destroy());
          outgoing.on("close", () => forwarded.destroy());
          incoming.pipe(forwarded);
        });
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)));
      }),
      (server) =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void));
          server.closeAllConnections();
        }),
    ),
    (server) => `http://localhost:${(server.address() as AddressInfo).port}`, // not a pipe
  );

export interface Line {
  readonly package: string;
  readonly words: ReadonlyArray<string>;
}

/** The published suite, and the line that knows the current revision. */
export const LINES = {
  "0.1.16": { package: "@modelcontextprotocol/conformance", words: ["--suite", "all"] },
  "2025-11-25": { package: "@modelcontextprotocol/conformance-next", words: ["--requirements", "2025-11-25"] },
  "2026-07-28": { package: "@modelcontextprotocol/conformance-next", words: ["--requirements", "2026-07-28"] },
} as const satisfies { readonly [name: string]: Line };

export interface Verdict {
  readonly code: number;
  readonly output: string;
}

/** Runs one line of the suite; `expected` is a file of failures that are expected: any other fails, and so does one of them that passes. */
export const run = (url: string, line: Line, expected?: string): Effect.Effect<Verdict> =>
  Effect.async((resume) => {
    const words = [
      ...line.words,
      ...(expected === undefined ? [] : ["--expected-failures", fileURLToPath(new URL(expected, import.meta.url))]),
    ];
    const child = execFile(
      modernNode(),
      [programOf(line.package), "server", "--url", `${url}/mcp`, ...words],
      { cwd: tmpdir(), env: { PATH: dirname(process.execPath), NO_COLOR: "1" }, maxBuffer: 64 * 1024 * 1024 },
      (_, stdout, stderr) => resume(Effect.succeed({ code: child.exitCode ?? 1, output: `${stdout}${stderr}` })),
    );
    return Effect.sync(() => child.kill());
  });
