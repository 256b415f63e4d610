import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Documents from "@cadastre/e2e/Documents";
import * as Program from "@cadastre/e2e/Program";
import * as Receiver from "@cadastre/e2e/Receiver";
import { until } from "@cadastre/e2e/Waiting";
import * as CadastreClient from "@cadastre/sdk/CadastreClient";
import * as Callbacks from "@cadastre/sdk/Callbacks";
import { connect } from "@cadastre/sdk/Promises";
import * as FetchHttpClient from "@effect/platform/FetchHttpClient";
import { expect, layer } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Stream from "effect/Stream";
import { build } from "esbuild";
import { tryOut } from "./clients.ts";

/** Of a team that the sample company does not have. */
const component = (name: string, more = {}) => Documents.component(name, { owner: "testers", ...more });

/** One daemon for all that is tested here, with the sample company in it. */
class Catalog extends Context.Tag("Catalog")<
  Catalog,
  { readonly home: Program.Home; readonly daemon: Program.Daemon; readonly client: CadastreClient.Client }
>() {}

const catalog = Layer.scoped(
  Catalog,
  Effect.gen(function* () {
    const home = yield* Program.home;
    yield* Program.run(home, ["admin", "seed"]);
    const daemon = yield* Program.daemon(home, [], { env: Receiver.ALLOWED });
    const client = yield* CadastreClient.make({ url: daemon.url, token: Redacted.make(daemon.token) });
    return { home, daemon, client };
  }).pipe(Effect.provide(FetchHttpClient.layer)),
);

