/**
 * What is published, as a new user meets it: packed, installed in an empty folder by npm, and used by what the README tells.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as Markdown from "@cadastre/e2e/Markdown";
import * as Program from "@cadastre/e2e/Program";
import { expect, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

const run = promisify(execFile);

const root = fileURLToPath(new URL("../../..", import.meta.url));

const TYPESCRIPT = join(
  dirname(createRequire(join(root, "package.json")).resolve("typescript/package.json")),
  "bin/tsc",
);

/** A folder in which all of it is installed. */
class Installed extends Context.Tag("Installed")<Installed, { readonly folder: string; readonly program: string }>() {}

const installed = Layer.scoped(
  Installed,
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = mkdtempSync(join(tmpdir(), "cadastre-packages-"));
      const { stdout } = await run(process.execPath, [join(root, "scripts/pack.mjs"), join(folder, "packed")]);
      writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
      await run(
        "npm",
        ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", ...stdout.trim().split("\n")],
        {
          cwd: folder,
        },
      );
      // Its install script fetches or compiles this for minutes: the same version is here already.
      const native = "build/Release/better_sqlite3.node";
      const target = join(folder, "node_modules/better-sqlite3", native);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(root, "packages/cli/node_modules/better-sqlite3", native), target);
      return { folder, program: join(folder, "node_modules/cadastre/bin/cadastre.js") };
    }),
    ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
  ),
);

const blocks = (language: string): ReadonlyArray<string> =>
  Markdown.blocks("packages/sdk/README.md").flatMap((block) => (block.language === language ? [block.text] : []));

layer(installed, { excludeTestServices: true, timeout: 240_000 })(
  "the packages, installed by npm in an empty folder",
  (it) => {
    it.scoped("hold nothing of the workspace's, and one copy of each", () =>
      Effect.gen(function* () {
        const { folder } = yield* Installed;
        for (const name of ["@cadastre/domain", "@cadastre/api", "@cadastre/sdk", "cadastre"]) {
          const manifest = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
          expect(manifest).not.toMatch(/"workspace:|"catalog:|"private"|devDependencies|\.ts"(?<!\.d\.ts")/);
          for (const file of ["README.md", "LICENSE"]) readFileSync(join(folder, "node_modules", name, file));
        }
        const { stdout } = yield* Effect.promise(() => run("npm", ["ls", "--all", "--parseable"], { cwd: folder }));
        expect(stdout.split("\n").filter((path) => path.endsWith("node_modules/effect"))).toHaveLength(1);
      }),
    );

    it.scoped(
      "run what the SDK's README tells, with types, against the daemon",
      () =>
        Effect.gen(function* () {
          const { folder, program } = yield* Installed;
          const programs = blocks("ts");
          programs.forEach((text, i) => void writeFileSync(join(folder, `readme-${i}.ts`), text));
          const compile = (module: string, resolution: string, files: ReadonlyArray<string>) =>
            Effect.promise(() =>
              run(
                process.execPath,
                [
                  TYPESCRIPT,
                  ...`--strict --exactOptionalPropertyTypes --noEmitOnError --target es2022 --lib es2022,dom --types node`.split(
                    " ",
                  ),
                  ...["--typeRoots", join(root, "node_modules/@types"), "--skipLibCheck", "--module", module],
                  ...["--moduleResolution", resolution, ...files],
                ],
                { cwd: folder },
              ).catch(({ stdout }) => Promise.reject(new Error(stdout))),
            );
          // Nothing but the SDK is resolved otherwise there.
          yield* compile("esnext", "bundler", ["readme-0.ts"]);
          yield* compile(
            "node16",
            "node16",
            programs.map((_, i) => `readme-${i}.ts`),
          );

          const home = yield* Program.home;
          const env = Program.environment(home);
          yield* Effect.promise(() => run(process.execPath, [program, "admin", "seed"], { env }));
          const daemon = yield* Program.daemon(home, [], { program });
          const said = yield* Effect.forEach(programs, (_, i) =>
            Effect.promise(() =>
              run(process.execPath, [`readme-${i}.js`], {
                cwd: folder,
                env: { CADASTRE_URL: daemon.url, CADASTRE_TOKEN: daemon.token },
              }),
            ),
          );
          expect(said.map(({ stdout }) => stdout)).toEqual([...blocks("text"), ""]);
          expect(said.map(({ stderr }) => stderr).join("")).toBe("");
          expect(yield* Program.stop(daemon)).toMatchObject({ code: 0 });
        }),
      // A bound for what hangs: two runs of the compiler are in it.
      300_000,
    );
  },
);
