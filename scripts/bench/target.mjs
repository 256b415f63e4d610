/**
 * The two servers as processes, and what the operating system tells of them.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fetchText } from "./load.mjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** One where nothing listens now. */
export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Where a server keeps its data: a file in a folder, or for all one database of the Postgres server that was started. */
export const databaseOf = (name, folder, url) => url ?? join(folder, `${name}.db`);

const COMMANDS = {
  bare: (database, port) => [path("bare.mjs"), database, String(port)],
  cadastre: (database, port) => [
    path("../../packages/cli/bin/cadastre.js"),
    ...["daemon", "--db", database, "--port", String(port), "--log-format", "json"],
  ],
};

export const NAMES = Object.keys(COMMANDS);

/**
 * Starts a server on the databases of a folder, or on `url`, and waits for its first healthy answer. `words` and `env` are for
 * the daemon; `program` is one that was built elsewhere.
 */
export const start = async (name, folder, url, { words = [], env = {}, program } = {}) => {
  const port = await freePort();
  const started = performance.now();
  const [script, ...rest] = COMMANDS[name](databaseOf(name, folder, url), port);
  const child = spawn(process.execPath, [program ?? script, ...rest, ...words], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...{ PATH: process.env.PATH, HOME: folder, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder },
      // Counted as by default, and never too many.
      CADASTRE_RATE_LIMIT: "900000000/10s",
      ...env,
    },
  });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log = (log + chunk).slice(-2_000);
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} did not start:\n${log}`);
    const { status } = await fetchText(port, "/v1/health", "").catch(() => ({ status: 0 }));
    if (status === 200) break;
    await sleep(2);
  }
  const tokenFile = join(folder, "cadastre/admin-token");
  return {
    name,
    port,
    coldStart: performance.now() - started,
    token: existsSync(tokenFile) ? readFileSync(tokenFile, "utf8").trim() : "none",
    memory: () => memoryOf(child.pid),
    cpu: () => cpuOf(child.pid),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
};

/** Resident memory now, and the most there was, in MB; without /proc only what `ps` tells of now. */
export const memoryOf = (pid) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
    return { now: field("VmRSS"), peak: field("VmHWM") };
  } catch {
    const now = Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
    return { now, peak: now };
  }
};

/** Processor time used so far, in seconds; undefined without /proc. */
const cpuOf = (pid) => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
};
