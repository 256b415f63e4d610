/** A server on 127.0.0.1 that answers as the test says, and what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as Problem from "@cadastre/api/Problem";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Effect from "effect/Effect";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** `n`: how many requests came before this one. */
export type Answer = (asked: Asked, response: ServerResponse, n: number) => void;

export const serve = (answer: Answer) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly asked: Array<Asked>; readonly close: () => void }>((resume) => {
      const asked: Array<Asked> = [];
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const one = {
            method: request.method ?? "",
            path: request.url ?? "",
            headers: request.headers,
            body: Buffer.concat(chunks).toString("utf8"),
          };
          answer(one, response, asked.push(one) - 1);
        });
      });
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo; // not a pipe
        resume(
          Effect.succeed({
            url: `http://127.0.0.1:${port}`,
            asked,
            close: () => {
              server.close();
              server.closeAllConnections();
            },
          }),
        );
      });
    }),
    ({ close }) => Effect.sync(close),
  );

export const json = (response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

/** The catalog's store is away; whoever comes back is told that at once is early enough. */
export const unavailable = (response: ServerResponse, retryAfter = "0") =>
  json(
    response,
    Problem.ofDomain(new StoreUnavailable({ message: "the store does not answer" }), { requestId: "r-1" }),
    503,
    { "retry-after": retryAfter },
  );

export const transport = (response: ServerResponse, failure: Problem.TransportFailure) =>
  json(
    response,
    Problem.ofTransport(failure, "as the test says", { requestId: "r-1" }),
    Problem.TRANSPORT[failure].status,
    {
      "retry-after": "0",
    },
  );
