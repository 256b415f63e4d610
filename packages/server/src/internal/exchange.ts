/**
 * One request and its response, as node has them.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Chunk from "effect/Chunk";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import type { Route } from "../Routes.ts";
import { type Answer, problem, Refusal } from "./answer.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** What follows `?`. */
  readonly search: string;
  readonly requestId: string;
  /** Of `performance.now`. */
  readonly started: number;
  /** True once the shutdown has begun: then the connection ends with the answer. */
  readonly isLast: () => boolean;
  route: Route | undefined;
  principal: string | undefined;
  /** W3C trace context of what the request causes: the caller's own, or that of its span here. */
  traceparent: string | undefined;
  /** What the answer tells of how often one may ask. */
  rate: { readonly [name: string]: string } | undefined;
}

export const make = (request: IncomingMessage, response: ServerResponse, isLast: () => boolean): Exchange => {
  const target = request.url ?? "/";
  const url = target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = url.indexOf("?");
  return {
    request,
    response,
    method: request.method ?? "GET",
    path: mark === -1 ? url : url.slice(0, mark),
    search: mark === -1 ? "" : url.slice(mark + 1),
    requestId: requestIdOf(request),
    started: performance.now(),
    isLast,
    route: undefined,
    principal: undefined,
    traceparent: TraceContext.read(request.headers["traceparent"]),
    rate: undefined,
  };
};

/** The caller's id for the request if it is harmless in logs and headers, else a new one. */
const requestIdOf = ({ headers }: IncomingMessage): string => {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.:@/+=-]{1,128}$/.test(given) ? given : randomUUID();
};

/** Sends the answer and gives the bytes of its body. */
export const send = (
  exchange: Exchange,
  answer: Answer,
  stalled: Duration.Duration,
): Effect.Effect<number, StoreUnavailable> => {
  const { body } = answer;
  return typeof body === "object"
    ? Effect.suspend(() => sendLines(exchange, answer, body, stalled))
    : Effect.sync(() => sendText(exchange, answer, body));
};

/** Sends a problem document at once, outside of any fiber. */
export const refuse = (exchange: Exchange, refusal: Refusal): number => {
  const answer = problem(refusal, { requestId: exchange.requestId, instance: exchange.path });
  sendText(exchange, answer, typeof answer.body === "string" ? answer.body : undefined);
  return answer.status;
};

/** Tells a client that the time is up: its own, if the request is still arriving, or the server's. */
export const sendTimeout = (exchange: Exchange): number => {
  const { request, response } = exchange;
  if (response.headersSent) return cutOff(exchange);
  return refuse(
    exchange,
    request.complete
      ? new Refusal({ failure: "Timeout", detail: "The answer took too long; what was asked for may have been done." })
      : new Refusal({
          failure: "RequestTimeout",
          detail: "The request did not arrive in time.",
          headers: { connection: "close" },
        }),
  );
};

/** Ends the connection without an answer, or in the middle of one. The status is the log's word for it. */
export const cutOff = ({ response }: Exchange): number => {
  response.destroy();
  return CLIENT_CLOSED;
};

/** As nginx logs it: there is no status for an answer that nobody got. */
const CLIENT_CLOSED = 499;

/** Milliseconds in which an upload that was answered early may still come to its end. */
const UPLOAD_GRACE = 5_000;

/**
 * A body that nobody reads any more is thrown away rather than the connection closed on it: a client that is still sending
 * would see a reset, and not the answer.
 */
export const endUpload = (request: IncomingMessage): void => {
  if (request.complete || request.socket.destroyed) return;
  request.resume();
  setTimeout(() => request.complete || request.socket.destroy(), UPLOAD_GRACE).unref();
};

const headersOf = ({ requestId, isLast, rate }: Exchange, { headers }: Answer): OutgoingHttpHeaders => ({
  "x-request-id": requestId,
  "x-content-type-options": "nosniff",
  ...(isLast() ? { connection: "close" } : {}),
  ...rate,
  ...(headers as OutgoingHttpHeaders), // node's type forgot that lists may be read-only
});

const sendText = (exchange: Exchange, answer: Answer, body: string | undefined): number => {
  const { request, response } = exchange;
  const headers = headersOf(exchange, answer);
  const bytes = body === undefined ? 0 : Buffer.byteLength(body);
  if (body !== undefined) headers["content-length"] = bytes;
  response.writeHead(answer.status, headers);
  if (response.shouldKeepAlive || !hasBody(request) || request.complete) {
    response.end(body);
  } else {
    // The connection closes with the end of the answer, which has to wait for the body.
    if (body !== undefined) response.write(body);
    afterUpload(request, () => response.end());
  }
  return bytes;
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";

/** Throws away what is left of a body, for as long as that may take. */
const afterUpload = (request: IncomingMessage, end: () => void): void => {
  const timer = setTimeout(end, UPLOAD_GRACE).unref();
  request.once("close", () => {
    clearTimeout(timer);
    end();
  });
  request.resume();
};

const sendLines = (
  exchange: Exchange,
  answer: Answer,
  body: Stream.Stream<string, StoreUnavailable>,
  stalled: Duration.Duration,
): Effect.Effect<number, StoreUnavailable> => {
  const { response } = exchange;
  response.writeHead(answer.status, headersOf(exchange, answer));
  if (exchange.method === "HEAD") {
    response.end();
    return Effect.succeed(0);
  }
  response.flushHeaders(); // a stream may have nothing to tell for long
  let bytes = 0;
  return body.pipe(
    Stream.runForEachChunk((lines) => {
      const text = Chunk.join(lines, "");
      bytes += Buffer.byteLength(text);
      return response.write(text) ? Effect.void : drained(response, stalled);
    }),
    Effect.map(() => {
      const { socket } = response;
      const cut = () => void response.destroy();
      socket?.setTimeout(Duration.toMillis(stalled), cut);
      response.once("close", () => socket?.off("timeout", cut)); // the connection may go on to serve others
      response.end();
      return bytes;
    }),
  );
};

/** Waits until the client has taken what was written; one that takes nothing for too long is cut off. */
const drained = (response: ServerResponse, stalled: Duration.Duration): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const onDrain = () => resume(Effect.void);
    response.once("drain", onDrain);
    return Effect.sync(() => response.off("drain", onDrain));
  }).pipe(
    Effect.timeoutTo({
      duration: stalled,
      onSuccess: () => {},
      onTimeout: () => void response.destroy(),
    }),
  );
