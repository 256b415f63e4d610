import type { Tool } from "@cadastre/mcp/Tool";
import { describe, expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Scope from "effect/Scope";
import type { Settings } from "../src/Mcp.ts";
import { component, eventually, type Running, start } from "./harness.ts";
import { eventsOf, headersOf, INITIALIZE, legacy, messageOf, rpc, tokenOf, tool } from "./mcp.ts";

const WRITING = ["apply_entity", "patch_entity", "delete_entity"];

const open: Settings = { readOnly: false, toolsets: undefined, sessions: false };

const namesOf = (running: Running, extra?: Parameters<typeof rpc>[3]) =>
  Effect.map(
    Effect.promise(() => rpc(running, "tools/list", {}, extra)),
    ({ result }): ReadonlyArray<string> => result.tools.map((it: { readonly name: string }) => it.name),
  );

describe("/mcp", () => {
  it.scopedLive("needs a token, whatever is asked", () =>
    Effect.gen(function* () {
      const running = yield* started();
      for (const method of ["tools/list", "server/discover", "subscriptions/listen"]) {
        const { status, reply } = yield* Effect.promise(() => rpc(running, method, {}, { token: "cad_none" }));
        expect(status).toBe(401);
        expect(reply.headers.get("www-authenticate")).toMatch(/^Bearer/);
      }
    }),
  );

  it.scopedLive("refuses to be called from a page of another origin and by another name", () =>
    Effect.gen(function* () {
      const running = yield* started();
      const { status } = yield* Effect.promise(() =>
        rpc(running, "tools/list", {}, { headers: { origin: "https://evil.example.com" } }),
      );
      expect(status).toBe(403);
      const raw = yield* Effect.promise(() =>
        running.raw(`POST /mcp HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`),
      );
      expect(raw).toMatch(/^HTTP\/1\.1 403/);
    }),
  );

  it.scopedLive("says what is wrong with a body that is no request", () =>
    Effect.gen(function* () {
      const running = yield* started();
      const send = (body: string, headers: Record<string, string> = {}) =>
        Effect.promise(() =>
          running.call("POST", "/mcp", { body, headers: { ...headersOf("tools/list", undefined, {}), ...headers } }),
        );
      expect(yield* send("{")).toMatchObject({ status: 400, body: { error: { code: -32700 } } });
      expect((yield* send("x".repeat(1024 * 1024 + 1))).status).toBe(413);
      expect((yield* send("a=b", { "content-type": "text/plain" })).status).toBe(415);
      expect(
        (yield* Effect.promise(() => running.call("GET", "/mcp", { headers: { accept: "text/event-stream" } }))).status,
      ).toBe(405);
    }),
  );

  it.scopedLive("serves the current revision and those of 2025 with the same tools", () =>
    Effect.gen(function* () {
      const running = yield* started();
      const { result } = yield* Effect.promise(() => rpc(running, "server/discover"));
      expect(result.supportedVersions).toEqual(["2026-07-28"]);
      expect(result.capabilities.resources).toEqual({ subscribe: true, listChanged: true });
      const { result: initialized } = yield* Effect.promise(() => legacy(running, "initialize", INITIALIZE));
      expect(initialized).toMatchObject({
        protocolVersion: "2025-11-25",
        serverInfo: { name: "cadastre", version: "1.2.3" },
      });
      const { result: listed } = yield* Effect.promise(() => legacy(running, "tools/list", {}));
      expect(listed.tools.map((it: { readonly name: string }) => it.name)).toEqual(yield* namesOf(running));
    }),
  );

  it.scopedLive("records who wrote, by which door and in which request", () =>
    Effect.gen(function* () {
      const running = yield* started();
      const token = yield* Effect.promise(() => tokenOf(running, "agent", "catalog:read", "catalog:write"));
      const headers = { "x-request-id": "req-7" };
      yield* Effect.promise(() => tool(running, "apply_entity", { document: component("made") }, { token, headers }));
      const { body } = yield* Effect.promise(() => running.call("GET", "/v1/events"));
      expect(body.events).toMatchObject([
        { actor: "token:agent", via: "mcp", requestId: "req-7", reference: "component:default/made" },
      ]);
    }),
  );

  it.scopedLive("teaches the next call where one fails", () =>
    Effect.gen(function* () {
      const running = yield* started();
      const fails = (name: string, args: object) =>
        Effect.map(
          Effect.promise(() => tool(running, name, args)),
          ({ result }): string => {
            expect(result.isError).toBe(true);
            return result.content[0].text;
          },
        );
      yield* Effect.promise(() => tool(running, "apply_entity", { document: component("payments") }));
      yield* Effect.promise(() =>
        tool(running, "apply_entity", {
          document: component("user-of-it", {
            spec: { type: "service", lifecycle: "production", owner: "a", dependsOn: ["component:payments"] },
          }),
        }),
      );
      expect(yield* fails("get_entity", { reference: "component:payment" })).toMatch(
        /Did you mean component:default\/payments\?/,
      );
      expect(yield* fails("get_entity", { ref: "payments" })).toMatch(
        /ref: is not known: this tool takes reference, fields, revision\n- reference: /,
      );
      expect(yield* fails("patch_entity", { reference: "payments", patch: {} })).toMatch(/name the entity exactly/);
      expect(
        yield* fails("patch_entity", {
          reference: "component:payments",
          patch: { spec: { owner: "b" } },
          ifRevision: 9,
        }),
      ).toMatch(/ifRevision: 1/);
      expect(yield* fails("delete_entity", { reference: "component:payments" })).toMatch(
        /component:default\/user-of-it\n.*"inactive"/,
      );
      expect(yield* fails("apply_entity", { document: "kind: Component" })).toMatch(
        /apiVersion: is missing.*\(line 1, column 1\)/,
      );
      expect(yield* fails("search_catalog", { filter: "kind = 1" })).toMatch(/line 1, column/);
    }),
  );

  it.scopedLive("asked for a tool that is not there, names those that are", () =>
    Effect.gen(function* () {
      const running = yield* started();
      const { error } = yield* Effect.promise(() => tool(running, "get_entities"));
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining("search_catalog, get_entity") });
    }),
  );
});

