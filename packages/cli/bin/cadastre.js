#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";

const program = new URL("../dist/cadastre.js", import.meta.url);

if (existsSync(program)) {
  // Node 22.1 and newer keep the compiled code between runs.
  module.enableCompileCache?.();
  await import(program.href);
} else {
  process.stderr.write("cadastre is not built yet: run `npm start` or `npm run build` in the clone first.\n");
  process.exitCode = 70;
}
