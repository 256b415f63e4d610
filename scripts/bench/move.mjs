/**
 * `node scripts/bench/move.mjs [--entities N]`: a catalog with history, tokens and subscriptions goes from SQLite to Postgres
 * and back, by `cadastre admin export` and `import`. Tells how long each step takes, the most memory that it held, and
 * whether the three exports are the same; ends with 1 if not.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../../packages/testing/src/PostgresServer.mjs";
import { build } from "../build.mjs";
import { document } from "./documents.mjs";
import { ask } from "./load.mjs";
import { memoryOf, start } from "./target.mjs";

const { values } = parseArgs({ options: { entities: { type: "string", default: "100000" } } });
const program = fileURLToPath(new URL("../../packages/cli/bin/cadastre.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cadastre-move-"));
const at = (name) => join(folder, name);
const env = { PATH: process.env.PATH, HOME: folder, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder };

const run = async (what, ...words) => {
  const begun = performance.now();
  const child = spawn(process.execPath, [program, "admin", ...words], {
    env,
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let peak = 0;
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-1000);
  });
  const watch = setInterval(() => {
    // Of one that has just ended nothing is told.
    if (child.exitCode === null) peak = Math.max(peak, memoryOf(child.pid).peak || 0);
  }, 50);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${what} ended with ${code}: ${said}`);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${what.padEnd(36)} ${seconds.padStart(7)} s ${peak.toFixed(0).padStart(6)} MB`);
};

/** Changes a hundredth of the entities five times, removes some and subscribes, as people do with a running daemon. */
const live = async (count) => {
  const daemon = await start("cadastre", folder);
  for (let round = 0; round < 5; round++) {
    const lines = Array.from({ length: Math.ceil(count / 100) }, (_, i) => {
      const entity = document(i, "moved");
      entity.metadata.description = `change ${round}`;
      return JSON.stringify(entity);
    });
    await ask(daemon, "POST", "/v1/entities/batch", lines.join("\n"), "application/x-ndjson");
  }
  const { items } = JSON.parse(await ask(daemon, "GET", "/v1/entities?q=moved&limit=20"));
  for (const { metadata } of items) await ask(daemon, "DELETE", `/v1/entities/${metadata.uid}?force=true`);
  await ask(
    daemon,
    "POST",
    "/v1/subscriptions",
    JSON.stringify({
      name: "audit",
      types: ["entity.deleted"],
      channel: { type: "webhook", url: "https://example.com/hook" },
    }),
  );
  await daemon.stop();
};

/** Of all lines but the first, which has the time of the export. */
const sumOf = async (name) => {
  const sum = createHash("sha256");
  let lines = 0;
  for await (const line of createInterface({
    input: createReadStream(at(name)),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (lines++ > 0) sum.update(line).update("\n");
  }
  return { lines, sum: sum.digest("hex") };
};

await build();
const server = await startServer("18", { settings: { fsync: "on" } });
try {
  const [from, back] = [at("cadastre.db"), at("back.db")];
  await run(`seed ${values.entities} (SQLite)`, "seed", "--entities", values.entities, "--db", from);
  await live(Number(values.entities));
  await run("a token", "token", "create", "--name", "reader", "--scope", "catalog:read", "--db", from);
  await run("export from SQLite", "export", "--output", "1.ndjson", "--db", from);
  await run("import into Postgres", "import", "1.ndjson", "--db", server.url());
  await run("export from Postgres", "export", "--output", "2.ndjson", "--db", server.url());
  await run("import into SQLite", "import", "2.ndjson", "--db", back);
  await run("export from SQLite again", "export", "--output", "3.ndjson", "--db", back);
  await run("doctor on Postgres", "doctor", "--db", server.url());
  const [first, ...others] = await Promise.all(["1.ndjson", "2.ndjson", "3.ndjson"].map(sumOf));
  const isSame = others.every(({ lines, sum }) => lines === first.lines && sum === first.sum);
  const size = (statSync(at("1.ndjson")).size / 1e6).toFixed(0);
  console.log(`${first.lines} records, ${size} MB: the three exports are ${isSame ? "the same" : "NOT the same"}`);
  if (!isSame) process.exitCode = 1;
} finally {
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
}
