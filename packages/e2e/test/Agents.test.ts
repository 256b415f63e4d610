import { execFile } from "node:child_process";
import { join } from "node:path";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import { until } from "@cadastre/e2e/Waiting";
import { describe, expect, it } from "@effect/vitest";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as Effect from "effect/Effect";
import { CALLS, company, modern } from "./agents/company.ts";
import { folderOf, modernNode } from "./conformance/suite.ts";

const NAMES = CALLS.map(({ name }) => name);

/** A client of the revisions of 2025. It checks each answer against the schema that the list gave. */
const old = ({ url, token }: Program.Daemon) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = new OldClient({ name: "test", version: "1" });
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      // Its types were not written for exact optional members.
      await client.connect(
        new OldTransport(new URL("/mcp", url), { requestInit }) as Parameters<OldClient["connect"]>[0],
      );
      return client;
    }),
    (client) => Effect.promise(() => client.close()),
  );

const INSPECTOR = join(folderOf("@modelcontextprotocol/inspector"), "clients/launcher/build/index.js");

/** How the inspector reaches a daemon. */
const DOORS: { readonly [door: string]: (daemon: Program.Daemon) => ReadonlyArray<string> } = {
  HTTP: ({ url, token }) => [`${url}/mcp`, "--transport", "http", "--header", `Authorization: Bearer ${token}`],
  "the bridge": ({ url, token }) => [
    ...[process.execPath, Program.PATH, "mcp-bridge"],
    ...["-e", `CADASTRE_URL=${url}`, "-e", `CADASTRE_TOKEN=${token}`],
  ],
};

const inspect = (door: ReadonlyArray<string>, words: ReadonlyArray<string>) =>
  Effect.async<ReturnType<typeof JSON.parse>>((resume) => {
    const child = execFile(
      modernNode(),
      [INSPECTOR, "--cli", ...door, ...words],
      { maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        try {
          resume(Effect.succeed(JSON.parse(stdout)));
        } catch {
          resume(Effect.die(new Error(`the inspector ended with ${error?.message}: ${stdout}${stderr}`)));
        }
      },
    );
    return Effect.sync(() => child.kill());
  });

const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

describe("agents", () => {
  for (const sessions of ["false", "true"]) {
    it.scopedLive(`of the revisions of 2025 list and call every tool, sessions: ${sessions}`, () =>
      Effect.gen(function* () {
        const daemon = yield* company(["--mcp-sessions", sessions]);
        const client = yield* old(daemon);
        const { tools } = yield* Effect.promise(() => client.listTools());
        expect(tools.map(({ name }) => name)).toEqual(NAMES);
        for (const call of CALLS) {
          const result = yield* Effect.promise(() => client.callTool(call));
          expect(result, call.name).toMatchObject({ structuredContent: expect.anything() });
          expect(result.isError, call.name).toBeUndefined();
        }
        const { resources } = yield* Effect.promise(() => client.listResources());
        expect(resources[0]).toMatchObject({ uri: "cadastre://model" });
        for (const { uri } of resources.slice(0, 5)) {
          const { contents } = yield* Effect.promise(() => client.readResource({ uri }));
          expect(contents).toMatchObject([{ uri }]);
        }
        const { prompts } = yield* Effect.promise(() => client.listPrompts());
        expect(prompts.map(({ name }) => name)).toEqual(["impact_of_change", "onboard_service", "who_to_ask"]);
        const prompt = yield* Effect.promise(() =>
          client.getPrompt({ name: "impact_of_change", arguments: { reference: "resource:payments-db" } }),
        );
        expect(JSON.stringify(prompt.messages)).toContain("component:default/payments");
      }),
    );
  }

  it.scopedLive("of the current revision list and call every tool, and are told of changes", () =>
    Effect.gen(function* () {
      const daemon = yield* company();
      const client = yield* modern(daemon);
      expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
      const { tools } = yield* Effect.promise(() => client.listTools());
      expect(tools.map(({ name }) => name)).toEqual(NAMES);
      for (const call of CALLS) {
        const result = yield* Effect.promise(() => client.callTool(call));
        expect(result.isError, `${call.name}: ${text(result.content)}`).toBeUndefined();
        expect(result.structuredContent, call.name).toBeDefined();
      }
      const { completion } = yield* Effect.promise(() =>
        client.complete({
          ref: { type: "ref/resource", uri: "cadastre://entity/{kind}/{namespace}/{name}" },
          argument: { name: "name", value: "pay" },
          context: { arguments: { kind: "resource", namespace: "default" } },
        }),
      );
      expect(completion.values).toEqual(["payments-db"]);

      const uri = "cadastre://entity/component/default/payments";
      const told: Array<string> = [];
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => void told.push(params.uri));
      const subscription = yield* Effect.promise(() => client.listen({ resourceSubscriptions: [uri] }));
      const { text: body } = yield* Http.get(daemon, "/v1/entities/by-ref/component/default/payments");
      const uid: string = JSON.parse(body).metadata.uid;
      yield* Http.json(daemon, "PATCH", `/v1/entities/${uid}`, { metadata: { title: "Payments 2" } });
      yield* until(() => told.length > 0);
      expect(told).toEqual([uri]);
      yield* Effect.promise(() => subscription.close());
    }),
  );

  for (const [name, door] of Object.entries(DOORS)) {
    it.scopedLive(
      `the inspector lists and calls every tool over ${name}`,
      () =>
        Effect.gen(function* () {
          const through = door(yield* company());
          const { tools } = yield* inspect(through, ["--method", "tools/list"]);
          expect(tools.map(({ name }: { readonly name: string }) => name)).toEqual(NAMES);
          for (const call of CALLS) {
            const args = Object.entries(call.arguments).flatMap(([name, value]) => [
              "--tool-arg",
              `${name}=${text(value)}`,
            ]);
            const result = yield* inspect(through, ["--method", "tools/call", "--tool-name", call.name, ...args]);
            expect(result.isError, `${call.name}: ${JSON.stringify(result)}`).not.toBe(true);
            expect(result.structuredContent, call.name).toBeDefined();
          }
        }),
      300_000,
    );
  }
});
