import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Environment from "../src/Environment.ts";
import { Output, plain } from "../src/Output.ts";

/** A folder of its own for one test, with the files that it needs. */
export const folder = (files: { readonly [path: string]: string | Uint8Array } = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const path = mkdtempSync(join(tmpdir(), "cadastre-cli-"));
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), content);
      }
      return path;
    }),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
  );

/** The environment that the program sees. */
export const environment = (variables: { readonly [name: string]: string }) =>
  Layer.setConfigProvider(
    ConfigProvider.fromMap(new Map(Object.entries(variables)), { pathDelim: Environment.PATH_DELIMITER }),
  );

/** Standard output and standard error, kept. */
export const capture = (width?: number) => {
  const kept = { out: "", err: "" };
  const add = (stream: "out" | "err") => (text: string) =>
    Effect.sync(() => {
      kept[stream] += text;
    });
  const layer = Layer.succeed(Output, {
    write: add("out"),
    line: (text) => add("out")(`${text}\n`),
    note: (text) => add("err")(`${text}\n`),
    progress: () => Effect.void,
    noteSync: (text) => {
      kept.err += `${text}\n`;
    },
    interactive: false,
    width,
    style: plain,
    noteStyle: plain,
  });
  return { kept, layer };
};
