import * as Collector from "@cadastre/e2e/Collector";
import { component } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as Receiver from "@cadastre/e2e/Receiver";
import { until } from "@cadastre/e2e/Waiting";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";

/** Seconds; enough of them for a daemon that takes its time to end. */
const RETRY = [0, ...Array.from({ length: 19 }, () => 1)];

it.scopedLive("one trace goes from the caller through the database, the queue and a restart to the receiver", () =>
  Effect.gen(function* () {
    const home = yield* Program.home;
    const collector = yield* Collector.make;
    const receiver = yield* Receiver.make(Receiver.answering(503));
    // Each in another of the two protocols.
    const start = (protocol?: "http/json") =>
      Program.daemon(home, [], { env: { ...Receiver.ALLOWED, ...Collector.environmentOf(collector, protocol) } });

    const first = yield* start();
    const subscription = { name: "watch", channel: { type: "webhook", url: receiver.url }, retry: RETRY };
    expect((yield* Http.json(first, "POST", "/v1/subscriptions", subscription)).status).toBe(201);
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01` };
    expect((yield* Http.json(first, "POST", "/v1/entities", component("traced"), { headers })).status).toBe(201);
    yield* until(() => receiver.received.length > 0);
    yield* Program.stop(first);

    receiver.answer = Receiver.answering(204);
    const second = yield* start("http/json");
    yield* until(() => receiver.received.at(-1)?.status === 204);
    // An agent's call belongs to the trace that it names, not to that of the request it comes in.
    const called = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
    const agent = yield* Http.json(
      second,
      "POST",
      "/mcp",
      { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "whoami", arguments: {}, _meta: called } },
      { headers: { accept: "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25" } },
    );
    expect(agent.status).toBe(200);
    const { stderr } = yield* Program.stop(second);

    const spans = collector.spans.filter(({ traceId }) => traceId === TRACE);
    const named = (name: string) => spans.filter((span) => span.name === name);
    const [server] = named("POST /v1/entities");
    expect(server).toMatchObject({
      parentSpanId: CALLER,
      kind: 2,
      attributes: { "http.request.method": "POST", "http.route": "/v1/entities", "http.response.status_code": 201 },
    });
    // Every other one hangs below that: it is one tree.
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(spans.filter((span) => span !== server && !ids.has(span.parentSpanId))).toEqual([]);

    const [useCase] = named("Entities.create");
    expect(useCase?.parentSpanId).toBe(server?.spanId);
    const statements = spans.filter(({ attributes }) => attributes["db.system.name"] !== undefined);
    expect(statements.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["INSERT entities", "INSERT events", "COMMIT"]),
    );
    expect(statements.every(({ kind }) => kind === 3)).toBe(true);
    expect(JSON.stringify(statements)).not.toContain("traced");

    const [sent] = named("send callbacks");
    expect(sent).toMatchObject({ kind: 4, parentSpanId: server?.spanId });
    const attempts = named("process callbacks");
    expect(attempts.length).toBeGreaterThan(1);
    expect(attempts.every(({ kind, parentSpanId }) => kind === 5 && parentSpanId === sent?.spanId)).toBe(true);
    expect(new Set(attempts.map(({ resource }) => resource["process.pid"])).size).toBe(2);
    expect(attempts[0]?.resource).toMatchObject({ "service.name": "cadastre" });

    const posts = named("POST");
    expect(posts.map(({ parentSpanId }) => parentSpanId)).toEqual(attempts.map(({ spanId }) => spanId));
    expect(posts[0]).toMatchObject({
      kind: 3,
      status: 2,
      attributes: { "http.response.status_code": 503, "error.type": "503" },
    });
    expect(posts.at(-1)).toMatchObject({ kind: 3, attributes: { "http.response.status_code": 204 } });
    expect(receiver.received.map((received) => received.headers["traceparent"])).toEqual(
      posts.map(({ spanId }) => `00-${TRACE}-${spanId}-01`),
    );

    const tool = collector.spans.find(({ name }) => name === "tools/call whoami");
    const request = collector.spans.find(({ name }) => name === "POST /mcp");
    expect(tool).toMatchObject({
      traceId: "a".repeat(32),
      parentSpanId: "b".repeat(16),
      kind: 2,
      links: [{ traceId: request?.traceId, spanId: request?.spanId }],
    });
    const lines = stderr.split("\n").filter((line) => line.includes('"message":"mcp call"'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { name: "whoami", outcome: "ok", principal: "token:admin", traceId: "a".repeat(32) },
    ]);
    // What is looked for in the background is no trace of its own.
    expect(
      collector.spans.filter(({ name, parentSpanId }) => name.startsWith("SELECT") && parentSpanId === ""),
    ).toEqual([]);
  }),
);
