/**
 * `/metrics`, for Prometheus.
 */
import { Metrics } from "@cadastre/core/Metrics";
import { Caller, type Principal } from "@cadastre/domain/Principal";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { identity } from "effect/Function";
import * as Option from "effect/Option";
import type * as Scope from "effect/Scope";
import { text } from "./internal/answer.ts";
import { CONTENT_TYPE, encode } from "./internal/exposition.ts";
import * as Parameters from "./internal/parameters.ts";
import * as RuntimeMetrics from "./internal/runtimeMetrics.ts";
import type { Placed } from "./Routes.ts";

/**
 * - `token`: who reads them needs the scope `metrics:read`
 * - `open`: anybody may who reaches the server
 * - `off`: there is nothing to read
 */
export type Access = "token" | "open" | "off";

export const PATH = "/metrics";

export const routes = (
  access: Access,
  version: string,
): Effect.Effect<ReadonlyArray<Placed>, never, Metrics | Scope.Scope> =>
  Effect.gen(function* () {
    if (access === "off") return [];
    yield* RuntimeMetrics.watch(version);
    const { read } = yield* Metrics;
    const answered = Effect.map(read, (readings) =>
      text(CONTENT_TYPE, encode(readings), 200, { "cache-control": "no-store" }),
    );
    return [
      {
        method: "GET",
        path: PATH,
        value: {
          path: PATH,
          via: "rest",
          access: access === "token" ? "metrics:read" : "open",
          mediaTypes: [],
          streamed: false,
          readPath: () => Either.right({}),
          readQuery: Parameters.query(Option.none()),
          readHeaders: () => Either.right({}),
          handler: () => answered.pipe(access === "token" ? identity : asAnybody),
        },
      },
    ];
  });

const ANYBODY: Principal = { id: "anyone", scopes: new Set(["metrics:read"] as const) };

const asAnybody = Effect.updateService(Caller, (caller) => ({ ...caller, principal: ANYBODY }));
