/**
 * What is known of a call besides its answer: a count, a line of the log and, where somebody traces, a span.
 */
import * as Meter from "@cadastre/domain/Meter";
import { Caller } from "@cadastre/domain/Principal";
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import type * as Scope from "effect/Scope";

const calls = Meter.counter(
  "cadastre_mcp_calls_total",
  "Calls of agents by method, by tool or prompt, and by outcome: ok, refused (the agent's fault), failed, timeout or cancelled.",
  ["method", "name", "outcome"],
);

const duration = Meter.histogram(
  "cadastre_mcp_call_duration_seconds",
  "Seconds that calls of agents took, by method and by tool or prompt.",
  [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
  ["method", "name"],
);

const streams = Meter.gauge("cadastre_mcp_streams", "Streams of notifications to agents that are open.");

/** Counts a stream as open until the scope is closed. */
export const streaming: Effect.Effect<void, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => streams.add(1)),
  () => Effect.sync(() => streams.add(-1)),
);

export interface Subject {
  readonly method: string;
  /** Of a tool or a prompt that there is. */
  readonly name?: string;
}

/**
 * `meta`: what the agent sent along; its `traceparent` (W3C Trace Context) says to which trace the call belongs, before that of
 * the request it came in. None: the call took too long.
 */
export const observed =
  ({ method, name }: Subject, meta: { readonly [key: string]: unknown } | undefined) =>
  <A, E extends { readonly _tag: string }, R>(call: Effect.Effect<Option.Option<A>, E, R>) => {
    const given = TraceContext.read(meta?.["traceparent"]);
    const traced = Effect.flatMap(Caller, (caller) =>
      Effect.flatMap(TraceContext.current(given ?? caller.traceparent), (traceparent) =>
        Effect.provideService(noted(method, name ?? "", call), Caller, { ...caller, traceparent }),
      ),
    );
    return TraceContext.ifTraced(
      () =>
        Effect.flatMap(Effect.option(Effect.currentPropagatedSpan), (request) => {
          const label = name === undefined ? method : `${method} ${name}`;
          const attributes = {
            "mcp.method.name": method,
            ...(method === "tools/call" ? { "gen_ai.tool.name": name, "gen_ai.operation.name": "execute_tool" } : {}),
            ...(method === "prompts/get" ? { "gen_ai.prompt.name": name } : {}),
          };
          return given === undefined
            ? Effect.withSpan(traced, label, { captureStackTrace: false, attributes })
            : TraceContext.within(label, {
                kind: "server",
                traceparent: given,
                attributes,
                links: Option.toArray(request),
              })(traced);
        }),
      () => traced,
    );
  };

const noted = <A, E extends { readonly _tag: string }, R>(
  method: string,
  name: string,
  call: Effect.Effect<Option.Option<A>, E, R>,
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.suspend(() => {
    const started = performance.now();
    return Effect.onExit(call, (exit) => {
      const ms = performance.now() - started;
      const outcome = outcomeOf(exit);
      calls.add(1, method, name, outcome);
      duration.observe(ms / 1000, method, name);
      const fields = { method, ...(name === "" ? {} : { name }), outcome, ms: Math.round(ms * 100) / 100 };
      return outcome === "failed" || outcome === "timeout"
        ? Effect.logWarning("mcp call", fields)
        : Effect.logInfo("mcp call", fields);
    });
  });

const outcomeOf = <A, E extends { readonly _tag: string }>(exit: Exit.Exit<Option.Option<A>, E>): string => {
  if (Exit.isSuccess(exit)) return Option.isSome(exit.value) ? "ok" : "timeout";
  const failure = Cause.failureOption(exit.cause);
  if (Option.isSome(failure)) return failure.value._tag === "StoreUnavailable" ? "failed" : "refused";
  return Cause.isInterruptedOnly(exit.cause) ? "cancelled" : "failed";
};
