/**
 * Requests to a running daemon, each on Node's own client: nothing of the daemon's code is in between.
 */
import { type Agent, request as nodeRequest } from "node:http";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type { Daemon } from "./Program.ts";

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined };
  readonly text: string;
}

/** No whole answer came; `code` is the connection's error code. */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{ readonly code: string; readonly cause: unknown }> {}

interface RequestOptions {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array;
  readonly agent?: Agent | false;
}

type Place = Pick<Daemon, "url" | "token">;

export const send = (
  { url, token }: Place,
  path: string,
  { method = "GET", headers = {}, body, agent = false }: RequestOptions = {},
): Effect.Effect<Answer, NoAnswer> =>
  Effect.async((resume) => {
    const fail = (cause: NodeJS.ErrnoException) => resume(new NoAnswer({ code: cause.code ?? cause.message, cause }));
    const request = nodeRequest(
      new URL(path, url),
      { method, agent, headers: { authorization: `Bearer ${token}`, ...headers } },
      (response) => {
        const chunks: Array<Buffer> = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () =>
          resume(
            Effect.succeed({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString("utf8"),
            }),
          ),
        );
      },
    );
    request.on("error", fail);
    request.end(body);
    return Effect.sync(() => request.destroy());
  });

export const get = (place: Place, path: string) => send(place, path);

export const json = (place: Place, method: string, path: string, value: unknown, options: RequestOptions = {}) =>
  send(place, path, {
    method,
    body: JSON.stringify(value),
    ...options,
    headers: { "content-type": "application/json", ...options.headers },
  });

export const ndjson = (place: Place, path: string, values: ReadonlyArray<unknown>, options: RequestOptions = {}) =>
  send(place, path, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: values.map((value) => `${JSON.stringify(value)}\n`).join(""),
    ...options,
  });
