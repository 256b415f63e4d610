/**
 * `npm start [-- arguments of the daemon]`: from a fresh clone to a running daemon.
 */
import { install, nodeProblem } from "./install.mjs";

const problem = nodeProblem();
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}
if (!install()) process.exit(1);

const { build } = await import("./build.mjs");
await build({ quiet: true });

// In this process, so that signals and the exit code need no passing on.
const given = process.argv.slice(2);
const format = given.some((argument) => argument.startsWith("--log-format")) || process.env.CADASTRE_LOG_FORMAT;
process.argv = [process.argv[0], "cadastre", "daemon", ...(format ? [] : ["--log-format", "pretty"]), ...given];
await import("../packages/cli/bin/cadastre.js");
