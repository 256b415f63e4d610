/**
 * `node scripts/prometheus.mjs --prometheus PATH --promtool PATH`
 *
 * Shows on a real Prometheus (Debian's package `prometheus` has both programs) that what `/metrics` tells is as it should be: `promtool
 * check metrics` finds no fault, a server scrapes it with a token, every alert rule loads and evaluates, and every query of the
 * dashboard does. Ends with 1 if anything is wrong.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePort, start } from "./bench/target.mjs";
import { build } from "./build.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const alerts = join(root, "docs/observability/alerts.yaml");
const dashboard = join(root, "docs/observability/dashboard.json");
const { values: options } = parseArgs({
  options: { prometheus: { type: "string", default: "prometheus" }, promtool: { type: "string", default: "promtool" } },
});

const faults = [];
const tell = (what, wrong) => {
  console.log(
    `${wrong.length === 0 ? "ok    " : "FAILED"}  ${what}${wrong.map((text) => `\n        ${text}`).join("")}`,
  );
  faults.push(...wrong);
};

/** What promtool says: it finds fault on either stream, and does not always end with 1. */
const promtool = (args, input) => {
  const { status, stdout, stderr, error } = spawnSync(options.promtool, args, { input, encoding: "utf8" });
  if (error) throw error;
  return status === 0 ? [] : [`${stdout}${stderr}`.trim()];
};

/** A receiver that takes every other callback. */
const receiver = () =>
  new Promise((resolve) => {
    let count = 0;
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(count++ % 2 === 0 ? 204 : 503).end());
    });
    server.listen(0, "127.0.0.1", () => resolve(server));
  });

/** A little of everything that is measured. */
const use = async ({ port, token }, target, round) => {
  const call = (path, init = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...init.headers },
    }).then((response) => response.text());
  const post = (path, value, headers) => call(path, { method: "POST", body: JSON.stringify(value), headers });
  await post("/v1/subscriptions", { name: "watch", channel: { type: "webhook", url: target }, retry: [0, 1, 1] });
  for (let i = 0; i < 20; i++) {
    const metadata = { name: `part-${round}-${i}` };
    const spec = { type: "service", lifecycle: "production", owner: "team" };
    await post("/v1/entities", { apiVersion: "cadastre.dev/v1", kind: "Component", metadata, spec });
  }
  await call("/v1/entities?limit=5");
  await call("/v1/entities/none");
  await call("/nowhere");
  for (const name of ["whoami", "search_catalog", "get_entity"]) {
    await post(
      "/mcp",
      { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } },
      { accept: "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25" },
    );
  }
};

const scrape = async ({ port, token }) =>
  (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();

/** The dashboard's queries as Grafana would send them. */
const queries = () =>
  JSON.parse(readFileSync(dashboard, "utf8"))
    .panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
    .map(({ title, expr }) => ({
      title,
      expr: expr.replaceAll("$__rate_interval", "1m").replaceAll("$job", "cadastre").replaceAll("$instance", ".+"),
    }));

/** Has nothing to show in this run: on SQLite, with all receivers there, and nothing failing. */
const MAY_BE_EMPTY = /cadastre_postgres_|cadastre_subscriptions_disabled_total|code=~"5\.\."/;

const main = async (folder) => {
  await build({ quiet: true });
  const sink = await receiver();
  const daemon = await start("cadastre", folder, undefined, {
    words: ["--log-level", "none"],
    env: { CADASTRE_CALLBACK_TARGETS: "127.0.0.1:*" },
  });
  const port = await freePort();
  writeFileSync(
    join(folder, "prometheus.yml"),
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [alerts],
      scrape_configs: [
        {
          job_name: "cadastre",
          authorization: { credentials_file: join(folder, "cadastre/admin-token") },
          static_configs: [{ targets: [`127.0.0.1:${daemon.port}`] }],
        },
      ],
    }),
  );
  let said = "";
  const prometheus = spawn(options.prometheus, [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "prometheus")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  prometheus.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-2_000);
  });
  const ended = new Promise((resolve) => prometheus.on("exit", resolve));
  const ask = async (path) => (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json();
  try {
    tell("promtool check rules", promtool(["check", "rules", alerts]));
    tell("promtool test rules", promtool(["test", "rules", alerts.replace(".yaml", ".test.yaml")]));
    const target = `http://127.0.0.1:${sink.address().port}`;
    for (let i = 0; i < 8; i++) {
      await use(daemon, target, i);
      await sleep(1_000);
    }
    tell("promtool check metrics", promtool(["check", "metrics"], await scrape(daemon)));

    const { data } = await ask("targets");
    tell(
      "Prometheus scrapes the daemon",
      data.activeTargets.filter(({ health }) => health !== "up").map(({ lastError }) => lastError || "not yet scraped"),
    );
    const rules = (await ask("rules")).data.groups.flatMap((group) => group.rules);
    tell(
      `${rules.length} alert rules evaluate`,
      rules.length === 0
        ? ["none was loaded"]
        : rules
            .filter(({ health }) => health !== "ok")
            .map(({ name, health, lastError }) => `${name}: ${health} ${lastError}`),
    );
    const all = queries();
    const wrong = [];
    for (const { title, expr } of all) {
      const { status, error, data } = await ask(`query?query=${encodeURIComponent(expr)}`);
      if (status !== "success") wrong.push(`${title}: ${error}: ${expr}`);
      else if (data.result.length === 0 && !MAY_BE_EMPTY.test(expr)) wrong.push(`${title}: shows nothing: ${expr}`);
    }
    tell(`${all.length} queries of the dashboard evaluate`, wrong);
  } catch (error) {
    tell("Prometheus", [`${error.message}\n${said}`]);
  } finally {
    prometheus.kill("SIGTERM");
    await ended;
    await daemon.stop();
    sink.close();
    sink.closeAllConnections();
  }
};

const folder = mkdtempSync(join(tmpdir(), "cadastre-prometheus-"));
try {
  await main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = faults.length === 0 ? 0 : 1;
