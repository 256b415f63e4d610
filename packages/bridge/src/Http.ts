/**
 * One exchange over HTTP, on a connection of its own: none is ever reused that the daemon has left meanwhile.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request as plain } from "node:http";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

export interface Call {
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
}

/** What TLS is to be made with, beyond what Node trusts; PEM. */
export interface Tls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Reply {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/** The exchange broke off, or never began. */
export class Broken extends Data.TaggedError("Broken")<{
  /** Of the system or of Node. */
  readonly code: string;
  /** Whether there was a connection, and so perhaps a request at the other end. */
  readonly connected: boolean;
}> {}

/** Milliseconds after which the system begins to ask a silent peer whether it is there. */
const KEEP_ALIVE = 15_000;

/** Sends, and waits for the head of the reply. The connection is closed with the scope. */
export const send = (url: URL, call: Call, tls: Tls = {}): Effect.Effect<Reply, Broken, Scope.Scope> =>
  Effect.gen(function* () {
    const isSecure = url.protocol === "https:";
    // TLS takes milliseconds to load, and most ask the machine that they are on.
    const request = isSecure ? (yield* Effect.promise(() => import("node:https"))).request : plain;
    const { method, headers, body } = call;
    const exchange = yield* Effect.acquireRelease(
      Effect.try({
        try: () => request(url, { method, headers, agent: false, ...(isSecure ? tls : {}) }),
        catch: (cause) => new Broken({ code: codeOf(cause), connected: false }),
      }),
      (exchange) => Effect.sync(() => exchange.destroy()),
    );
    return yield* Effect.async<Reply, Broken>((resume) => {
      let connected = false;
      exchange.on("socket", (socket) => {
        socket.setKeepAlive(true, KEEP_ALIVE);
        socket.once(isSecure ? "secureConnect" : "connect", () => {
          connected = true;
        });
      });
      exchange.on("error", (cause) => resume(new Broken({ code: codeOf(cause), connected })));
      exchange.on("response", (response) => {
        // What breaks off later is told to who reads.
        response.on("error", () => {});
        resume(Effect.succeed({ url, status: response.statusCode ?? 0, headers: response.headers, body: response }));
      });
      exchange.end(body);
    });
  });

export const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException | undefined)?.code ?? String(cause);
