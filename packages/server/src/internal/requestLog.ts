/**
 * One line for each request, and its count.
 */
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Effect from "effect/Effect";
import * as LogLevel from "effect/LogLevel";
import type { Exchange } from "./exchange.ts";
import * as HttpMetrics from "./httpMetrics.ts";

/** The fields are a second message rather than annotations, which cost three times as much. */
export const served = (exchange: Exchange, status: number, bytes: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    HttpMetrics.served(exchange, status);
    const { method, route, started, principal, requestId, traceparent } = exchange;
    return Effect.logWithLevel(levelOf(exchange, status), "request", {
      method,
      route: route?.path ?? "-",
      status,
      ms: Math.round((performance.now() - started) * 100) / 100,
      bytes,
      principal: principal ?? "-",
      requestId,
      ...(traceparent === undefined ? {} : { traceId: TraceContext.traceIdOf(traceparent) }),
    });
  });

/** Probes come every few seconds and say nothing as long as all is well. */
const levelOf = ({ route }: Exchange, status: number): LogLevel.LogLevel => {
  if (status >= 500) return LogLevel.Error;
  if (status >= 400) return LogLevel.Warning;
  return isProbe(route?.path) ? LogLevel.Debug : LogLevel.Info;
};

/** Whether a path is asked for again and again by those who watch the server. */
export const isProbe = (path: string | undefined): boolean =>
  path !== undefined && (path.startsWith("/v1/health") || path === "/metrics");
