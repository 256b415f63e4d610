/**
 * Writes packages/api/openapi.json from the declaration of the HTTP interface. With --check it writes nothing and exits 1
 * if the committed document is another: the interface changes only on purpose.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const entry = fileURLToPath(new URL("../packages/api/src/OpenApi.ts", import.meta.url));
const target = fileURLToPath(new URL("../packages/api/openapi.json", import.meta.url));

const { outputFiles } = await build({
  entryPoints: [entry],
  bundle: true,
  format: "esm",
  platform: "node",
  write: false,
  logLevel: "warning",
});
const { document } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
);
const current = `${JSON.stringify(document(), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const committed = readFileSync(target, "utf8").split("\n");
  const lines = current.split("\n");
  const first = lines.findIndex((line, i) => line !== committed[i]);
  if (first !== -1 || lines.length !== committed.length) {
    const at = first === -1 ? lines.length : first;
    console.error(`packages/api/openapi.json is stale from line ${at + 1}:`);
    console.error(`  committed: ${committed[at] ?? "(end)"}`);
    console.error(`  declared:  ${lines[at] ?? "(end)"}`);
    console.error("If the change is meant, run: node scripts/openapi.mjs");
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, current);
}
