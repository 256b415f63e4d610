/**
 * `node scripts/bundle.mjs <module> <file.cjs>`: one of the workspace's programs that is not shipped, in a form that Node
 * runs as a process of its own. The native module is looked for from where the file stands.
 */
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

export const bundle = (entry, outfile, more = {}) =>
  build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    external: ["better-sqlite3", "pg-native"],
    logLevel: "error",
    ...more,
  });

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , entry, outfile] = process.argv;
  await bundle(entry, outfile);
}
