#!/usr/bin/env node
import { existsSync } from "node:fs";
import { run } from "./run.js";

if (existsSync(new URL("../dist/cadastre.cjs", import.meta.url))) {
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
