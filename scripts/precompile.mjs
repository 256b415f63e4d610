/**
 * `node precompile.mjs <folder>`: starts the daemon of the bundle in the folder, on a database in the state directory, and
 * once it listens keeps what the engine has compiled by then, for the next starts to read instead of compiling it again.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../packages/cli/bin/run.js";

const [folder] = process.argv.splice(2);
const state = join(process.env.XDG_STATE_HOME, "cadastre");
process.argv.push("daemon", "--db", join(state, "catalog.db"), "--port", "0", "--log-format", "json");

const script = run(pathToFileURL(`${folder}/`));
setInterval(() => {
  if (!existsSync(join(state, "daemon.json"))) return;
  writeFileSync(join(folder, "cadastre.compiled"), script.createCachedData());
  process.exit();
}, 10);
