/**
 * The span of a request to a receiver, where somebody traces, by OpenTelemetry's conventions for HTTP clients
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/). The URL is left out: it may be a secret.
 */
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type * as Tracer from "effect/Tracer";
import type { Answer, Trace } from "./attempts.ts";
import type { Target } from "./guard.ts";

interface Outgoing {
  readonly target: Target;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the receiver is told of a trace, it is told of this span. */
export const inSpan = <Request extends Outgoing, E>(
  request: Request,
  trace: Trace,
  send: (request: Request) => Effect.Effect<Answer, E>,
): Effect.Effect<Answer, E> =>
  TraceContext.ifTraced(
    () =>
      Effect.useSpan(
        request.method,
        {
          captureStackTrace: false,
          kind: "client",
          attributes: {
            "http.request.method": request.method,
            "server.address": request.target.host,
            "server.port": request.target.port,
            "url.scheme": request.target.url.protocol.replace(":", ""),
          },
        },
        (span) => noted(span, trace, send(continued(request, span))),
      ).pipe(Effect.catchIf(isRefusal, ({ answer }) => Effect.succeed(answer))),
    () => send(request),
  );

const continued = <Request extends Outgoing>(request: Request, span: Tracer.Span): Request =>
  request.headers["traceparent"] === undefined
    ? request
    : { ...request, headers: { ...request.headers, traceparent: TraceContext.traceparentOf(span) } };

/** A good answer with a bad status: the span has failed, the exchange has not. */
class Refusal extends Data.TaggedError("Refusal")<{ readonly answer: Answer; readonly message: string }> {}

const isRefusal = (error: unknown): error is Refusal => error instanceof Refusal;

const noted = <E>(
  span: Tracer.Span,
  trace: Trace,
  sent: Effect.Effect<Answer, E>,
): Effect.Effect<Answer, E | Refusal> =>
  Effect.flatMap(sent, (answer) => {
    const { status } = answer;
    span.attribute("http.response.status_code", status);
    if (trace.address !== undefined) span.attribute("network.peer.address", trace.address);
    if (status < 400) return Effect.succeed(answer);
    span.attribute("error.type", String(status));
    return Effect.fail(new Refusal({ answer, message: `the receiver answered ${status}` }));
  });
