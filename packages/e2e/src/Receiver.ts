/**
 * A receiver of callbacks on Node's own server, and everything that it was sent.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

export interface Received {
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What it was answered with; 0: nothing. */
  status: number;
}

/** Answers, or does not. */
export type Answer = (received: Received, response: ServerResponse) => void;

export interface Receiver {
  readonly url: string;
  readonly received: Array<Received>;
  answer: Answer;
}

export const answering =
  (status: number, headers: { readonly [name: string]: string } = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end();

/** Listens on 127.0.0.1 until the scope ends. */
export const make = (answer: Answer = answering(204)): Effect.Effect<Receiver, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<{ readonly receiver: Receiver; readonly close: () => void }>((resume) => {
        const received: Array<Received> = [];
        const server = createServer((request, response) => {
          const chunks: Array<Buffer> = [];
          request.on("data", (chunk: Buffer) => chunks.push(chunk));
          request.on("error", () => {});
          request.on("end", () => {
            const one: Received = {
              path: request.url ?? "",
              // None of those that matter here may be repeated.
              headers: request.headers as Received["headers"],
              body: Buffer.concat(chunks).toString("utf8"),
              at: Date.now(),
              status: 0,
            };
            received.push(one);
            response.on("finish", () => {
              one.status = response.statusCode;
            });
            receiver.answer(one, response);
          });
        });
        const receiver: Receiver = { url: "", received, answer };
        const close = () => {
          server.close();
          server.closeAllConnections();
        };
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as AddressInfo; // not a pipe
          resume(Effect.succeed({ receiver: Object.assign(receiver, { url: `http://127.0.0.1:${port}` }), close }));
        });
      }),
      ({ close }) => Effect.sync(close),
    ),
    ({ receiver }) => receiver,
  );

/** Lets a daemon's callbacks reach receivers on this machine. */
export const ALLOWED = { CADASTRE_CALLBACK_TARGETS: "127.0.0.1:*" };