describe("what a token allows at /mcp", () => {
  it.scopedLive("one without catalog:write neither sees nor calls a tool that writes, however it is spelt", () =>
    Effect.gen(function* () {
      const running = yield* started();
      const token = yield* Effect.promise(() => tokenOf(running, "reader", "catalog:read"));
      yield* Effect.promise(() => tool(running, "apply_entity", { document: component("kept") }));
      const before = yield* Effect.promise(running.contents);
      expect((yield* namesOf(running)).filter((name) => WRITING.includes(name))).toEqual(WRITING);
      expect((yield* namesOf(running, { token })).filter((name) => WRITING.includes(name))).toEqual([]);
      const spellings = WRITING.flatMap((name) => [
        name,
        name.toUpperCase(),
        ` ${name}`,
        `${name} `,
        `${name}\u0000`,
        name.replace("_", "-"),
        `tools/${name}`,
        `${name}.call`,
      ]);
      for (const name of spellings) {
        const args = {
          reference: "component:kept",
          document: component("new"),
          patch: { metadata: { title: "x" } },
          force: true,
        };
        const encoded = `=?base64?${Buffer.from(name).toString("base64")}?=`;
        for (const headers of [
          {},
          { "mcp-name": encoded },
          { "x-mcp-readonly": "false" },
          { "x-mcp-toolsets": "write" },
        ]) {
          const { result, status } = yield* Effect.promise(() =>
            tool(running, name.includes("\u0000") || name !== name.trim() ? "whoami" : name, args, {
              token,
              headers,
            }).catch(() => ({ result: undefined, status: 400 })),
          );
          expect(result === undefined || result.isError === true, `${name} ${JSON.stringify(headers)}: ${status}`).toBe(
            true,
          );
        }
        const { result } = yield* Effect.promise(() =>
          legacy(running, "tools/call", { name, arguments: args }, { authorization: `Bearer ${token}` }),
        );
        expect(result, name).toBeUndefined();
      }
      expect(yield* Effect.promise(running.contents)).toBe(before);
    }),
  );

  it.scopedLive("one without catalog:read sees nothing of the catalog", () =>
    Effect.gen(function* () {
      const running = yield* started();
      const token = yield* Effect.promise(() => tokenOf(running, "writer", "catalog:write"));
      expect(yield* namesOf(running, { token })).toEqual([...WRITING, "whoami"]);
      const { result } = yield* Effect.promise(() => rpc(running, "server/discover", {}, { token }));
      expect(result.capabilities).toEqual({ tools: {} });
      for (const [method, params] of [
        ["resources/list", {}],
        ["resources/read", { uri: "cadastre://model", name: "cadastre://model" }],
        ["prompts/get", { name: "who_to_ask", arguments: { reference: "x" } }],
      ] as const) {
        expect((yield* Effect.promise(() => rpc(running, method, params, { token }))).result).toBeUndefined();
      }
    }),
  );

  it.scopedLive("a header narrows what the operator leaves, and never widens it", () =>
    Effect.gen(function* () {
      const running = yield* started({ ...open, toolsets: ["search", "write"] });
      const search = ["search_catalog", "get_entity", "get_owner", "get_facets", "describe_model"];
      const headers = (given: Record<string, string>) => namesOf(running, { headers: given });
      expect(yield* headers({})).toEqual([...search, "validate_entity", ...WRITING, "whoami"]);
      expect(yield* headers({ "x-mcp-readonly": "true" })).toEqual([...search, "validate_entity", "whoami"]);
      expect(yield* headers({ "x-mcp-toolsets": "search,history" })).toEqual([...search, "whoami"]);
      expect(yield* headers({ "x-mcp-toolsets": "" })).toEqual(["whoami"]);
      const refused = yield* Effect.promise(() =>
        rpc(running, "tools/list", {}, { headers: { "x-mcp-toolsets": "serach" } }),
      );
      expect(refused).toMatchObject({
        status: 400,
        reply: { body: { errors: [{ path: "x-mcp-toolsets", message: expect.stringContaining("search, graph") }] } },
      });
      const readOnly = yield* started({ ...open, readOnly: true });
      for (const given of [{}, { "x-mcp-readonly": "false" }]) {
        expect((yield* namesOf(readOnly, { headers: given })).filter((name) => WRITING.includes(name))).toEqual([]);
      }
      const { error } = yield* Effect.promise(() =>
        tool(readOnly, "delete_entity", { reference: "component:x" }, { headers: { "x-mcp-readonly": "false" } }),
      );
      expect(error?.code).toBe(-32602);
    }),
  );
});

