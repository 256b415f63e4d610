import { request } from "node:http";
import { MAX_ATOMIC } from "@cadastre/domain/Batch";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { type CallInit, component, type Running, start } from "./harness.ts";

const yaml = (name: string) =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\nspec:\n  type: service\n  lifecycle: production\n  owner: checkout\n`;

const apply = async ({ call }: Running, query: string, init: CallInit) => {
  const reply = await call("POST", `/v1/entities/batch${query}`, init);
  const isLines = reply.headers.get("content-type") === "application/x-ndjson";
  return {
    ...reply,
    lines: isLines
      ? reply.text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line))
      : [],
  };
};

const actions = (lines: ReadonlyArray<{ action?: string }>) => lines.map(({ action }) => action ?? "summary");

describe("a batch over HTTP", () => {
  it.scopedLive.each([
    ["application/json", JSON.stringify([component("a"), component("b")])],
    ["application/x-ndjson", `${JSON.stringify(component("a"))}\n${JSON.stringify(component("b"))}\n`],
    ["application/yaml", `${yaml("a")}---\n${yaml("b")}`],
    ["text/yaml", `---\n${yaml("a")}---\n---\n${yaml("b")}`],
  ] as const)("is read as %s and answered line by line, the summary last", ([type, body]) =>
    Effect.gen(function* () {
      const running = yield* start();
      const init = { body, headers: { "content-type": type } };
      const first = yield* Effect.promise(() => apply(running, "", init));
      expect(first.status).toBe(200);
      expect(actions(first.lines)).toEqual(["created", "created", "summary"]);
      expect(first.lines[0]).toMatchObject({ index: 0, reference: "Component:default/a", revision: 1 });
      const again = yield* Effect.promise(() => apply(running, "", init));
      expect(actions(again.lines)).toEqual(["unchanged", "unchanged", "summary"]);
      expect(again.lines.at(-1).summary).toEqual({
        documents: 2,
        created: 0,
        updated: 0,
        unchanged: 2,
        invalid: 0,
        conflict: 0,
        refused: 0,
      });
    }),
  );

  it.scopedLive("takes one JSON object too", () =>
    Effect.gen(function* () {
      const running = yield* start();
      const { lines } = yield* Effect.promise(() => apply(running, "", { json: component("a") }));
      expect(actions(lines)).toEqual(["created", "summary"]);
    }),
  );

  it.scopedLive("goes in whole or not at all, unless best effort is asked", () =>
    Effect.gen(function* () {
      const running = yield* start();
      const json = [component("good"), component("bad name")];
      const before = yield* Effect.promise(running.contents);
      const refused = yield* Effect.promise(() => apply(running, "", { json }));
      expect([refused.status, refused.body.code]).toEqual([400, "invalid-input"]);
      expect(refused.body.errors[0].path).toBe("/1/metadata/name");
      expect(yield* Effect.promise(running.contents)).toBe(before);

      const dry = yield* Effect.promise(() => apply(running, "?mode=best-effort&dryRun=true", { json }));
      expect(actions(dry.lines)).toEqual(["created", "invalid", "summary"]);
      expect(yield* Effect.promise(running.contents)).toBe(before);

      const taken = yield* Effect.promise(() => apply(running, "?mode=best-effort", { json }));
      expect(actions(taken.lines)).toEqual(["created", "invalid", "summary"]);
      expect(taken.lines[1].faults[0].path).toBe("/metadata/name");
    }),
  );

  it.scopedLive("may be far larger than the limit of a single body, and is streamed both ways", () =>
    Effect.gen(function* () {
      const running = yield* start();
      const filler = "x".repeat(1000);
      const body = Array.from({ length: 3000 }, (_, i) =>
        JSON.stringify(component(`c-${i}`, { metadata: { name: `c-${i}`, description: filler } })),
      ).join("\n");
      const { status, lines } = yield* Effect.promise(() =>
        apply(running, "?mode=best-effort", { body, headers: { "content-type": "application/x-ndjson" } }),
      );
      expect(status).toBe(200);
      expect(lines.at(-1).summary).toMatchObject({ documents: 3000, created: 3000 });
    }),
  );

  it.scopedLive("is answered even if it is refused before its body was read", () =>
    Effect.gen(function* () {
      const running = yield* start();
      const body = `${JSON.stringify(component("a"))}\n`.repeat(50_000);
      const init = { body, headers: { "content-type": "application/x-ndjson", authorization: "Bearer cad_x" } };
      expect((yield* Effect.promise(() => apply(running, "", init))).status).toBe(401);
    }),
  );

  it.scopedLive(
    "that is refused before its body was read to the end is answered, and its upload comes to its end",
    () =>
      Effect.gen(function* () {
        const { port, token } = yield* start();
        const line = `${JSON.stringify(component("a", { metadata: { name: "a", description: "x".repeat(1000) } }))}\n`;
        const reply = yield* Effect.promise(
          () =>
            new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
              const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" };
              const call = request({ port, host: "127.0.0.1", method: "POST", path: "/v1/entities/batch", headers });
              const sent = new Promise((done) => call.on("finish", done));
              call.on("error", reject);
              call.on("response", async (response) => {
                const text = await response.setEncoding("utf8").reduce((all, chunk) => all + chunk, "");
                await sent;
                resolve({ status: response.statusCode, text });
              });
              call.end(line.repeat(MAX_ATOMIC * 3));
            }),
        );
        expect(reply.status).toBe(400);
        expect(JSON.parse(reply.text).detail).toContain(String(MAX_ATOMIC));
      }),
  );
});
