/**
 * A collector of traces: OTLP over HTTP, as JSON or protobuf, on Node's own server.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import protobuf from "protobufjs";

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the trace begins with it. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: { readonly [name: string]: unknown };
  /** Of the process that made it. */
  readonly resource: { readonly [name: string]: unknown };
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
}

export interface Collector {
  readonly url: string;
  readonly spans: Array<Span>;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly [type: string]: unknown };
}

interface Export {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> };
    readonly scopeSpans: ReadonlyArray<{
      readonly spans: ReadonlyArray<
        Omit<Span, "attributes" | "resource" | "status"> & {
          readonly attributes: ReadonlyArray<Attribute>;
          readonly status: { readonly code?: number };
        }
      >;
    }>;
  }>;
}

const record = (attributes: ReadonlyArray<Attribute>) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const spansOf = ({ resourceSpans }: Export): ReadonlyArray<Span> =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        parentSpanId: span.parentSpanId ?? "",
        links: span.links ?? [],
        attributes: record(span.attributes),
        resource: record(resource.attributes),
        status: span.status.code ?? 0,
      })),
    ),
  );

/** What is read of opentelemetry/proto/collector/trace/v1/trace_service.proto and what it imports. */
const ExportRequest = protobuf
  .parse(
    `syntax = "proto3";
    message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
    message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
    message Resource { repeated KeyValue attributes = 1; }
    message ScopeSpans { repeated Span spans = 2; }
    message KeyValue { string key = 1; AnyValue value = 2; }
    message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
    message Link { bytes trace_id = 1; bytes span_id = 2; }
    message Status { int32 code = 3; }
    message Span {
      bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
      repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15;
    }`,
  )
  .root.lookupType("ExportTraceServiceRequest");

/** As OTLP writes it in JSON: ids in hexadecimal. */
const fromProtobuf = (body: Buffer): Export => {
  const plain = ExportRequest.toObject(ExportRequest.decode(body), { longs: Number, bytes: Array, defaults: true });
  return JSON.parse(
    JSON.stringify(plain, (key, value) => (key.endsWith("Id") ? Buffer.from(value).toString("hex") : value)),
  );
};

/** Listens on 127.0.0.1 until the scope ends. */
export const make: Effect.Effect<Collector, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.async<{ readonly collector: Collector; readonly close: () => void }>((resume) => {
      const spans: Array<Span> = [];
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const type = request.headers["content-type"] ?? "";
          const body = Buffer.concat(chunks);
          const isJson = type === "application/json";
          if (request.url === "/v1/traces")
            spans.push(...spansOf(isJson ? JSON.parse(body.toString("utf8")) : fromProtobuf(body)));
          response.writeHead(200, { "content-type": type }).end(isJson ? "{}" : "");
        });
      });
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo; // not a pipe
        resume(
          Effect.succeed({
            collector: { url: `http://127.0.0.1:${port}`, spans },
            close: () => {
              server.close();
              server.closeAllConnections();
            },
          }),
        );
      });
    }),
    ({ close }) => Effect.sync(close),
  ),
  ({ collector }) => collector,
);

/** Where a daemon is to send its traces, so that they come here at once: in protobuf, which is the default, or as told. */
export const environmentOf = ({ url }: Collector, protocol?: "http/json") => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_BSP_SCHEDULE_DELAY: "50",
  ...(protocol === undefined ? {} : { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }),
});
