/**
 * What is measured of requests.
 */
import * as Meter from "@cadastre/domain/Meter";
import type { Exchange } from "./exchange.ts";

const requests = Meter.counter(
  "cadastre_http_requests_total",
  "Requests by route and status; 499: the client gave up before it had its answer.",
  ["method", "route", "code"],
);

const duration = Meter.histogram(
  "cadastre_http_request_duration_seconds",
  "Seconds until the answer was written. Of routes whose body or answer may be a stream (batches, the feed, MCP) nothing is noted.",
  [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  ["method", "route"],
);

/** Requests that are being answered. */
export const inFlight = Meter.gauge(
  "cadastre_http_requests_in_flight",
  "Requests that are being answered, streams too.",
);

export const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A method or a path that is none of the server's is one value. */
export const served = ({ method, route, started }: Exchange, status: number): void => {
  const known = METHODS.has(method) ? method : "other";
  const path = route?.path ?? "none";
  requests.add(1, known, path, String(status));
  if (route?.streamed !== true) duration.observe((performance.now() - started) / 1000, known, path);
};
