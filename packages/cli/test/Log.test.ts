import { Caller } from "@cadastre/domain/Principal";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Log from "../src/Log.ts";
import { capture } from "./support.ts";

const logged = (logFormat: "json" | "pretty", effect: Effect.Effect<void>, logLevel: "info" | "none" = "info") =>
  Effect.gen(function* () {
    const { kept, layer } = capture();
    yield* effect.pipe(Effect.provide(Log.layer({ logFormat, logLevel })), Effect.provide(layer));
    return kept;
  });

it.effect("writes one JSON object a line, on standard error alone", () =>
  Effect.gen(function* () {
    const { out, err } = yield* logged(
      "json",
      Effect.logInfo("request", { status: 200, route: "/v1/entities" }).pipe(
        Effect.zipRight(Effect.logWarning("slow")),
        Effect.annotateLogs({ requestId: "r-1" }),
      ),
    );
    expect(out).toBe("");
    expect(
      err
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        time: "1970-01-01T00:00:00.000Z",
        level: "info",
        message: "request",
        status: 200,
        route: "/v1/entities",
        requestId: "r-1",
      },
      { time: "1970-01-01T00:00:00.000Z", level: "warn", message: "slow", requestId: "r-1" },
    ]);
  }),
);

it.effect("tells causes, and keeps control characters from the terminal", () =>
  Effect.gen(function* () {
    const { err } = yield* logged("pretty", Effect.logError("broke\u001b[2J", new Error("the reason")));
    expect(err).toContain("broke\\u001b[2J");
    expect(err).toContain("the reason");
  }),
);

it.effect("writes nothing below the level", () =>
  Effect.gen(function* () {
    expect((yield* logged("json", Effect.logDebug("detail"))).err).toBe("");
    expect((yield* logged("json", Effect.logFatal("end"), "none")).err).toBe("");
  }),
);

it.effect("tells of each line whose call it belongs to", () =>
  Effect.gen(function* () {
    const call = {
      principal: { id: "token:ci", scopes: new Set([]) },
      requestId: "r-1",
      via: "rest" as const,
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
    const { err } = yield* logged("json", Effect.provideService(Effect.logInfo("done"), Caller, call));
    expect(JSON.parse(err)).toMatchObject({
      message: "done",
      principal: "token:ci",
      requestId: "r-1",
      traceId: "0af7651916cd43dd8448eb211c80319c",
    });
  }),
);
