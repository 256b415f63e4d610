/**
 * One type check over every package, tests included, with the Effect language service's diagnostics as part of it.
 *
 * The language service reaches `tsc` only through a patch. The installed compiler is left as it is (its files are hard links
 * into the package manager's store): a copy is patched, once for each pair of versions.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { faultsOf, root, runNode } from "./run.mjs";

const require = createRequire(join(root, "package.json"));
const folderOf = (name) => dirname(require.resolve(`${name}/package.json`));
const versionOf = (name) => JSON.parse(readFileSync(join(folderOf(name), "package.json"), "utf8")).version;

const patchedCompiler = async () => {
  const name = `tsc-${versionOf("typescript")}-effect-${versionOf("@effect/language-service")}`;
  const target = join("node_modules/.cache", name);
  if (existsSync(join(root, target))) return { path: join(target, "lib/tsc.js") };

  const draft = `${target}.${process.pid}`;
  mkdirSync(join(root, draft), { recursive: true });
  for (const part of ["package.json", "lib"]) {
    cpSync(join(folderOf("typescript"), part), join(root, draft, part), { recursive: true, dereference: true });
  }
  const patch = await runNode(
    "node_modules/@effect/language-service/cli.js",
    "patch",
    "--dir",
    draft,
    "--module",
    "tsc",
  );
  if (
    patch.code !== 0 ||
    !readFileSync(join(root, draft, "lib/_tsc.js"), "utf8").includes("@effect/language-service")
  ) {
    rmSync(join(root, draft), { recursive: true });
    return { problem: `The compiler could not be patched:\n${patch.output}` };
  }
  rmSync(join(root, target), { recursive: true, force: true });
  renameSync(join(root, draft), join(root, target));
  return { path: join(target, "lib/tsc.js") };
};

/** What was found before is kept from run to run; it holds for the settings that it was found with. */
const memory = (compiler) => {
  const settings = createHash("sha256")
    .update(readFileSync(join(root, "tsconfig.base.json")))
    .digest("hex");
  return join(dirname(compiler), `${settings.slice(0, 12)}.tsbuildinfo`);
};

export const types = async () => {
  const { path, problem } = await patchedCompiler();
  return problem === undefined
    ? await faultsOf(path, "-p", "tsconfig.json", "--pretty", "false", "--tsBuildInfoFile", memory(path))
    : [problem];
};
