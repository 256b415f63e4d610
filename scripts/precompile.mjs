/**
 * `node precompile.mjs <folder>`: starts the daemon of the bundle in the folder, on a database in the state directory, and
 * once it listens a client of it and then a bridge to it, which passes on what is on standard input. Keeps what the engine has
 * compiled, for the next starts to read instead of compiling it again: of the daemon and the bridge together, and of the
 * client, which is `node precompile.mjs <folder> <word> …`, a process of its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compiledFor, run } from "../packages/cli/bin/run.js";

const [folder, ...client] = process.argv.splice(2);
const state = join(process.env.XDG_STATE_HOME, "cadastre");
const DAEMON = ["daemon", "--db", join(state, "catalog.db"), "--port", "0", "--log-format", "json"];
process.argv.push(...(client.length > 0 ? client : DAEMON));

const { script, start } = run(pathToFileURL(`${folder}/`));

/** When what runs ends, which the daemon in this process does not. */
const keepAtEnd = () => {
  const file = join(folder, compiledFor(process.argv.slice(2)));
  const { exit } = process;
  process.exit = (code) => {
    writeFileSync(file, script.createCachedData());
    exit(code);
  };
};

if (client.length > 0) keepAtEnd();
else {
  while (!existsSync(join(state, "daemon.json"))) await sleep(10);
  const [code] = await once(
    spawn(process.execPath, [fileURLToPath(import.meta.url), folder, "entity", "list"], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
    "exit",
  );
  if (code !== 0) {
    console.error(`entity list ended with ${code}`);
    process.exit(1);
  }
  process.argv.splice(2, Number.POSITIVE_INFINITY, "mcp-bridge", "--log-level", "none");
  keepAtEnd();
  start();
}
