import { expect, it } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as FiberRef from "effect/FiberRef";
import * as Layer from "effect/Layer";
import { PATH_DELIMITER } from "../src/Environment.ts";
import * as Tracing from "../src/Tracing.ts";

/** Whether it traces, or what it says is wrong. */
const tracesWith = (variables: Record<string, string>) =>
  FiberRef.get(FiberRef.currentTracerEnabled).pipe(
    Effect.provide(Tracing.layer),
    Effect.provide(
      Layer.setConfigProvider(
        ConfigProvider.fromMap(new Map(Object.entries(variables)), { pathDelim: PATH_DELIMITER }),
      ),
    ),
    Effect.mapError(({ message }) => message.split("\n").at(-1)?.trim()),
    Effect.either,
    Effect.map(Either.merge),
  );

it.live("traces where the standard variables say so, and nowhere else", () =>
  Effect.gen(function* () {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
    expect(yield* tracesWith({})).toBe(false);
    expect(yield* tracesWith({ OTEL_SERVICE_NAME: "x" })).toBe(false);
    expect(yield* tracesWith(endpoint)).toBe(true);
    expect(yield* tracesWith({ OTEL_TRACES_EXPORTER: "otlp" })).toBe(true);
    expect(yield* tracesWith({ ...endpoint, OTEL_TRACES_EXPORTER: "none" })).toBe(false);
    expect(yield* tracesWith({ ...endpoint, OTEL_SDK_DISABLED: "true" })).toBe(false);
  }),
);

it.live("says what it does not understand of them", () =>
  Effect.gen(function* () {
    expect(yield* tracesWith({ OTEL_TRACES_EXPORTER: "zipkin" })).toBe(
      'OTEL_TRACES_EXPORTER: must be otlp or none, not "zipkin"',
    );
    expect(yield* tracesWith({ OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4317" })).toBe(
      'OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL such as http://127.0.0.1:4318, not "localhost:4317"',
    );
    const grpc = { OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    expect(yield* tracesWith(grpc)).toBe(
      'OTEL_EXPORTER_OTLP_PROTOCOL: must be one of: http/protobuf, http/json, not "grpc"',
    );
  }),
);
