/**
 * Bundles the program into packages/cli/dist, and compiles it: one file starts several times faster than thousands of modules.
 * Does nothing when no input has changed since the last build.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "packages/cli/dist");
const STAMP = "build.json";
const precompiler = join(root, "scripts/precompile.mjs");

const options = {
  absWorkingDir: root,
  entryPoints: { cadastre: "packages/cli/src/Main.ts" },
  outExtension: { ".js": ".cjs" },
  bundle: true,
  // Not ESM: Node keeps what it has compiled of a script only. Modules that are imported dynamically run when they are asked for.
  format: "cjs",
  platform: "node",
  // What runs as a script cannot import Node's own modules dynamically: they are required when they are asked for.
  supported: { "dynamic-import": false },
  target: "node20",
  minify: true,
  // Names of error classes and services appear in messages and logs.
  keepNames: false,
  legalComments: "none",
  // A native module is loaded from where it is installed.
  external: ["better-sqlite3"],
  // A function, so that the one who runs it says where to look for that.
  banner: { js: "(function(require,url){" },
  footer: { js: "})" },
  define: { "import.meta.url": "url" },
  logOverride: { "empty-import-meta": "error" },
  metafile: true,
  logLevel: "silent",
};

/** Of everything that a build depends on, and of Node, since what is compiled is for this release of it. */
const fingerprint = () => {
  const hash = createHash("sha256").update(process.version);
  for (const path of inputs()) hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest("hex");
};

const inputs = () => [
  "pnpm-lock.yaml",
  "scripts/build.mjs",
  "scripts/precompile.mjs",
  "packages/cli/bin/run.js",
  ...readdirSync(join(root, "packages")).flatMap((name) => [
    `packages/${name}/package.json`,
    ...readdirSync(join(root, "packages", name, "src"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort(),
  ]),
];

const isCurrent = (print) => {
  try {
    const last = JSON.parse(readFileSync(join(dist, STAMP), "utf8"));
    return last.fingerprint === print && last.outputs.every((name) => existsSync(join(dist, name)));
  } catch {
    return false;
  }
};

/** Without a daemon to be started here, the program compiles itself at each start. */
const precompile = (folder) => {
  const home = mkdtempSync(join(tmpdir(), "cadastre-build-"));
  try {
    const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home };
    execFileSync(process.execPath, [precompiler, folder], {
      env,
      timeout: 30_000,
      // What agents ask first.
      input: FRAMES.map((frame) => `${JSON.stringify({ jsonrpc: "2.0", ...frame })}\n`).join(""),
      stdio: ["pipe", "ignore", "pipe"],
    });
  } catch (error) {
    console.error(
      `The program is built but not compiled, which makes it start slower: ${error.stderr || error.message}`,
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
};

const FRAMES = [
  { id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} } },
  { method: "notifications/initialized" },
  { id: 2, method: "tools/list" },
];

/** Builds if need be. Throws esbuild's failure, with its messages. */
export const build = async ({ quiet = false, analyze = false } = {}) => {
  const started = performance.now();
  const took = () => `${Math.round(performance.now() - started)} ms`;
  const print = fingerprint();
  if (!analyze && isCurrent(print)) {
    if (!quiet) console.log(`The program is up to date (${took()}).`);
    return;
  }
  const esbuild = await import("esbuild");
  // Built apart and moved into place whole: a program that starts meanwhile never reads half of it.
  const folder = join(root, `packages/cli/node_modules/.build-${process.pid}`);
  const result = await esbuild.build({ ...options, outdir: folder, write: false });
  mkdirSync(folder, { recursive: true });
  for (const file of result.outputFiles) writeFileSync(file.path, file.contents);
  precompile(folder);
  writeFileSync(join(folder, STAMP), JSON.stringify({ fingerprint: print, outputs: readdirSync(folder) }));
  rmSync(dist, { recursive: true, force: true });
  renameSync(folder, dist);
  if (analyze) console.log(await esbuild.analyzeMetafile(result.metafile));
  const bytes = result.outputFiles.reduce((sum, file) => sum + file.contents.byteLength, 0);
  if (!quiet) console.log(`Built packages/cli/dist: ${Math.round(bytes / 1024)} KiB, ${took()}.`);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await build({ analyze: process.argv.includes("--analyze") });
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    const { formatMessages } = await import("esbuild");
    console.error((await formatMessages(error.errors, { kind: "error", color: process.stderr.isTTY })).join("\n"));
    process.exitCode = 1;
  }
}
