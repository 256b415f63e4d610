/**
 * `node precompile.mjs <folder>`: starts the daemon of the bundle in the folder, on a database in the state directory, and
 * once it listens a bridge to it, which passes on what is on standard input. Then it keeps what the engine has compiled for
 * both, for the next starts to read instead of compiling it again.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../packages/cli/bin/run.js";

const [folder] = process.argv.splice(2);
const state = join(process.env.XDG_STATE_HOME, "cadastre");
process.argv.push("daemon", "--db", join(state, "catalog.db"), "--port", "0", "--log-format", "json");

const { script, start } = run(pathToFileURL(`${folder}/`));
const timer = setInterval(() => {
  if (!existsSync(join(state, "daemon.json"))) return;
  clearInterval(timer);
  const { exit } = process;
  // What the bridge does at its end; the daemon runs in the same process.
  process.exit = () => {
    writeFileSync(join(folder, "cadastre.compiled"), script.createCachedData());
    exit(0);
  };
  process.argv.splice(2, Number.POSITIVE_INFINITY, "mcp-bridge", "--log-level", "none");
  start();
}, 10);
