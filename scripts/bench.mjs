/**
 * `pnpm bench [--only get,list,create,create16,batch,start] [--seconds N] [--warmup N] [--rounds N] [--entities N,…]
 * [--database sqlite|postgres] [--json]`
 *
 * The daemon, as it is by default, against the barest server that returns the same bytes from the same data with the same
 * durability (bench/bare.mjs). Each runs in a process of its own; the load comes from this one. They take turns within the
 * same minutes: the ratios are what counts, not the rates.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { administer, open } from "./bench/bareStore.mjs";
import { blocks, document, FORMATS } from "./bench/documents.mjs";
import { bytes, drive, fetchText, median, upload } from "./bench/load.mjs";
import { databaseOf, NAMES, start } from "./bench/target.mjs";
import { build } from "./build.mjs";
import { install } from "./install.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "get,list,create,create16,batch,start" },
    seconds: { type: "string", default: "5" },
    warmup: { type: "string", default: "12" },
    rounds: { type: "string", default: "3" },
    entities: { type: "string", default: "10000,100000" },
    database: { type: "string", default: "sqlite" },
    json: { type: "boolean", default: false },
  },
});
const only = new Set(options.only.split(","));
const [seconds, warmup, rounds] = [options.seconds, options.warmup, options.rounds].map(Number);

/** Entities in the catalog while single requests are measured. */
const POPULATION = 10_000;

const note = (text) => process.stderr.write(`${text}\n`);

const folders = [];
const makeFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "cadastre-bench-"));
  folders.push(folder);
  return folder;
};

/** One row for each thing measured: both figures and how they relate. */
const rows = [];
const record = (what, unit, figures, aim) =>
  rows.push({ what, unit, ...figures, ratio: figures.cadastre / figures.bare, aim });

/** Of Postgres, the server that is asked, as durable as it is by default; it is started once and ended with the run. */
let server;

/** A new database for a folder: undefined on SQLite, where it is a file in it. */
const databaseFor = async (folder) => {
  if (server === undefined) return undefined;
  const name = `bench_${folders.indexOf(folder)}`;
  await administer(server.url(), `CREATE DATABASE ${name}`);
  return server.url(name);
};

const both = async (folder, url, use) => {
  const targets = [];
  try {
    for (const name of NAMES) targets.push(await start(name, folder, url));
    return await use(targets);
  } finally {
    for (const target of targets) await target.stop();
  }
};

/** Fills the daemon through its own batch call, and the bare server's database with what the daemon then returns. */
const populate = async (folder, url) => {
  note(`Filling in ${POPULATION} entities …`);
  const daemon = await start("cadastre", folder, url);
  await upload(
    daemon.port,
    "/v1/entities/batch?mode=best-effort",
    daemon.token,
    FORMATS.ndjson.type,
    blocks("ndjson", POPULATION),
  );
  const bare = await open(databaseOf("bare", folder, url));
  const uids = [];
  let cursor = "";
  do {
    const { text } = await fetchText(daemon.port, `/v1/entities?limit=1000${cursor}`, daemon.token);
    const page = JSON.parse(text);
    await bare.insert(
      page.items.map((entity) => {
        const { uid, name } = entity.metadata;
        uids.push(uid);
        return { uid, key: `component:default/${name}`, kind: "component", name, json: JSON.stringify(entity), at: 0 };
      }),
    );
    cursor = page.nextCursor ? `&cursor=${page.nextCursor}` : "";
  } while (cursor !== "");
  await bare.close();
  await daemon.stop();
  return uids;
};

const LIST = "/v1/entities?kind=component&limit=50";

const assertSameBytes = async (targets, paths) => {
  for (const path of paths) {
    const [a, b] = await Promise.all(targets.map(({ port, token }) => fetchText(port, path, token)));
    if (a.text !== b.text || a.status !== 200)
      throw new Error(`${path}: the servers do not answer the same\n${a.text}\n${b.text}`);
  }
};

/** Warms both up, then lets them take turns; the median rate of each, and the processor time of one request. */
const compare = async (what, targets, connections, nextFor, aim) => {
  note(`${what}: ${warmup} s of warm-up each, then ${rounds} × ${seconds} s each …`);
  const load = (target, time) => drive({ port: target.port, connections, seconds: time, next: nextFor(target) });
  for (const target of targets) await load(target, warmup);
  const rates = Object.fromEntries(NAMES.map((name) => [name, []]));
  const costs = Object.fromEntries(NAMES.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) {
      const before = target.cpu();
      const { rate, answers } = await load(target, seconds);
      rates[target.name].push(rate);
      costs[target.name].push(((target.cpu() - before) / answers) * 1e6);
    }
  }
  const medians = (lists) => Object.fromEntries(NAMES.map((name) => [name, median(lists[name])]));
  record(what, "req/s", medians(rates), aim);
  if (targets[0].cpu() !== undefined) record(`${what}, processor time`, "µs/req", medians(costs));
};

