import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { build } from "esbuild";
import { json, serve } from "./server.ts";

/** What browsers have and the SDK may use; a new context has the language itself. */
const WEB = {
  AbortController,
  AbortSignal,
  clearTimeout,
  crypto,
  fetch,
  Headers,
  ReadableStream,
  setTimeout,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
};

it.scopedLive("runs where there are the web's globals and nothing of Node's", () =>
  Effect.gen(function* () {
    const { url } = yield* serve((_, response) => json(response, { id: "token:ci", scopes: [] }));
    const { outputFiles, metafile } = yield* Effect.promise(() =>
      build({
        entryPoints: [fileURLToPath(new URL("../src/index.ts", import.meta.url))],
        bundle: true,
        platform: "browser",
        format: "iife",
        globalName: "sdk",
        minify: true,
        write: false,
        metafile: true,
        logLevel: "silent",
      }),
    );
    expect(Object.keys(metafile.inputs).filter((path) => /platform-node|^\(disabled\)/.test(path))).toEqual([]);
    const context = vm.createContext({ ...WEB });
    vm.runInContext(outputFiles[0]?.text ?? "", context);
    const call = `sdk.connect({ url: ${JSON.stringify(url)}, token: "cad_x" }).tokens.whoami()`;
    expect(yield* Effect.promise(() => vm.runInContext(call, context))).toMatchObject({ id: "token:ci" });
  }),
);
