/**
 * A collector of traces: OTLP over HTTP, as JSON, on Node's own server.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

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

/** Listens on 127.0.0.1 until the scope ends. */
export const make: Effect.Effect<Collector, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.async<{ readonly collector: Collector; readonly close: () => void }>((resume) => {
      const spans: Array<Span> = [];
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          if (request.url === "/v1/traces") spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
          response.writeHead(200, { "content-type": "application/json" }).end("{}");
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

/** Where a daemon is to send its traces, so that they come here at once. */
export const environmentOf = ({ url }: Collector) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  OTEL_BSP_SCHEDULE_DELAY: "50",
});
