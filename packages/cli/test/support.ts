import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as Bootstrap from "@cadastre/core/Bootstrap";
import * as Server from "@cadastre/server/Server";
import * as NodeContext from "@effect/platform-node/NodeContext";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Config from "../src/Config.ts";
import * as Environment from "../src/Environment.ts";
import * as Local from "../src/Local.ts";
import { Output, plain } from "../src/Output.ts";
import * as Program from "../src/Program.ts";
import * as Signal from "../src/Signal.ts";

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
    toFile: Effect.succeed(false),
    width,
    style: plain,
    noteStyle: plain,
  });
  return { kept, layer };
};

/** The program in a home of its own: each call runs it once and gives what it wrote and its exit code. */
export const program = (
  files: { readonly [path: string]: string | Uint8Array } = {},
  variables: { readonly [name: string]: string } = {},
) =>
  Effect.gen(function* () {
    const home = yield* folder(files);
    const surroundings = environment({
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_STATE_HOME: join(home, "state"),
      ...variables,
    });
    const run = (words: ReadonlyArray<string>, width?: number) => {
      const { kept, layer } = capture(width);
      return Program.run(words).pipe(
        Effect.provide([layer, NodeContext.layer, surroundings, Layer.succeed(Signal.Signal, Signal.make().signal)]),
        Effect.map((exit) => ({ exit, ...kept })),
      );
    };
    return { home, run };
  });

/** A daemon on a database in memory, with the variables by which clients find it. */
export const daemonWithStores = Effect.gen(function* () {
  const home = yield* folder();
  const config = yield* Effect.provide(
    Config.load({ database: ":memory:" }, false),
    environment({ XDG_CONFIG_HOME: home, XDG_STATE_HOME: home }),
  );
  const layer = Server.layer({ host: "127.0.0.1", port: 0, version: "test" }).pipe(
    Layer.provideMerge(Local.layer(config)),
  );
  const context = yield* Layer.build(layer);
  const { url } = yield* Effect.provide(Server.ServerAddress, context);
  const token = "cad_of_the_tests";
  yield* Effect.provide(Bootstrap.ensureAdminToken(Redacted.make(token)), context);
  return { stores: context, variables: { CADASTRE_URL: url, CADASTRE_TOKEN: token } };
});

export const daemon = Effect.map(daemonWithStores, ({ variables }) => variables);

/** The URL of a server that answers like this. */
export const listening = (answer: RequestListener) =>
  Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<HttpServer>((resolve) => {
          const server = createServer(answer).listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
    (server) => Effect.sync(() => server.close().closeAllConnections()),
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`));
