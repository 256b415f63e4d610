/**
 * Spans by OpenTelemetry's SDK, over OTLP/HTTP. To be imported where traces are wanted: it brings the SDK along, which reads
 * the rest of the `OTEL_*` variables itself.
 */
import * as OtelTracer from "@effect/opentelemetry/Tracer";
import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Runtime from "effect/Runtime";
import type * as Scope from "effect/Scope";
import * as Tracer from "effect/Tracer";

export interface Options {
  readonly protocol: "http/protobuf" | "http/json";
  /** Attributes of the resource; those in the environment go before. */
  readonly resource: { readonly [name: string]: string | number };
}

/** What it has not sent when the scope closes is sent then, if the collector takes it within two seconds. */
export const make = (options: Options): Effect.Effect<Tracer.Tracer, never, Scope.Scope> =>
  Effect.gen(function* () {
    yield* listen;
    const provider = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const exporter = options.protocol === "http/json" ? new JsonExporter() : new ProtobufExporter();
        return new BasicTracerProvider({
          resource: resourceFromAttributes(options.resource).merge(detectResources({ detectors: [envDetector] })),
          spanProcessors: [new BatchSpanProcessor(exporter)],
        });
      }),
      (opened) =>
        Effect.promise(() => opened.shutdown()).pipe(
          Effect.interruptible,
          Effect.disconnect,
          Effect.timeout("2 seconds"),
          Effect.ignore,
        ),
    );
    const tracer = yield* Effect.provideService(
      OtelTracer.make,
      OtelTracer.OtelTracer,
      provider.getTracer("cadastre", String(options.resource["service.version"])),
    );
    return Tracer.make({
      span: (name, parent, ...rest) => tracer.span(name, Option.map(parent, flagged), ...rest),
      // Nothing here asks the SDK for the current span: entering its context at each step of a fiber would be for nobody.
      context: (execution) => execution(),
    });
  });

/** The bridge takes every span of another process as sampled unless told so in a word of its own. */
const flagged = (span: Tracer.AnySpan): Tracer.AnySpan =>
  span._tag === "Span"
    ? span
    : OtelTracer.makeExternalSpan({
        traceId: span.traceId,
        spanId: span.spanId,
        traceFlags: span.sampled ? 1 : 0,
      });

/** What the SDK has to say (a collector that does not answer, a variable that it does not understand) goes to our log. */
const listen = Effect.gen(function* () {
  const runFork = Runtime.runFork(yield* Effect.runtime());
  const warn = (message: string) => void runFork(Effect.logWarning("traces", { reason: message }));
  const debug = (message: string) => void runFork(Effect.logDebug("traces", { reason: message }));
  const logger: DiagLogger = { error: warn, warn, info: debug, debug, verbose: debug };
  yield* Effect.acquireRelease(
    Effect.sync(() => diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })),
    () => Effect.sync(() => diag.disable()),
  );
});
