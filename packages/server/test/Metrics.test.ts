import * as Meter from "@cadastre/domain/Meter";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { encode } from "../src/internal/exposition.ts";
import { component, start } from "./harness.ts";

describe("/metrics", () => {
  it.scopedLive("is for tokens with its scope, which may do nothing else", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const ask = (authorization: string, path = "/metrics") =>
        Effect.promise(() => call("GET", path, { headers: { authorization } }));
      const issue = (name: string, scope: string) =>
        Effect.map(
          Effect.promise(() => call("POST", "/v1/tokens", { json: { name, scopes: [scope] } })),
          ({ body }) => `Bearer ${body.secret}`,
        );
      const scraper = yield* issue("prometheus", "metrics:read");
      const read = yield* ask(scraper);
      expect(read.status).toBe(200);
      expect(read.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect((yield* ask(scraper, "/v1/entities")).status).toBe(403);
      expect((yield* ask("")).status).toBe(401);
      expect(yield* ask(yield* issue("reader", "catalog:read"))).toMatchObject({
        status: 403,
        body: { code: "permission-denied", scope: "metrics:read" },
      });
    }),
  );

  it.scopedLive("is for everybody, or not there, as the operator says", () =>
    Effect.gen(function* () {
      const headers = { authorization: "" };
      const open = yield* start({ metrics: "open" });
      expect((yield* Effect.promise(() => open.call("GET", "/metrics", { headers }))).status).toBe(200);
      expect((yield* Effect.promise(() => open.call("GET", "/v1/entities", { headers }))).status).toBe(401);
      const off = yield* start({ metrics: "off" });
      expect((yield* Effect.promise(() => off.call("GET", "/metrics"))).status).toBe(404);
    }),
  );

  it.scopedLive("counts requests by route and status, and takes no label from a caller", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const made = yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("counted") }));
      yield* Effect.promise(() => call("GET", `/v1/entities/${made.body.metadata.uid}`));
      yield* Effect.promise(() => call("GET", "/of/a/stranger"));
      yield* Effect.promise(() => call("PROPFIND", "/v1/entities"));
      const { text } = yield* Effect.promise(() => call("GET", "/metrics"));
      expect(text).toMatch(/^cadastre_http_requests_total\{method="POST",route="\/v1\/entities",code="201"\} [1-9]/m);
      expect(text).toMatch(
        /^cadastre_http_request_duration_seconds_count\{method="GET",route="\/v1\/entities\/:uid"\} /m,
      );
      expect(text).toMatch(/^cadastre_http_requests_total\{method="GET",route="none",code="404"\} /m);
      expect(text).toMatch(/^cadastre_http_requests_total\{method="other",route="none",code="405"\} /m);
      expect(text).not.toMatch(/stranger|PROPFIND|counted/);
      expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
      expect(text).toMatch(/^cadastre_http_requests_in_flight [1-9]/m);
    }),
  );
});

describe("the text format", () => {
  it("has cumulated buckets, escapes what has to be, and leaves out what is not known", () => {
    const label = 'a "b" \\ c\nd';
    const seconds = Meter.histogram("test_seconds", "Seconds.\nOf a \\ test.", [0.1, 1], ["of"]);
    const gauge = Meter.gauge("test_gauge", "A gauge.", ["of"]);
    for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value, label);
    gauge.replace([{ value: 1, labels: ["x"] }]);
    gauge.replace([{ value: 2.5, labels: ["y"] }]);
    const text = encode(Meter.read().filter(({ family }) => family.name.startsWith("test_")));
    const of = 'of="a \\"b\\" \\\\ c\\nd"';
    expect(text.trimEnd().split("\n")).toEqual([
      "# HELP test_gauge A gauge.",
      "# TYPE test_gauge gauge",
      'test_gauge{of="x"} 0',
      'test_gauge{of="y"} 2.5',
      "# HELP test_seconds Seconds.\\nOf a \\\\ test.",
      "# TYPE test_seconds histogram",
      `test_seconds_bucket{${of},le="0.1"} 2`,
      `test_seconds_bucket{${of},le="1"} 3`,
      `test_seconds_bucket{${of},le="+Inf"} 4`,
      `test_seconds_sum{${of}} 7.65`,
      `test_seconds_count{${of}} 4`,
    ]);
    gauge.forget();
    expect(encode(Meter.read())).not.toContain("test_gauge");
    expect(() => Meter.counter("test_gauge", "Another.")).toThrow("declared twice");
  });
});
