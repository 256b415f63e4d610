/**
 * Traces: off unless the standard variables say where to send them
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 */
import { hostname } from "node:os";
import { lazy } from "@cadastre/domain/Module";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import manifest from "../package.json" with { type: "json" };
import * as Environment from "./Environment.ts";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";
import type { Options } from "./internal/openTelemetry.ts";

const PROTOCOLS: ReadonlyArray<string> = ["http/protobuf", "http/json"] satisfies ReadonlyArray<Options["protocol"]>;

/** Where nothing is traced no span is made, and nothing of OpenTelemetry is loaded. */
export const layer: Layer.Layer<never, Failure> = Layer.unwrapScoped(
  Effect.gen(function* () {
    const protocol = yield* wanted;
    if (protocol === undefined) return Layer.setTracerEnabled(false);
    const { make } = yield* openTelemetry;
    const tracer = yield* make({
      protocol,
      resource: {
        "service.name": "cadastre",
        "service.version": manifest.version,
        "service.instance.id": `${hostname()}:${process.pid}`,
        "host.name": hostname(),
        "process.pid": process.pid,
      },
    });
    return Layer.merge(Layer.setTracer(tracer), Layer.setTracerEnabled(true));
  }),
);

const openTelemetry = lazy(() => import("./internal/openTelemetry.ts"));

/** How to send them; undefined: not at all. */
const wanted: Effect.Effect<Options["protocol"] | undefined, Failure> = Effect.gen(function* () {
  const read = (name: string) => Effect.map(Environment.variable(name), Option.getOrUndefined);
  const disabled = yield* read("OTEL_SDK_DISABLED");
  const exporter = yield* read("OTEL_TRACES_EXPORTER");
  const endpoints = yield* Effect.all(
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"].map((name) =>
      Effect.map(read(name), (value) => ({ name, value })),
    ),
  );
  const isOff = disabled?.toLowerCase() === "true" || exporter === "none";
  if (isOff || (exporter === undefined && endpoints.every(({ value }) => value === undefined))) return undefined;
  if (exporter !== undefined && exporter !== "otlp") {
    return yield* wrong("OTEL_TRACES_EXPORTER", "must be otlp or none", exporter);
  }
  for (const { name, value } of endpoints) {
    if (value !== undefined && !/^https?:\/\//.test(URL.canParse(value) ? value : "")) {
      return yield* wrong(name, "must be a URL such as http://127.0.0.1:4318", value);
    }
  }
  const specific = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
  const general = "OTEL_EXPORTER_OTLP_PROTOCOL";
  const name = (yield* read(specific)) === undefined ? general : specific;
  const protocol = (yield* read(name)) ?? "http/protobuf";
  return isProtocol(protocol) ? protocol : yield* wrong(name, `must be one of: ${PROTOCOLS.join(", ")}`, protocol);
});

const isProtocol = (word: string): word is Options["protocol"] => PROTOCOLS.includes(word);

const wrong = (name: string, rule: string, value: string) =>
  new Failure({
    exit: ExitCode.config,
    message: `The configuration is wrong:\n  ${name}: ${rule}, not "${value}"`,
    next: "OTEL_SDK_DISABLED=true switches traces off, whatever else is set.",
  });
