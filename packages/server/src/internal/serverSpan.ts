/**
 * The span of a request, where somebody traces, by OpenTelemetry's conventions for HTTP servers
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
 */
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Effect from "effect/Effect";
import type * as Tracer from "effect/Tracer";
import type { Route } from "../Routes.ts";
import type { Exchange } from "./exchange.ts";
import { METHODS } from "./httpMetrics.ts";
import { isProbe } from "./requestLog.ts";
import type { Router } from "./router.ts";

type Spanned = (exchange: Exchange, serving: Effect.Effect<void>) => Effect.Effect<void>;

export const make = (router: Router<Route>): Effect.Effect<Spanned> =>
  TraceContext.ifTraced(
    () => Effect.succeed((exchange, serving) => inSpan(router, exchange, serving)),
    () => Effect.succeed((_, serving) => serving),
  );

const inSpan = (router: Router<Route>, exchange: Exchange, serving: Effect.Effect<void>): Effect.Effect<void> => {
  const found = router.find(exchange.method, exchange.path);
  const route = found._tag === "Found" ? found.value.path : undefined;
  if (isProbe(route)) return Effect.withTracerEnabled(serving, false);
  const method = METHODS.has(exchange.method) ? exchange.method : "_OTHER";
  const parent = TraceContext.spanOf(exchange.traceparent);
  return Effect.useSpan(
    [method === "_OTHER" ? "HTTP" : method, ...(route === undefined ? [] : [route])].join(" "),
    {
      captureStackTrace: false,
      kind: "server",
      attributes: attributesOf(exchange, method, route),
      ...(parent === undefined ? { root: true } : { parent }),
    },
    (span) => {
      exchange.traceparent = TraceContext.traceparentOf(span);
      return Effect.zipRight(Effect.withParentSpan(serving, span), ended(exchange, span));
    },
  ).pipe(Effect.catchTag("ServerError", () => Effect.void));
};

const attributesOf = ({ request, path }: Exchange, method: string, route: string | undefined) => {
  const { host, "user-agent": userAgent } = request.headers;
  const given = {
    "http.request.method": method,
    "http.request.method_original": method === "_OTHER" ? request.method : undefined,
    "http.route": route,
    "url.path": path,
    "url.scheme": "http",
    "server.address": host?.replace(/:\d*$/, ""),
    "server.port": request.socket.localPort,
    "network.peer.address": request.socket.remoteAddress,
    "network.protocol.version": request.httpVersion,
    "user_agent.original": userAgent,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
};

/** A status of 5xx is the server's failure; one of 4xx is not. */
const ended = ({ response, principal, requestId }: Exchange, span: Tracer.Span) =>
  Effect.suspend(() => {
    const { statusCode } = response;
    span.attribute("http.response.status_code", statusCode);
    span.attribute("cadastre.request_id", requestId);
    if (principal !== undefined) span.attribute("enduser.id", principal);
    if (statusCode < 500) return Effect.void;
    span.attribute("error.type", String(statusCode));
    return Effect.fail({ _tag: "ServerError" as const, message: `the answer was ${statusCode}` });
  });
