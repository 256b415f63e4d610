/**
 * Bundles the program into packages/cli/dist: few files start several times faster than thousands of modules.
 * Does nothing when no input has changed since the last build.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "packages/cli/dist");
const stamp = join(dist, "build.json");

/** What a build depends on besides the files that it bundles. */
const ALWAYS = ["pnpm-lock.yaml", "scripts/build.mjs", "packages/cli/package.json"];

const options = {
  absWorkingDir: root,
  entryPoints: { cadastre: "packages/cli/src/Main.ts" },
  outdir: dist,
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node20",
  minify: true,
  // Names of error classes and services appear in messages and logs.
  keepNames: false,
  legalComments: "none",
  // A native module is loaded from where it is installed.
  external: ["better-sqlite3"],
  metafile: true,
  logLevel: "silent",
  // CommonJS inside the bundle asks for Node's own modules by `require`.
  banner: {
    js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
  },
};

const fingerprint = (paths) => {
  const hash = createHash("sha256");
  for (const path of paths) {
    const { mtimeMs, size } = statSync(join(root, path));
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
};

const isCurrent = () => {
  try {
    const last = JSON.parse(readFileSync(stamp, "utf8"));
    return last.fingerprint === fingerprint(last.inputs) && last.outputs.every((path) => existsSync(join(root, path)));
  } catch {
    return false;
  }
};

/** Builds if need be. Throws esbuild's failure, with its messages. */
export const build = async ({ quiet = false, analyze = false } = {}) => {
  const started = performance.now();
  const took = () => `${Math.round(performance.now() - started)} ms`;
  if (!analyze && isCurrent()) {
    if (!quiet) console.log(`The program is up to date (${took()}).`);
    return;
  }
  const esbuild = await import("esbuild");
  const result = await esbuild.build({ ...options, write: false });
  const inputs = [...new Set([...ALWAYS, ...Object.keys(result.metafile.inputs)])]
    .filter((path) => existsSync(join(root, path)))
    .sort();
  rmSync(dist, { recursive: true, force: true });
  for (const file of result.outputFiles) {
    mkdirSync(dirname(file.path), { recursive: true });
    writeFileSync(file.path, file.contents);
  }
  const outputs = Object.keys(result.metafile.outputs);
  writeFileSync(stamp, JSON.stringify({ fingerprint: fingerprint(inputs), inputs, outputs }));
  if (analyze) console.log(await esbuild.analyzeMetafile(result.metafile));
  const bytes = result.outputFiles.reduce((sum, file) => sum + file.contents.byteLength, 0);
  if (!quiet)
    console.log(`Built packages/cli/dist: ${Math.round(bytes / 1024)} KiB in ${outputs.length} files, ${took()}.`);
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
