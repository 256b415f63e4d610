/**
 * One line for each request.
 */
import * as Effect from "effect/Effect";
import * as LogLevel from "effect/LogLevel";
import type { Exchange } from "./exchange.ts";

/** The fields are a second message rather than annotations, which cost three times as much. */
export const served = (exchange: Exchange, status: number, bytes: number): Effect.Effect<void> =>
  Effect.logWithLevel(levelOf(exchange, status), "request", {
    method: exchange.method,
    route: exchange.route?.path ?? "-",
    status,
    ms: Math.round((performance.now() - exchange.started) * 100) / 100,
    bytes,
    principal: exchange.principal ?? "-",
    requestId: exchange.requestId,
  });

/** Probes come every few seconds and say nothing as long as all is well. */
const levelOf = ({ route }: Exchange, status: number): LogLevel.LogLevel => {
  if (status >= 500) return LogLevel.Error;
  if (status >= 400) return LogLevel.Warning;
  return route?.path.startsWith("/v1/health") === true ? LogLevel.Debug : LogLevel.Info;
};
