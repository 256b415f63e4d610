/**
 * `node scripts/bench/callbacks.mjs [--changes N] [--seconds N] [--database sqlite|postgres]`: callbacks of a daemon to receivers on
 * this machine.
 *
 * - callbacks a second: N entities are created at once, and told to one subscription, then to ten
 * - one dead receiver among fifty: changes come at a steady pace; how long after a change the other forty-nine hear of it, with
 *   all fifty well, then with one that takes connections and never answers, then with one where nothing listens. They take
 *   turns, twice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startServer } from "../../packages/testing/src/PostgresServer.mjs";
import { build } from "../build.mjs";
import { document } from "./documents.mjs";
import { ask, quantile } from "./load.mjs";
import { freePort, start } from "./target.mjs";

const { values: options } = parseArgs({
  options: {
    changes: { type: "string", default: "2000" },
    seconds: { type: "string", default: "40" },
    database: { type: "string", default: "sqlite" },
  },
});
const [changes, seconds] = [options.changes, options.seconds].map(Number);

/** Of changes, while one of fifty is dead. */
const PER_SECOND = 2;
const RECEIVERS = 50;

/** What was received: the path, and the milliseconds since the change. */
let heard = [];
const receiver = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (chunk) => {
    text += chunk;
  });
  request.on("end", () => {
    if (request.url === "/hangs") return;
    heard.push({ path: request.url, after: Date.now() - Date.parse(JSON.parse(text).time) });
    response.writeHead(204).end();
  });
});
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const { port } = receiver.address();
const at = (path) => `http://127.0.0.1:${port}${path}`;

/** Where nothing listens. */
const refusing = `http://127.0.0.1:${await freePort()}/`;

await build();
const folder = mkdtempSync(join(tmpdir(), "cadastre-callbacks-"));
const server = options.database === "postgres" ? await startServer("18", { settings: { fsync: "on" } }) : undefined;
const daemon = await start("cadastre", folder, server?.url(), {
  env: { CADASTRE_CALLBACK_TARGETS: "127.0.0.1:*", CADASTRE_VAULT_KEY: Buffer.alloc(32, 7).toString("base64") },
});

const subscribe = async (name, url) => {
  const body = { name, channel: { type: "webhook", url }, types: ["entity.created"], rateLimit: 1000 };
  return JSON.parse(await ask(daemon, "POST", "/v1/subscriptions", JSON.stringify(body))).subscription.id;
};
const unsubscribe = async (ids) => {
  for (const id of ids) await ask(daemon, "DELETE", `/v1/subscriptions/${id}`);
};

let created = 0;
const create = (count) => {
  const lines = Array.from({ length: count }, () => JSON.stringify(document(created++, "told")));
  return ask(daemon, "POST", "/v1/entities/batch", lines.join("\n"), "application/x-ndjson");
};

const arrived = async (count) => {
  for (let waited = 0; heard.length < count; waited += 5) {
    if (waited > 300_000) throw new Error(`only ${heard.length} of ${count} callbacks came`);
    await sleep(5);
  }
};

const throughput = async (subscriptions) => {
  const ids = [];
  for (let i = 0; i < subscriptions; i++) ids.push(await subscribe(`throughput-${i}`, at(`/${i}`)));
  const count = Math.ceil(changes / subscriptions);
  heard = [];
  const begun = performance.now();
  await create(count);
  await arrived(count * subscriptions);
  const rate = (count * subscriptions) / ((performance.now() - begun) / 1000);
  console.log(`${subscriptions} subscriptions: ${rate.toFixed(0)} callbacks/s, writing the ${count} entities included`);
  await unsubscribe(ids);
};

/** Milliseconds after the change, of those that are well. */
const beside = async (what, target, seconds) => {
  const ids = [await subscribe("odd", target)];
  for (let i = 1; i < RECEIVERS; i++) ids.push(await subscribe(`well-${i}`, at(`/well-${i}`)));
  heard = [];
  const total = seconds * PER_SECOND;
  for (let i = 0; i < total; i++) {
    const next = sleep(1000 / PER_SECOND);
    await create(1);
    await next;
  }
  const well = () => heard.filter(({ path }) => path !== "/odd");
  for (let waited = 0; well().length < total * (RECEIVERS - 1) && waited < 60_000; waited += 20) await sleep(20);
  const waits = well().map(({ after }) => after);
  if (waits.length < total * (RECEIVERS - 1)) throw new Error(`${what}: ${waits.length} callbacks came`);
  await unsubscribe(ids);
  return waits;
};

const rounds = { "all well": [], "one hangs": [], "one refuses": [] };
const targets = { "all well": at("/odd"), "one hangs": at("/hangs"), "one refuses": refusing };
try {
  await throughput(1);
  await throughput(10);
  await beside("warm-up", targets["all well"], 10);
  for (let round = 0; round < 2; round++) {
    for (const [what, target] of Object.entries(targets)) rounds[what].push(...(await beside(what, target, seconds)));
  }
  for (const [what, waits] of Object.entries(rounds)) {
    const [p50, p99] = [0.5, 0.99].map((q) => quantile(waits, q));
    const ratio = p99 / quantile(rounds["all well"], 0.99);
    console.log(`${what.padEnd(12)} p50 ${p50} ms, p99 ${p99} ms (${ratio.toFixed(2)}), ${waits.length} callbacks`);
  }
} finally {
  await daemon.stop();
  receiver.closeAllConnections();
  receiver.close();
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
}
