/**
 * The tests that draw at random, for longer than `npm test` has time: `node scripts/soak.mjs kill --rounds 50 [--seed N]`,
 * or `fuzz --requests 100000`; those that run on both databases take `--database postgres`.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Each reads SOAK_ROUNDS and SOAK_SEED. */
const SOAKS = {
  kill: ["packages/e2e", "test/Crash.test.ts"],
  feed: ["packages/e2e", "test/Feed.test.ts"],
  callbacks: ["packages/e2e", "test/CallbackCrash.test.ts"],
  replicas: ["packages/e2e", "test/Replicas.test.ts"],
  faults: ["packages/e2e", "test/PostgresFaults.test.ts"],
  jobs: ["packages/e2e", "test/Jobs.test.ts"],
  fuzz: ["packages/e2e", "test/Fuzz.test.ts"],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "50" },
    requests: { type: "string" },
    seed: { type: "string" },
    database: { type: "string", default: "sqlite" },
  },
});
const [folder, test] = SOAKS[positionals[0]] ?? [];
if (folder === undefined) {
  console.error(`Which one? ${Object.keys(SOAKS).join(", ")}`);
  process.exit(2);
}
const config = values.database === "postgres" ? ["--config", "vitest.postgres.config.ts"] : [];
const seed = values.seed ?? String(Date.now() % 2 ** 31);
const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", join(root, folder), ...config, test],
  { stdio: "inherit", env: { ...process.env, SOAK_ROUNDS: values.requests ?? values.rounds, SOAK_SEED: seed } },
);
process.exit(status ?? 1);