/** A surface with one tool, which waits, and what has become of its calls. */
const waiting = (until: Effect.Effect<unknown>) => {
  const calls = { begun: 0, interrupted: 0 };
  const wait: Tool = {
    definition: { name: "wait", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
    toolset: undefined,
    scope: undefined,
    call: () =>
      Effect.suspend(() => {
        calls.begun += 1;
        return Effect.as(until, { content: [{ type: "text" as const, text: "done" }] });
      }).pipe(
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            calls.interrupted += 1;
          }),
        ),
      ),
  };
  return { calls, settings: { ...open, surface: Effect.succeed({ tools: [wait], resources: [], prompts: [] }) } };
};

describe("a call at /mcp", () => {
  it.scopedLive("is interrupted when its client gives it up", () =>
    Effect.gen(function* () {
      const { calls, settings } = waiting(Effect.never);
      const running = yield* started(settings);
      const controller = new AbortController();
      const call = tool(running, "wait", {}, { signal: controller.signal }).catch(() => undefined);
      yield* Effect.promise(() => eventually(() => calls.begun === 1));
      controller.abort();
      yield* Effect.promise(() => call);
      yield* Effect.promise(() => eventually(() => calls.interrupted === 1));
    }),
  );

  it.scopedLive("is stopped when it takes too long, and says so", () =>
    Effect.gen(function* () {
      const { calls, settings } = waiting(Effect.never);
      const running = yield* started(settings, { request: Duration.millis(200) });
      const { result } = yield* Effect.promise(() => tool(running, "wait"));
      expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("more than 200ms") }] });
      expect(calls.interrupted).toBe(1);
    }),
  );

  it.scopedLive("that ends in a defect tells the request id and no more, and the log the rest", () =>
    Effect.gen(function* () {
      const { settings } = waiting(Effect.dieMessage("a secret"));
      const running = yield* started(settings);
      const { result } = yield* Effect.promise(() =>
        tool(running, "wait", {}, { headers: { "x-request-id": "req-9" } }),
      );
      expect(result.isError).toBe(true);
      expect(result.content[0].text).toContain("req-9");
      expect(JSON.stringify(result)).not.toContain("secret");
      expect(running.log.some(({ fields }) => String(fields["cause"]).includes("a secret"))).toBe(true);
    }),
  );

  it.scopedLive("is finished when the server shuts down meanwhile", () =>
    Effect.gen(function* () {
      const latch = yield* Effect.makeLatch();
      const { calls, settings } = waiting(latch.await);
      const scope = yield* Scope.make();
      const running = yield* Scope.extend(started(settings), scope);
      const call = tool(running, "wait");
      yield* Effect.promise(() => eventually(() => calls.begun === 1));
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void));
      yield* Effect.sleep("50 millis");
      yield* latch.open;
      expect((yield* Effect.promise(() => call)).result).toMatchObject({ content: [{ text: "done" }] });
      yield* Fiber.join(closing);
    }),
  );
});

