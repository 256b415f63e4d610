#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import { run } from "./run.js";

if (process.argv.length === 3 && process.argv[2] === "--version") {
  // What scripts ask at every turn, without the 100 ms that loading the program takes.
  process.stdout.write(`${JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version}\n`);
} else if (existsSync(new URL("../dist/cadastre.cjs", import.meta.url))) {
  try {
    run(new URL("../dist/", import.meta.url));
  } catch (error) {
    // Without Node's own report, which shows the bundle's endless lines.
    process.stderr.write(`error: cadastre cannot start: ${error.message}\n`);
    process.exitCode = 70;
  }
} else {
  process.stderr.write("error: cadastre is not built yet: run `npm start` or `npm run build` in the clone first.\n");
  process.exitCode = 70;
}
