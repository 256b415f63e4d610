/**
 * `node scripts/bench-mcp.mjs [--seconds N] [--warmup N] [--rounds N] [--entities N] [--json]`
 *
 * What a tool call takes beside the REST call for the same data: one request after the other on one connection, in turns
 * within the same minutes, on a daemon of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { blocks, document } from "./bench/documents.mjs";
import { drive, median, upload } from "./bench/load.mjs";
import { start } from "./bench/target.mjs";
import { build } from "./build.mjs";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    warmup: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    entities: { type: "string", default: "10000" },
    json: { type: "boolean", default: false },
  },
});
const [seconds, warmup, rounds, entities] = [options.seconds, options.warmup, options.rounds, options.entities].map(
  Number,
);

const REVISION = "2026-07-28";

/** A tool call as a client of the current revision sends it, and as one of those of 2025 does. */
const call = (name, args, isCurrent) => ({
  method: "POST",
  path: "/mcp",
  headers: {
    accept: "application/json, text/event-stream",
    ...(isCurrent ? { "mcp-protocol-version": REVISION, "mcp-method": "tools/call", "mcp-name": name } : {}),
  },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name,
      arguments: args,
      ...(isCurrent
        ? {
            _meta: {
              "io.modelcontextprotocol/protocolVersion": REVISION,
              "io.modelcontextprotocol/clientCapabilities": {},
            },
          }
        : {}),
    },
  }),
});

const get = (path) => ({ method: "GET", path, headers: {} });

const bytesOf = ({ method, path, headers, body }, token) =>
  Buffer.from(
    [
      `${method} ${path} HTTP/1.1`,
      "Host: localhost",
      `Authorization: Bearer ${token}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`]),
      "",
      body ?? "",
    ].join("\r\n"),
  );

const { name } = document(7).metadata;
const reference = `component:default/${name}`;

/** The same data, by each door. */
const QUESTIONS = {
  "one entity": {
    REST: get(`/v1/entities/by-ref/component/default/${name}`),
    MCP: call("get_entity", { reference }, true),
    "MCP of 2025": call("get_entity", { reference }, false),
  },
  "a page of 20": {
    REST: get("/v1/entities?kind=Component&limit=20"),
    MCP: call("search_catalog", { kind: ["Component"], limit: 20 }, true),
    "MCP of 2025": call("search_catalog", { kind: ["Component"], limit: 20 }, false),
  },
};

await build({ quiet: true });
const folder = mkdtempSync(join(tmpdir(), "cadastre-bench-"));
const daemon = await start("cadastre", folder);
try {
  await upload(
    daemon.port,
    "/v1/entities/batch?mode=best-effort",
    daemon.token,
    "application/x-ndjson",
    blocks("ndjson", entities),
  );
  const rows = [];
  for (const [question, doors] of Object.entries(QUESTIONS)) {
    const requests = Object.entries(doors).map(([door, request]) => [door, bytesOf(request, daemon.token), []]);
    const run = async (seconds, isCounted) => {
      for (const [, bytes, millis] of requests) {
        const { rate } = await drive({ port: daemon.port, connections: 1, seconds, next: () => bytes });
        if (isCounted) millis.push(1000 / rate);
      }
    };
    await run(warmup, false);
    for (let round = 0; round < rounds; round++) await run(seconds, true);
    const rest = median(requests[0][2]);
    for (const [door, , millis] of requests)
      rows.push({ question, door, ms: median(millis), ratio: median(millis) / rest });
  }
  if (options.json) console.log(JSON.stringify(rows));
  else
    for (const { question, door, ms, ratio } of rows)
      console.log(`${question.padEnd(14)} ${door.padEnd(12)} ${ms.toFixed(2).padStart(7)} ms  ${ratio.toFixed(2)}`);
} finally {
  await daemon.stop();
  rmSync(folder, { recursive: true, force: true });
}
