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

  console.error("Installing dependencies (once; a minute or so) …");
  const run = spawnSync("npx", ["--yes", "pnpm@10", "install", "--frozen-lockfile", "--reporter=append-only"], {
    cwd: root,
    encoding: "utf8",
    // pnpm must not stop to ask whether it may replace a folder that another version made.
    env: { ...process.env, CI: "true" },
    shell: process.platform === "win32",
  });
  if (run.status === 0) {
    writeFileSync(stamp, wanted);
    return true;
  }
  console.error(`${run.stdout ?? ""}${run.stderr ?? ""}`.trim() || String(run.error ?? "pnpm ended without a word"));
  console.error("The dependencies could not be installed: see above. Run `npx pnpm@10 install` for the details.");
  return false;
};
