/**
 * The clients that `docs/rest.md` describes: generated from the committed OpenAPI document, compiled, and run.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const here = fileURLToPath(new URL("..", import.meta.url));

const root = join(here, "../..");

/** The program of an installed package, which need not say where its manifest is. */
const program = (name: string, path: string) => join(here, "node_modules", name, path);

const TYPESCRIPT = join(
  dirname(createRequire(join(root, "package.json")).resolve("typescript/package.json")),
  "bin/tsc",
);

const GENERATORS = {
  "openapi-typescript": (document: string, folder: string) => [
    program("openapi-typescript", "bin/cli.js"),
    document,
    "--output",
    join(folder, "catalog.d.ts"),
  ],
  "@hey-api/openapi-ts": (document: string, folder: string) => [
    program("@hey-api/openapi-ts", "bin/run.js"),
    "--input",
    document,
    "--output",
    join(folder, "catalog"),
    "--client",
    "@hey-api/client-fetch",
    "--no-log-file",
  ],
};

/** What the program of the page writes that follows the generator's command. */
export const tryOut = async (generator: keyof typeof GENERATORS, env: Record<string, string>): Promise<string> => {
  // Within the package, so that what the programs import is found; not in node_modules, of which the compiler writes nothing.
  const folder = join(here, `dist/clients-${process.pid}`, generator.replace(/\W/g, ""));
  try {
    mkdirSync(folder, { recursive: true });
    const page = readFileSync(join(root, "docs/rest.md"), "utf8");
    const [, source = ""] = new RegExp(`npx ${generator} .*?\`\`\`ts\n(.*?)\`\`\``, "s").exec(page) ?? [];
    writeFileSync(join(folder, "main.ts"), source);
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    await run(process.execPath, GENERATORS[generator](join(root, "packages/api/openapi.json"), folder));
    await run(process.execPath, [TYPESCRIPT, ...OPTIONS, "--outDir", folder, join(folder, "main.ts")]).catch(
      ({ stdout }) => {
        throw new Error(`${generator}: ${stdout}`);
      },
    );
    return (await run(process.execPath, [join(folder, "main.js")], { env })).stdout;
  } finally {
    rmSync(dirname(folder), { recursive: true, force: true });
  }
};

const OPTIONS =
  "--strict --noEmitOnError --target es2022 --lib es2022,dom,dom.iterable,dom.asynciterable --module nodenext".split(
    " ",
  );
