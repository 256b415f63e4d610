/**
 * `node scripts/bench/startup.mjs [--rounds N] [--json] [word …]`
 *
 * How long whole processes of the program take, beside `node -e 0`: in turns, so that what else the machine does meets them
 * alike. Words are a command of its own instead of the usual ones. The aims are 150 ms more for `--version`, and 300 ms more
 * for what asks a daemon.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "../build.mjs";
import { median, quantile } from "./load.mjs";
import { start } from "./target.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "30" }, json: { type: "boolean", default: false } },
});
const rounds = Number(options.rounds);

await build({ quiet: true });
const program = join(root, "packages/cli/bin/cadastre.js");
const home = mkdtempSync(join(tmpdir(), "cadastre-startup-"));
const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home };
const seed = spawnSync(process.execPath, [program, "admin", "seed", "--db", join(home, "cadastre.db")], { env });
if (seed.status !== 0) throw new Error(`admin seed ended with ${seed.status}:\n${seed.stderr}`);
const daemon = await start("cadastre", home);

const COMMANDS = [
  { name: "node -e 0", args: ["-e", "0"], aim: 0 },
  ...(positionals.length > 0
    ? [{ name: positionals.join(" "), args: [program, ...positionals], aim: 300 }]
    : [
        { name: "cadastre --version", args: [program, "--version"], aim: 150 },
        { name: "cadastre --help", args: [program, "--help"], aim: 300 },
        { name: "cadastre entity list", args: [program, "entity", "list"], aim: 300 },
        { name: "cadastre entity get basket", args: [program, "entity", "get", "basket"], aim: 300 },
        { name: "cadastre whoami", args: [program, "whoami"], aim: 300 },
      ]),
];
const times = COMMANDS.map(() => []);
try {
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { name, args }] of COMMANDS.entries()) {
      const started = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
      if (status !== 0) throw new Error(`${name} ended with ${status}:\n${stderr}`);
      // The first round fills the caches of the operating system.
      if (round > 0) times[i].push(performance.now() - started);
    }
  }
} finally {
  await daemon.stop();
  rmSync(home, { recursive: true, force: true });
}

const bare = median(times[0]);
const results = COMMANDS.map(({ name, aim }, i) => ({
  name,
  median: median(times[i]),
  p90: quantile(times[i], 0.9),
  more: median(times[i]) - bare,
  aim,
}));
if (options.json) console.log(JSON.stringify(results, undefined, 2));
else {
  const cell = (value, width) => `${Math.round(value)} ms`.padStart(width);
  console.log(
    `${"".padEnd(30)}${"median".padStart(10)}${"p90".padStart(10)}${"more".padStart(10)}${"aim".padStart(10)}`,
  );
  for (const it of results)
    console.log(
      `${it.name.padEnd(30)}${cell(it.median, 10)}${cell(it.p90, 10)}${cell(it.more, 10)}${cell(it.aim, 10)}`,
    );
}
