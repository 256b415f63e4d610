/**
 * W3C Trace Context: how a call, what it changes and what follows from that belong to one trace. It is kept as text, in
 * events and jobs, so that a trace goes on after a restart and in another process.
 */
import * as Effect from "effect/Effect";
import * as FiberRef from "effect/FiberRef";
import * as Tracer from "effect/Tracer";

const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;

/** A `traceparent` (§3.2) as it was given; anything else is dropped, as the standard asks. */
export const read = (given: unknown): string | undefined =>
  typeof given === "string" && TRACEPARENT.test(given) ? given : undefined;

export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

/** The span that a `traceparent` names: one of another process, or of this one before. */
export const spanOf = (traceparent: string | undefined): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId, flags = "00"] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  return traceId === undefined || spanId === undefined
    ? undefined
    : Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 });
};

export const traceparentOf = ({ traceId, spanId, sampled }: Tracer.AnySpan): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;

/** The `traceparent` for what the current span calls or causes; where nobody traces, the one that was given. */
export const current = (given: string | undefined): Effect.Effect<string | undefined> =>
  Effect.match(Effect.currentPropagatedSpan, { onFailure: () => given, onSuccess: traceparentOf });

export interface Options {
  readonly kind: Tracer.SpanKind;
  /** Of what caused it; undefined: nothing did, and a trace begins. */
  readonly traceparent: string | undefined;
  readonly attributes?: { readonly [name: string]: unknown };
  /** What it belongs to besides. */
  readonly links?: ReadonlyArray<Tracer.AnySpan>;
}

/** Runs an effect in a span under what caused it, however long ago; where nobody traces, as it is. */
export const within =
  (name: string, { kind, traceparent, attributes = {}, links = [] }: Options) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    ifTraced(
      () => {
        const parent = spanOf(traceparent);
        return Effect.withSpan(effect, name, {
          captureStackTrace: false,
          kind,
          attributes,
          links: links.map((span) => ({ _tag: "SpanLink", span, attributes: {} })),
          ...(parent === undefined ? { root: true } : { parent }),
        }) as Effect.Effect<A, E, R>; // what it takes away from R is the parent that it provides
      },
      () => effect,
    );

/** One of two, by whether anybody traces: spans that nobody collects are not to cost anything. */
export const ifTraced = <A, E, R>(
  traced: () => Effect.Effect<A, E, R>,
  untraced: () => Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.flatMap(FiberRef.get(FiberRef.currentTracerEnabled), (on) => (on ? traced() : untraced()));
