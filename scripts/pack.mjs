/**
 * `node scripts/pack.mjs [folder]`: the packages as they are published, as tarballs in the folder (`dist` where absent): `@cadastre/domain`,
 * `@cadastre/api` and `@cadastre/sdk` as JavaScript with types, and the program as `cadastre`.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const LIBRARIES = ["domain", "api", "sdk"];

/** What a program and its libraries have to share one copy of. */
const PEERS = ["effect", "@effect/platform"];

const readJson = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));

/** Versions of the workspace's catalog. */
const catalog = () =>
  Object.fromEntries(
    [...readFileSync(join(root, "pnpm-workspace.yaml"), "utf8").matchAll(/^ {2}"?([@\w/-]+)"?: ([~^]?[\d.]+)$/gm)].map(
      ([, name, version]) => [name, version],
    ),
  );

const common = ({ name, version, description, license }) => ({
  name,
  version,
  description,
  license,
  type: "module",
  engines: readJson("package.json").engines,
});

/** Each module by its name, and what stands in `internal` by none. */
const exportsOf = (name) => ({
  ...(name === "sdk" ? { ".": moduleAt("index") } : {}),
  ...(name === "api" ? { "./openapi.json": "./openapi.json" } : {}),
  "./package.json": "./package.json",
  "./internal/*": null,
  "./*": moduleAt("*"),
});

const moduleAt = (name) => ({ types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` });

const library = (name) => {
  const manifest = readJson(`packages/${name}/package.json`);
  const versions = catalog();
  const outside = Object.keys(manifest.dependencies).filter((it) => !it.startsWith("@cadastre/"));
  const unknown = outside.filter((it) => !PEERS.includes(it));
  if (unknown.length > 0) throw new Error(`@cadastre/${name} would be published with ${unknown.join(", ")} left out`);
  return {
    ...common(manifest),
    sideEffects: false,
    exports: exportsOf(name),
    files: ["dist", ...(name === "api" ? ["openapi.json"] : []), ...(name === "sdk" ? ["examples"] : [])],
    dependencies: Object.fromEntries(
      Object.keys(manifest.dependencies)
        .filter((it) => !outside.includes(it))
        .map((it) => [it, manifest.version]),
    ),
    peerDependencies: Object.fromEntries(outside.map((it) => [it, versions[it].replace(/^~(?!0)/, "^")])),
  };
};

const program = () => {
  const manifest = readJson("packages/cli/package.json");
  return {
    ...common({ ...manifest, name: "cadastre", description: readJson("package.json").description }),
    bin: { cadastre: "bin/cadastre.js" },
    files: ["bin", "dist"],
    // Everything else is in the bundle.
    dependencies: { "better-sqlite3": catalog()["better-sqlite3"] },
  };
};

const README = {
  domain: "Values, references, events and errors of Cadastre, a software catalog.",
  api: "The HTTP interface of Cadastre, a software catalog: its `HttpApi` declaration, and `openapi.json`.",
};

/** JavaScript and types of the libraries, in `<folder>/<name>/src`. */
const compile = (folder) => {
  const config = join(root, `packages/sdk/node_modules/.pack-${process.pid}.json`);
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: {
        noEmit: false,
        incremental: false,
        declaration: true,
        rewriteRelativeImportExtensions: true,
        rootDir: join(root, "packages"),
        outDir: folder,
        types: ["node"],
        typeRoots: [join(root, "node_modules/@types")],
        plugins: [],
      },
      include: LIBRARIES.map((name) => join(root, "packages", name, "src")),
    }),
  );
  try {
    const compiler = createRequire(join(root, "package.json")).resolve("typescript/lib/tsc.js");
    execFileSync(process.execPath, [compiler, "-p", config, "--pretty", "false"], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    });
  } finally {
    rmSync(config, { force: true });
  }
};

/** The compiler rewrites how modules import each other, and leaves it to us in their types. */
const rewriteTypes = (folder) => {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".d.ts")) continue;
    const path = join(entry.parentPath, entry.name);
    writeFileSync(path, readFileSync(path, "utf8").replace(/((?:from|import\() ?"\.[^"]*)\.ts"/g, '$1.js"'));
  }
};

/** Resolves to the paths of the tarballs. */
export const pack = async (target) => {
  const { build } = await import("./build.mjs");
  await build({ quiet: true });
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(root, "node_modules/.pack-"));
  try {
    compile(join(folder, "compiled"));
    rewriteTypes(join(folder, "compiled"));
    const staged = [...LIBRARIES, "cli"].map((name) => {
      const stage = join(folder, name);
      const from = join(root, "packages", name);
      const put = (path, to = path) => cpSync(join(from, path), join(stage, to), { recursive: true });
      mkdirSync(stage);
      cpSync(join(root, "LICENSE"), join(stage, "LICENSE"));
      if (name === "cli") {
        put("bin");
        // Not what was compiled of it: that is for one release of Node.
        put("dist/cadastre.cjs");
        for (const page of ["README.md", "CHANGELOG.md"]) cpSync(join(root, page), join(stage, page));
      } else {
        cpSync(join(folder, "compiled", name, "src"), join(stage, "dist"), { recursive: true });
        if (name === "api") put("openapi.json");
        if (name === "sdk") for (const path of ["README.md", "examples"]) put(path);
        else writeFileSync(join(stage, "README.md"), `# @cadastre/${name}\n\n${README[name]}\n`);
      }
      writeFileSync(
        join(stage, "package.json"),
        `${JSON.stringify(name === "cli" ? program() : library(name), null, 2)}\n`,
      );
      return stage;
    });
    const said = execFileSync("npm", ["pack", "--json", "--silent", "--pack-destination", target, ...staged], {
      cwd: root,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    const packed = JSON.parse(said);
    return Object.values(packed).map(({ filename }) => join(target, filename.replace(/^@/, "").replace("/", "-")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const path of await pack(resolve(process.argv[2] ?? join(root, "dist")))) console.log(path);
}