layer(catalog, { excludeTestServices: true, timeout: 60_000 })("against a running daemon", (it) => {
  it.scoped("reads and writes, and gets the catalog's own errors back", () =>
    Effect.gen(function* () {
      const { entities, tokens, histories } = (yield* Catalog).client;
      expect((yield* tokens.whoami()).scopes).toContain("admin");
      const made = yield* entities.create({ payload: component("sdk") });
      const { uid } = made.metadata;
      expect(yield* entities.get({ uid })).toEqual(made);
      expect(yield* Effect.flip(entities.create({ payload: component("SDK") }))).toMatchObject({
        _tag: "AlreadyExists",
      });
      const patched = yield* entities.patch({ uid, "if-match": 1, payload: { metadata: { title: "S" } } });
      expect(patched.metadata.revision).toBe(2);
      expect(yield* Effect.flip(entities.remove({ uid, "if-match": 1 }))).toMatchObject({
        _tag: "RevisionConflict",
        current: 2,
      });
      const revisions = yield* Stream.runCollect(histories.all({ uid, limit: 1 }));
      expect(Chunk.toReadonlyArray(revisions).map(({ revision }) => revision)).toEqual([2, 1]);
      yield* entities.remove({ uid });
      expect(yield* Effect.flip(entities.get({ uid }))).toMatchObject({ _tag: "NotFound" });
      expect(yield* Effect.flip(entities.get({ uid: "x" }))).toMatchObject({ _tag: "InvalidInput" });
    }),
  );

  it.scoped("pages through all there is, each once", () =>
    Effect.gen(function* () {
      const { entities } = (yield* Catalog).client;
      const whole = yield* entities.list({ limit: 1000 });
      const paged = yield* Stream.runCollect(entities.all({ limit: 7 }));
      expect(whole.items.length).toBeGreaterThan(40);
      expect(Chunk.toReadonlyArray(paged)).toEqual(whole.items);
    }),
  );

  it.scoped("applies an array and a stream, and gives back the stream's own failure", () =>
    Effect.gen(function* () {
      const { batches } = (yield* Catalog).client;
      const documents = [component("b-1"), component("b-2"), component("b 3")];
      const results = yield* Stream.runCollect(batches.apply(documents, { mode: "best-effort" }));
      expect(Chunk.toReadonlyArray(results)).toMatchObject([
        { action: "created" },
        { action: "created" },
        { action: "invalid", faults: [{ path: "/metadata/name" }] },
        { summary: { created: 2, invalid: 1 } },
      ]);
      const streamed = yield* Stream.runLast(batches.apply(Stream.fromIterable(documents.slice(0, 2))));
      expect(streamed).toMatchObject({ value: { summary: { unchanged: 2 } } });
      const broken = Stream.concat(Stream.fromIterable(documents), Stream.fail("read error"));
      expect(yield* Effect.flip(Stream.runDrain(batches.apply(broken)))).toBe("read error");
    }),
  );

  it.scoped("carries the trace of the call into the event", () =>
    Effect.gen(function* () {
      const { entities, events } = (yield* Catalog).client;
      const [made, span] = yield* Effect.all([
        entities.create({ payload: component("traced") }),
        Effect.currentSpan,
      ]).pipe(Effect.withSpan("mine"));
      const event = yield* events
        .stream({ after: 0, filter: `event.uid == "${made.metadata.uid}"` })
        .pipe(Stream.runHead, Effect.flatten);
      expect(event.traceparent).toContain(span.traceId);
    }),
  );

  it.scoped("verifies what the daemon signs", () =>
    Effect.gen(function* () {
      const { client } = yield* Catalog;
      const receiver = yield* Receiver.make();
      const { subscription, secret = "" } = yield* client.subscriptions.create({
        payload: { name: "sdk", channel: { type: "webhook", url: receiver.url }, filter: 'name == "told"' },
      });
      yield* client.deliveries.test({ id: subscription.id });
      yield* client.entities.create({ payload: component("told") });
      yield* until(() => receiver.received.length >= 2);
      const verify = yield* Callbacks.verifier({ secrets: [Redacted.make(secret)] });
      const told = yield* Effect.forEach(receiver.received, ({ headers, body }) => verify(headers, body));
      expect(told.map(({ event, entity }) => [event?.type, entity?.metadata.name])).toEqual(
        expect.arrayContaining([
          [undefined, undefined],
          ["entity.created", "told"],
        ]),
      );
      yield* client.subscriptions.remove({ id: subscription.id });
    }),
  );

  it.scoped("does the same with Promises", () =>
    Effect.gen(function* () {
      const { daemon } = yield* Catalog;
      yield* Effect.promise(async () => {
        const { entities, events, batches } = connect({ url: daemon.url, token: async () => daemon.token });
        const names: Array<string> = [];
        for await (const { metadata } of entities.all({ kind: ["System"], limit: 2 })) names.push(metadata.name);
        expect(names).toContain("payments");
        await expect(entities.get({ uid: "x" })).rejects.toMatchObject({ _tag: "InvalidInput" });
        const gone = AbortSignal.abort(new Error("enough"));
        await expect(entities.list({}, { signal: gone })).rejects.toThrow("enough");

        async function* documents() {
          yield component("p-1");
        }
        const actions: Array<string> = [];
        for await (const it of batches.apply(documents())) actions.push("action" in it ? it.action : "summary");
        expect(actions).toEqual(["created", "summary"]);

        const controller = new AbortController();
        const seen: Array<string> = [];
        const reading = (async () => {
          for await (const { reference } of events.stream({ after: 0 }, { signal: controller.signal })) {
            seen.push(reference);
            if (seen.length === 3) controller.abort(new Error("seen enough"));
          }
        })();
        await expect(reading).rejects.toThrow("seen enough");
        expect(seen.length).toBe(3);
      });
    }),
  );

  for (const [generator, said] of [
    ["openapi-typescript", "[ 'refunds', 'payments-api' ]\n412 revision-conflict 1\n"],
    ["@hey-api/openapi-ts", "[ 'refunds', 'payments-api' ]\n404 not-found\n200\n{\"sequence\":1\n"],
  ] as const) {
    it.scoped(`is spoken to by a client that ${generator} makes`, () =>
      Effect.gen(function* () {
        const { daemon } = yield* Catalog;
        const env = { CADASTRE_URL: daemon.url, CADASTRE_TOKEN: daemon.token };
        expect(yield* Effect.promise(() => tryOut(generator, env))).toBe(said);
      }),
    );
  }

  it.scoped("lets a service react to changes, over restarts of the daemon and of its own", () =>
    Effect.gen(function* () {
      const { client, daemon, home } = yield* Catalog;
      const { entities } = client;
      const program = join(home.folder, "ownerWatch.mjs");
      yield* Effect.promise(() =>
        build({
          entryPoints: [fileURLToPath(new URL("../../sdk/examples/ownerWatch.ts", import.meta.url))],
          outfile: program,
          bundle: true,
          platform: "node",
          format: "esm",
          banner: {
            js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
          },
          logLevel: "error",
        }),
      );
      const handOver = (name: string, owner: string) =>
        entities.putByReference({ kind: "component", namespace: "default", name, payload: component(name, { owner }) });
      for (const name of ["w-1", "w-2", "w-3"]) yield* handOver(name, "testers");

      const first = yield* watch(program, home, daemon);
      yield* first.said("from now on");
      yield* handOver("w-1", "storefront");
      yield* first.said("component:default/w-1 now belongs to storefront (by token:admin)");

      yield* Program.stop(daemon);
      const again = yield* Program.daemon(home, ["--port", new URL(daemon.url).port]);
      expect(again.url).toBe(daemon.url);
      yield* handOver("w-2", "storefront");
      yield* first.said("component:default/w-2 now belongs to storefront (by token:admin)");

      yield* first.end;
      yield* handOver("w-3", "storefront");
      const second = yield* watch(program, home, daemon);
      yield* second.said("component:default/w-3 now belongs to storefront (by token:admin)");
      expect(second.output()).toMatch(/^going on after \d+\n/);
      expect(second.output()).not.toContain("w-1");
    }),
  );
});

/** The example as a process, and what it says. */
const watch = (program: string, { folder }: Program.Home, { url, token }: Program.Daemon) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        let output = "";
        const child = spawn(process.execPath, [program], {
          cwd: folder,
          env: { CADASTRE_URL: url, CADASTRE_TOKEN: token },
        });
        for (const stream of [child.stdout, child.stderr]) {
          stream.on("data", (chunk) => {
            output += chunk;
          });
        }
        const end = Effect.async<void>((resume) => {
          child.on("close", () => resume(Effect.void));
          if (child.exitCode !== null || !child.kill()) resume(Effect.void);
        });
        return { output: () => output, end };
      }),
      ({ end }) => end,
    ),
    ({ output, end }) => ({
      output,
      end,
      said: (line: string) => until(() => output().split("\n").includes(line)),
    }),
  );
