#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";

const program = new URL("../dist/cadastre.js", import.meta.url);

if (existsSync(program)) {
  // Node 22.1 and newer keep the compiled code between runs.
  module.enableCompileCache?.();
  try {
    await import(program.href);
  } catch (error) {
    // Without Node's own report, which shows the bundle's endless lines.
    process.stderr.write(`error: cadastre cannot start: ${error.message}\n`);
    process.exitCode = 70;
  }
} else {
  process.stderr.write("error: cadastre is not built yet: run `npm start` or `npm run build` in the clone first.\n");
  process.exitCode = 70;
}