describe("changes at /mcp", () => {
  it.scopedLive("are told to who listens, until the server ends", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make();
      const running = yield* Scope.extend(start(), scope);
      yield* Effect.promise(() => tool(running, "apply_entity", { document: component("payments") }));
      const uri = "cadastre://entity/component/default/payments";
      const response = yield* Effect.promise(() =>
        fetch(`${running.url}/mcp`, {
          method: "POST",
          headers: headersOf("subscriptions/listen", undefined, { token: running.token }),
          body: JSON.stringify(
            messageOf("subscriptions/listen", {
              notifications: { resourcesListChanged: true, resourceSubscriptions: [uri] },
            }),
          ),
        }),
      );
      const events = eventsOf(response);
      const next = Effect.map(
        Effect.promise(() => events.next()),
        ({ value }) => value,
      );
      expect((yield* next).method).toBe("notifications/subscriptions/acknowledged");
      yield* Effect.promise(() =>
        tool(running, "patch_entity", { reference: "component:payments", patch: { metadata: { title: "Payments" } } }),
      );
      expect(yield* next).toMatchObject({ method: "notifications/resources/updated", params: { uri } });
      yield* Effect.promise(() => tool(running, "apply_entity", { document: component("another") }));
      expect((yield* next).method).toBe("notifications/resources/list_changed");
      yield* Effect.fork(Scope.close(scope, Exit.void));
      expect(yield* next).toMatchObject({ id: 1, result: { resultType: "complete" } });
      expect((yield* Effect.promise(() => events.next())).done).toBe(true);
    }),
  );
});

describe("sessions at /mcp", () => {
  const sessions: Settings = { ...open, sessions: true };

  const begin = (running: Running, token = running.token) =>
    Effect.map(
      Effect.promise(() => legacy(running, "initialize", INITIALIZE, { authorization: `Bearer ${token}` })),
      ({ headers }) => headers.get("mcp-session-id") ?? "",
    );

  it.scopedLive("are their token's alone", () =>
    Effect.gen(function* () {
      const running = yield* started(sessions);
      const other = yield* Effect.promise(() => tokenOf(running, "other", "catalog:read"));
      const id = yield* begin(running);
      const list = (headers: Record<string, string>) =>
        Effect.promise(() => legacy(running, "tools/list", {}, headers));
      expect((yield* list({ "mcp-session-id": id })).result.tools.length).toBe(13);
      expect((yield* list({ "mcp-session-id": id, authorization: `Bearer ${other}` })).status).toBe(404);
      expect((yield* list({ "mcp-session-id": "made-up" })).status).toBe(404);
      expect((yield* list({})).status).toBe(400);
      const end = (authorization: string) =>
        Effect.map(
          Effect.promise(() => running.call("DELETE", "/mcp", { headers: { "mcp-session-id": id, authorization } })),
          ({ status }) => status,
        );
      expect(yield* end(`Bearer ${other}`)).toBe(404);
      expect(yield* end(`Bearer ${running.token}`)).toBe(200);
      expect((yield* list({ "mcp-session-id": id })).status).toBe(404);
    }),
  );

  it.scopedLive("are bounded, and the idle ones of a caller make room for its own", () =>
    Effect.gen(function* () {
      const running = yield* started(sessions, { sessions: 2 });
      const other = yield* Effect.promise(() => tokenOf(running, "other", "catalog:read"));
      const first = yield* begin(running);
      yield* begin(running);
      const refused = yield* Effect.promise(() =>
        legacy(running, "initialize", INITIALIZE, { authorization: `Bearer ${other}` }),
      );
      expect(refused.status).toBe(503);
      yield* begin(running);
      expect((yield* Effect.promise(() => legacy(running, "tools/list", {}, { "mcp-session-id": first }))).status).toBe(
        404,
      );
    }),
  );

  it.scopedLive("tell of changes on their stream, which ends with the server", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make();
      const running = yield* Scope.extend(start({ mcp: sessions }), scope);
      const id = yield* begin(running);
      const uri = "cadastre://entity/component/default/payments";
      yield* Effect.promise(() => legacy(running, "resources/subscribe", { uri }, { "mcp-session-id": id }));
      const response = yield* Effect.promise(() =>
        fetch(`${running.url}/mcp`, {
          headers: { accept: "text/event-stream", "mcp-session-id": id, authorization: `Bearer ${running.token}` },
        }),
      );
      const events = eventsOf(response);
      yield* Effect.promise(() => running.call("POST", "/v1/entities", { json: component("payments") }));
      const { value } = yield* Effect.promise(() => events.next());
      expect(value).toMatchObject({ method: "notifications/resources/updated", params: { uri } });
      yield* Effect.promise(() => events.next());
      yield* Effect.fork(Scope.close(scope, Exit.void));
      expect((yield* Effect.promise(() => events.next())).done).toBe(true);
    }),
  );
});

const started = (mcp: Settings = open, limits = {}) => start({ mcp, limits });
