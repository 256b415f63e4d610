import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

/** What these compile is far more than the other commands need, and reading it takes time too. */
const SERVING = ["daemon", "mcp-bridge", "admin"];

/** The file that holds what the build has compiled for the words of a command line. */
export const compiledFor = (words) =>
  words.some((word) => SERVING.includes(word)) ? "cadastre.compiled" : "cadastre.client.compiled";

/**
 * Runs the bundle with what the build has compiled of it (`scripts/precompile.mjs`), which takes a third off the start.
 * Another release of Node than the build's refuses that part and compiles the text. Gives the script, and how to run it once more.
 */
export const run = (folder) => {
  const url = new URL("cadastre.cjs", folder);
  const filename = fileURLToPath(url);
  // The bundle is ASCII, and one function of what a module has and a script has not.
  const script = new vm.Script(readFileSync(filename, "latin1"), {
    filename,
    cachedData: compiled(folder, compiledFor(process.argv.slice(2))),
  });
  const start = () => script.runInThisContext()(createRequire(url), url.href);
  start();
  return { script, start };
};

/** Made last: where the build could not, there is none. */
const compiled = (folder, name) => {
  try {
    return readFileSync(new URL(name, folder));
  } catch {
    return undefined;
  }
};
