/**
 * `npm test [-- arguments of vitest]`: on a fresh clone with nothing but Node and git, installs, builds and runs every test.
 * The last line is `N passed, N failed`, with the number of skipped tests if there are any.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { install, nodeProblem } from "./install.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Many tests wait for processes that they have started: one more at a time than there are cores. */
const WORKERS = availableParallelism() + 1;

const finish = ({ passed, failed, skipped }) => {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exit(failed > 0 ? 1 : 0);
};

const giveUp = (reason) => {
  if (reason) console.error(reason);
  finish({ passed: 0, failed: 1, skipped: 0 });
};

const problem = nodeProblem();
if (problem !== undefined) giveUp(problem);
if (!install()) giveUp();

const { build } = await import("./build.mjs");
try {
  await build();
} catch (error) {
  giveUp(`The program could not be built: ${error.message}`);
}

const cache = join(root, "node_modules/.cache");
const summary = join(cache, "test-summary.json");
mkdirSync(cache, { recursive: true });
rmSync(summary, { force: true });

const vitest = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    `--maxWorkers=${WORKERS}`,
    // As many from the start: one that ends while idle can make the run fail where modules are shared.
    `--minWorkers=${WORKERS}`,
    // Test files share the modules that they load: loading them takes as long as many of the tests.
    "--no-isolate",
    // A bound for what hangs, not for what is slow: no test is about how long something takes.
    "--testTimeout=120000",
    "--reporter=default",
    `--reporter=${join(root, "scripts/checks/summary.mjs")}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, TEST_SUMMARY_FILE: summary } },
);
try {
  const counts = JSON.parse(readFileSync(summary, "utf8"));
  // A run that ended badly and yet counted no failure (no test found, say) is one.
  finish(vitest.status === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 });
} catch {
  giveUp("The tests ended without a summary.");
}