const measureRequests = async () => {
  const folder = makeFolder();
  const url = await databaseFor(folder);
  const uids = await populate(folder, url);
  if (url !== undefined) await administer(url, "VACUUM ANALYZE");
  await both(folder, url, async (targets) => {
    await assertSameBytes(targets, [LIST, ...uids.slice(0, 20).map((uid) => `/v1/entities/${uid}`)]);
    if (only.has("get")) {
      await compare(
        "get by uid",
        targets,
        8,
        ({ token }) => {
          const requests = uids.map((uid) => bytes("GET", `/v1/entities/${uid}`, token));
          let i = 0;
          return () => {
            i = (i + 7919) % requests.length;
            return requests[i];
          };
        },
        "≥ 0.30",
      );
    }
    if (only.has("list")) {
      await compare(
        "list of 50",
        targets,
        8,
        ({ token }) => {
          const request = bytes("GET", LIST, token);
          return () => request;
        },
        "≥ 0.60",
      );
    }
    let created = 0;
    const creating =
      ({ token }) =>
      () =>
        bytes("POST", "/v1/entities", token, JSON.stringify(document(created++, "created")));
    if (only.has("create")) await compare("create, 1 connection", targets, 1, creating, "≥ 0.30");
    if (only.has("create16")) await compare("create, 16 connections", targets, 16, creating, "≥ 0.30");
  });
};

const measureBatches = async () => {
  for (const count of options.entities.split(",").map(Number)) {
    for (const format of Object.keys(FORMATS)) {
      note(`batch of ${count}, ${format} …`);
      const rates = {};
      const peaks = {};
      for (const name of NAMES) {
        const folder = makeFolder();
        const target = await start(name, folder, await databaseFor(folder));
        const started = performance.now();
        const { status, last } = await upload(
          target.port,
          "/v1/entities/batch?mode=best-effort",
          target.token,
          FORMATS[format].type,
          blocks(format, count),
        );
        rates[name] = count / ((performance.now() - started) / 1000);
        peaks[name] = target.memory().peak;
        await target.stop();
        const { summary } = JSON.parse(last);
        if (status !== 200 || summary.created !== count) throw new Error(`${name}: ${status} ${last}`);
      }
      const aim = format === "ndjson" ? "≥ 3000/s" : undefined;
      record(`batch of ${count}, ${format}`, "entities/s", rates, aim);
      record(`batch of ${count}, ${format}, peak memory`, "MB", peaks);
    }
  }
};

const measureStarts = async () => {
  note("cold starts …");
  const folder = makeFolder();
  const url = await databaseFor(folder);
  const times = Object.fromEntries(NAMES.map((name) => [name, []]));
  const memories = Object.fromEntries(NAMES.map((name) => [name, []]));
  for (let round = 0; round < 7; round++) {
    for (const name of NAMES) {
      const target = await start(name, folder, url);
      times[name].push(target.coldStart);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      memories[name].push(target.memory().now);
      await target.stop();
    }
  }
  const medians = (lists) => Object.fromEntries(NAMES.map((name) => [name, median(lists[name])]));
  record("cold start", "ms", medians(times), "≤ 3");
  record("memory at rest", "MB", medians(memories));
};

const print = () => {
  const figure = (number) => (number >= 100 ? Math.round(number).toLocaleString("en") : number.toPrecision(2));
  const table = rows.map(({ what, unit, bare, cadastre, ratio, aim }) => [
    what,
    unit,
    figure(bare),
    figure(cadastre),
    ratio.toFixed(2),
    aim ?? "",
  ]);
  const all = [["", "", "bare", "cadastre", "ratio", "aim"], ...table];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  for (const row of all) {
    console.log(
      row
        .map((cell, i) => (i < 2 || i === 5 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join("  ")
        .trimEnd(),
    );
  }
};

if (!install()) process.exit(1);
await build({ quiet: true });
if (options.database === "postgres") {
  const { startServer } = await import("../packages/testing/src/PostgresServer.mjs");
  server = await startServer("18", { settings: { fsync: "on", shared_buffers: "512MB" } });
}
note(`Node ${process.versions.node} on ${cpus().length} × ${cpus()[0]?.model.trim()}`);
try {
  if (["get", "list", "create", "create16"].some((name) => only.has(name))) await measureRequests();
  if (only.has("batch")) await measureBatches();
  if (only.has("start")) await measureStarts();
} finally {
  await server?.remove();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
if (options.json) console.log(JSON.stringify({ node: process.versions.node, cpus: cpus().length, rows }, undefined, 2));
else print();
