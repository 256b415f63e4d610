/**
 * `node scripts/mutants.mjs [sqlite] [postgres] [--only <words>]`: puts faults into the statements of the queue, one at a
 * time, and tells whether the suites find each. Minutes, on a quiet machine. The exit code is 1 if one survives.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const at = words.indexOf("--only");
const only = at < 0 ? [] : ["-t", words[at + 1]];
const databases = words.filter((word) => word === "sqlite" || word === "postgres");

const run = (database) => {
  const directory = mkdtempSync(join(tmpdir(), "cadastre-mutants-"));
  const report = join(directory, "report.json");
  try {
    spawnSync(
      process.execPath,
      [
        join(root, "node_modules/vitest/vitest.mjs"),
        ...["run", "--root", join(root, "packages", database), "--config", join(root, "scripts/mutants.config.mjs")],
        ...["--reporter", "json", "--outputFile", report],
        ...only,
      ],
      { cwd: root, stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, MUTANTS_DATABASE: database } },
    );
    const faults = new Map();
    for (const { assertionResults } of JSON.parse(readFileSync(report, "utf8")).testResults) {
      for (const { ancestorTitles, title, status } of assertionResults) {
        const [fault] = ancestorTitles;
        const entry = faults.get(fault) ?? { isSound: undefined, caught: undefined };
        faults.set(fault, entry);
        if (title === "is in a statement that can be run" && status !== "skipped") entry.isSound = status === "passed";
        else if (status === "failed") entry.caught ??= [...ancestorTitles.slice(2), title].join(" > ");
      }
    }
    // Of those that were not asked for, tests of the same words may have run.
    return [...faults].filter(([, { isSound }]) => isSound !== undefined);
  } finally {
    rmSync(directory, { recursive: true });
  }
};

let survived = 0;
let all = 0;
for (const database of databases.length > 0 ? databases : ["sqlite", "postgres"]) {
  for (const [fault, { isSound, caught }] of run(database)) {
    all += 1;
    const isCaught = isSound && caught !== undefined;
    if (!isCaught) survived += 1;
    const verdict = !isSound ? "NOT A STATEMENT" : isCaught ? "caught" : "SURVIVED";
    console.log(`${database.padEnd(9)} ${verdict.padEnd(9)} ${fault}${isCaught ? `: ${caught}` : ""}`);
  }
}
console.log(`${all} faults, ${all - survived} caught, ${survived} not`);
process.exitCode = survived === 0 && all > 0 ? 0 : 1;
