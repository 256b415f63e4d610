/**
 * Failures that node reports before there is a request, or outside of one: they get problem documents too.
 */
import { randomUUID } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { TransportFailure } from "@cadastre/api/Problem";
import { problem, Refusal } from "./answer.ts";
import * as Exchange from "./exchange.ts";

export const attach = (server: Server): void => {
  server.on("clientError", onClientError);
  server.on("checkExpectation", onExpectation);
  server.on("connect", (_: IncomingMessage, socket: Duplex) =>
    write(socket, "MethodNotAllowed", "This server is no proxy: it does not take CONNECT."),
  );
};

const onClientError = (error: Error & { readonly code?: string }, socket: Duplex): void => {
  const isAnswered = (socket as { _httpMessage?: ServerResponse })._httpMessage?.headersSent === true; // as node's own handler does
  if (!socket.writable || isAnswered) {
    socket.destroy(error);
    return;
  }
  const [failure, detail] = describe(error);
  write(socket, failure, detail);
};

const describe = ({ code, ...error }: Error & { readonly code?: string }): readonly [TransportFailure, string] => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return ["HeadersTooLarge", "Request line and header may have 16 KiB together."];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["RequestTimeout", "The header did not arrive in time."];
    default:
      return ["BadRequest", `The request is not HTTP/1.1: ${"reason" in error ? error.reason : (code ?? "garbage")}.`];
  }
};

const onExpectation = (request: IncomingMessage, response: ServerResponse): void => {
  const detail = "The only expectation that is met is 100-continue.";
  Exchange.refuse(
    Exchange.make(request, response, () => true),
    new Refusal({ failure: "ExpectationFailed", detail }),
  );
};

/** There is no response object: the answer is written as it stands, and the connection ends. */
const write = (socket: Duplex, failure: TransportFailure, detail: string): void => {
  const requestId = randomUUID();
  const { status, headers, body } = problem(new Refusal({ failure, detail }), { requestId });
  const text = String(body);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      `x-request-id: ${requestId}`,
      `content-length: ${Buffer.byteLength(text)}`,
      "connection: close",
      "",
      text,
    ].join("\r\n"),
  );
};
