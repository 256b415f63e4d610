/**
 * Installs what the workspace depends on, unless that was done for this lock file and this version of Node before.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules/.cadastre-installed");
const MINIMUM = [20, 12];

/** Lines of pnpm's output that are shown when it fails. */
const LAST_LINES = 30;

/** A sentence if this Node is too old, undefined if it will do. */
export const nodeProblem = (version = process.versions.node) => {
  const [major, minor] = version.split(".").map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
    ? undefined
    : `Cadastre needs Node ${MINIMUM.join(".")} or newer; this is Node ${version}. Get one from https://nodejs.org.`;
};

/** True if everything is in place afterwards; otherwise what went wrong has been printed. */
export const install = () => {
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "pnpm-lock.yaml")))
    // The native driver is built for one binary interface of Node.
    .update(`${process.versions.modules} ${process.platform} ${process.arch}`)
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return true;

  console.error("Installing dependencies (once; a minute, or some where the database driver must be compiled) …");
  const run = spawnSync("npx", ["--yes", "pnpm@10", "install", "--frozen-lockfile", "--reporter=append-only"], {
    cwd: root,
    encoding: "utf8",
    env: {
      ...process.env,
      // pnpm must not stop to ask whether it may replace a folder that another version made.
      CI: "true",
      // `npm --silent` would silence what is shown only if it fails.
      npm_config_loglevel: "info",
      ...headers(),
    },
    shell: process.platform === "win32",
  });
  if (run.status === 0) {
    writeFileSync(stamp, wanted);
    return true;
  }
  const said = run.error === undefined ? `${run.stdout}${run.stderr}`.trim() : String(run.error);
  console.error(said.split("\n").slice(-LAST_LINES).join("\n"));
  console.error("The dependencies could not be installed: see above.");
  return false;
};

/** Where the native driver has to be compiled, the headers that came with Node spare a download. */
const headers = () => {
  const prefix = join(dirname(process.execPath), "..");
  return existsSync(join(prefix, "include/node/node.h")) && process.env.npm_config_nodedir === undefined
    ? { npm_config_nodedir: prefix }
    : {};
};
