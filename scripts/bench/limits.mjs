/**
 * `node scripts/bench/limits.mjs [--seconds N] [--warmup N] [--rounds N] [--json]`
 *
 * What it costs to limit rates, and to check tokens: of `get by uid`, without a log, against a server that does neither. All take
 * turns within the same minutes. The last row is about too many: how long the answers of a server take that is asked by far more
 * connections than it can serve, and how many it turns away.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundle } from "../bundle.mjs";
import { blocks, FORMATS } from "./documents.mjs";
import { bytes, drive, fetchText, median, quantile, upload } from "./load.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    warmup: { type: "string", default: "8" },
    rounds: { type: "string", default: "7" },
    json: { type: "boolean", default: false },
  },
});
const [seconds, warmup, rounds] = [options.seconds, options.warmup, options.rounds].map(Number);

const WHAT = {
  neither: "neither",
  rates: "rates limited",
  tokens: "tokens of the catalog checked",
  jwt: "tokens of an issuer checked",
};

const POPULATION = 1_000;

const note = (text) => process.stderr.write(`${text}\n`);

const start = async (program, what, database) => {
  const child = spawn(process.execPath, [program, what, database], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data)));
    child.once("exit", (code) => reject(new Error(`${what} ended with ${code}`)));
  });
  const target = { what, ...JSON.parse(line), stop: () => child.kill() };
  await upload(
    target.port,
    "/v1/entities/batch?mode=best-effort",
    target.token,
    FORMATS.ndjson.type,
    blocks("ndjson", POPULATION),
  );
  const { text } = await fetchText(target.port, "/v1/entities?limit=1000&fields=metadata.uid", target.token);
  const requests = JSON.parse(text).items.map(({ metadata }) =>
    bytes("GET", `/v1/entities/${metadata.uid}`, target.token),
  );
  let i = 0;
  return {
    ...target,
    next: () => {
      i = (i + 389) % requests.length;
      return requests[i];
    },
  };
};

/** Each of `connections` asks again as soon as it is answered; times of what was served, in milliseconds, and how much was not. */
const crowd = ({ port, next }, connections, time) => {
  const served = [];
  let turnedAway = 0;
  const until = performance.now() + time * 1000;
  const one = () =>
    new Promise((resolve) => {
      let sent = 0;
      const ask = () => {
        sent = performance.now();
        socket.write(next());
      };
      const socket = connect(port, "127.0.0.1", ask);
      socket.on("error", () => {});
      socket.on("close", resolve);
      socket.on("data", (data) => {
        if (data.toString("latin1", 9, 12) === "200") served.push(performance.now() - sent);
        else turnedAway += 1;
        if (performance.now() < until) ask();
        else socket.end();
      });
    });
  return Promise.all(Array.from({ length: connections }, one)).then(() => ({ served, turnedAway }));
};

const program = join(root, "packages/cli/node_modules/.cache/limited-server.cjs");
await bundle(join(root, "scripts/bench/limitedServer.mjs"), program, {
  nodePaths: [join(root, "packages/cli/node_modules")],
});
const folder = mkdtempSync(join(tmpdir(), "cadastre-limits-"));
const targets = [];
try {
  for (const what of Object.keys(WHAT)) targets.push(await start(program, what, join(folder, `${what}.db`)));
  note(`${warmup} s of warm-up each, then ${rounds} × ${seconds} s each …`);
  const load = (target, time) => drive({ port: target.port, connections: 8, seconds: time, next: target.next });
  for (const target of targets) await load(target, warmup);
  const rates = new Map(targets.map(({ what }) => [what, []]));
  for (let round = 0; round < rounds; round++) {
    // Who comes first in a round has no advantage over all.
    for (let n = 0; n < targets.length; n++) {
      const target = targets[(n + round) % targets.length];
      rates.get(target.what).push((await load(target, seconds)).rate);
    }
  }
  const base = rates.get("neither");
  const rows = targets.map(({ what }) => ({
    what: WHAT[what],
    rate: Math.round(median(rates.get(what))),
    // By rounds, which the machine's moods are the same for.
    cost: Number(median(rates.get(what).map((rate, round) => (1 - rate / base[round]) * 100)).toFixed(1)),
  }));
  const crowds = [];
  for (const connections of [8, 100, 1_000, 3_000]) {
    const { served, turnedAway } = await crowd(targets[0], connections, 5);
    const [p50, p99] = [0.5, 0.99].map((q) => Math.round(quantile(served, q) ?? 0));
    crowds.push({ connections, rate: Math.round(served.length / 5), p50, p99, turnedAway: Math.round(turnedAway / 5) });
  }
  if (options.json) console.log(JSON.stringify({ rows, crowds }, undefined, 2));
  else {
    for (const { what, rate, cost } of rows)
      console.log(`${what.padEnd(32)} ${String(rate).padStart(6)} req/s  ${cost} %`);
    console.log("\nconnections  served/s  p50 ms  p99 ms  turned away/s");
    for (const row of crowds)
      console.log(
        Object.values(row)
          .map((value) => String(value).padStart(10))
          .join("  "),
      );
  }
} finally {
  for (const target of targets) target.stop();
  rmSync(folder, { recursive: true, force: true });
}
