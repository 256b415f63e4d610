/**
 * `node scripts/bench-observability.mjs [--seconds N] [--warmup N] [--rounds N] [--loads get,create] [--only name,…]
 * [--before path/to/cadastre.js]`
 *
 * What it costs to be watched: daemons that differ in one setting each, on the same data, take turns within the same minutes.
 * The load reads entities by uid, where the work of the catalog itself is least and the share of all else is highest, and
 * creates some. `--before` adds a program that was built elsewhere, such as the one of another commit.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { blocks, document, FORMATS } from "./bench/documents.mjs";
import { bytes, drive, fetchText, upload } from "./bench/load.mjs";
import { start } from "./bench/target.mjs";
import { build } from "./build.mjs";
import { install } from "./install.mjs";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    warmup: { type: "string", default: "8" },
    rounds: { type: "string", default: "5" },
    loads: { type: "string", default: "get,create" },
    only: { type: "string" },
    before: { type: "string" },
  },
});
const [seconds, warmup, rounds] = [options.seconds, options.warmup, options.rounds].map(Number);

const POPULATION = 2_000;

const note = (text) => process.stderr.write(`${text}\n`);

/** A collector that takes everything and keeps nothing. */
const collector = () =>
  new Promise((resolve) => {
    let received = 0;
    const server = createServer((request, response) => {
      request.on("data", (chunk) => {
        received += chunk.length;
      });
      request.on("end", () => response.writeHead(200, { "content-type": "application/x-protobuf" }).end());
    });
    server.listen(0, "127.0.0.1", () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        received: () => received,
        close: () => server.close(),
      }),
    );
  });

const quiet = ["--log-level", "none"];
const unmeasured = ["--metrics", "off"];

const variantsOf = (otlp) => {
  const traced = (sampler) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
    OTEL_BSP_MAX_QUEUE_SIZE: "100000",
    ...sampler,
  });
  return {
    nothing: { global: quiet, words: unmeasured },
    "JSON logs": { global: [], words: unmeasured },
    metrics: { global: quiet, words: [] },
    "all traces": { global: quiet, words: unmeasured, env: traced({}) },
    "traces of 1 %": {
      global: quiet,
      words: unmeasured,
      env: traced({ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.01" }),
    },
    default: { global: [], words: [] },
    ...(options.before === undefined
      ? {}
      : {
          "before without logs": { global: quiet, words: [], program: options.before },
          before: { global: [], words: [], program: options.before },
        }),
  };
};

const only = options.only?.split(",");

/** Others on the machine only ever make it slower: the better quarter says more than the middle. */
const good = (numbers, best) => [...numbers].sort((a, b) => best(a, b))[Math.floor(numbers.length / 4)];
const highest = (a, b) => b - a;
const lowest = (a, b) => a - b;

/** Fills a daemon and gives the uids. */
const populate = async ({ port, token }) => {
  await upload(port, "/v1/entities/batch?mode=best-effort", token, FORMATS.ndjson.type, blocks("ndjson", POPULATION));
  const uids = [];
  for (let cursor = ""; ; ) {
    const { text } = await fetchText(port, `/v1/entities?limit=1000${cursor}`, token);
    const page = JSON.parse(text);
    uids.push(...page.items.map(({ metadata }) => metadata.uid));
    if (!page.nextCursor) return uids;
    cursor = `&cursor=${page.nextCursor}`;
  }
};

let created = 0;

const LOADS = {
  get: ({ token, uids }) => {
    const requests = uids.map((uid) => bytes("GET", `/v1/entities/${uid}`, token));
    let i = 0;
    return () => {
      i = (i + 7919) % requests.length;
      return requests[i];
    };
  },
  create:
    ({ token }) =>
    () =>
      bytes("POST", "/v1/entities", token, JSON.stringify(document(created++, "created"))),
};

if (!install()) process.exit(1);
await build({ quiet: true });
const folders = [];
const otlp = await collector();
const targets = [];
try {
  for (const [what, { global, words, env, program }] of Object.entries(variantsOf(otlp.url))) {
    if (only !== undefined && !only.includes(what)) continue;
    const folder = mkdtempSync(join(tmpdir(), "cadastre-bench-"));
    folders.push(folder);
    const target = await start("cadastre", folder, undefined, { words: [...words, ...global], env, program });
    targets.push({ ...target, what, uids: await populate(target) });
  }
  for (const load of options.loads.split(",")) {
    const make = LOADS[load];
    note(`${load}: ${targets.length} daemons, ${warmup} s of warm-up each, then ${rounds} × ${seconds} s each …`);
    const run = (target, time) => drive({ port: target.port, connections: 8, seconds: time, next: make(target) });
    for (const target of targets) await run(target, warmup);
    const found = new Map(targets.map(({ what }) => [what, { rates: [], costs: [] }]));
    for (let round = 0; round < rounds; round++) {
      for (const target of targets) {
        const before = target.cpu();
        const { rate, answers } = await run(target, seconds);
        found.get(target.what).rates.push(rate);
        found.get(target.what).costs.push(((target.cpu() - before) / answers) * 1e6);
      }
    }
    const figures = [...found].map(([what, { rates, costs }]) => ({
      what,
      rate: good(rates, highest),
      cost: good(costs, lowest),
    }));
    const [base] = figures;
    console.log(`${load.padEnd(22)}  req/s            µs of processor a request`);
    const change = (now, was) => `${now >= was ? "+" : "−"}${Math.abs((now / was - 1) * 100).toFixed(1)} %`;
    for (const { what, rate, cost } of figures) {
      console.log(
        [
          what.padEnd(22),
          String(Math.round(rate)).padStart(6),
          change(rate, base.rate).padStart(8),
          String(Math.round(cost)).padStart(8),
          change(cost, base.cost).padStart(8),
        ].join("  "),
      );
    }
  }
  note(`The collector took ${Math.round(otlp.received() / 1024)} KiB.`);
} finally {
  for (const target of targets) await target.stop();
  otlp.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
