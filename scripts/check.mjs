/**
 * `npm run check [-- names]`: everything that must hold besides the tests. One line a check, its details below it; the exit
 * code is 1 if any failed.
 */

import { deployment } from "./checks/deployment.mjs";
import { dependencies, hygiene, keys, lengths, links, switches, versions } from "./checks/files.mjs";
import { faultsOf } from "./checks/run.mjs";
import { types } from "./checks/types.mjs";
import { install } from "./install.mjs";

/** Each resolves to what is wrong: nothing if all is well. */
const CHECKS = {
  types,
  style: () => faultsOf("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."),
  boundaries: () =>
    faultsOf("node_modules/dependency-cruiser/bin/dependency-cruise.mjs", "--output-type", "err-long", "packages"),
  openapi: () => faultsOf("scripts/openapi.mjs", "--check"),
  reference: () => faultsOf("scripts/reference.mjs", "--check"),
  switches,
  keys,
  lengths,
  hygiene,
  versions,
  dependencies,
  links,
  deployment,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  console.error(`No such check: ${unknown.join(", ")}. There are: ${Object.keys(CHECKS).join(", ")}.`);
  process.exit(2);
}
if (!install()) process.exit(1);

for (const [name, check] of Object.entries(CHECKS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const started = performance.now();
  const faults = await check();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${faults.length === 0 ? "ok    " : "FAILED"}  ${name.padEnd(10)} ${seconds.padStart(5)} s`);
  if (faults.length > 0) {
    console.log(faults.join("\n").replace(/^/gm, "        "));
    process.exitCode = 1;
  }
}
