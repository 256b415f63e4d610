/**
 * What `cadastre api` does. Loaded when it runs.
 */
import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import type { HttpMethod } from "@effect/platform/HttpMethod";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import * as Connection from "../../Connection.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import { Output } from "../../Output.ts";
import * as Sources from "../../Sources.ts";
import * as Options from "../Options.ts";
import type { Given } from "./connected.ts";

interface Call extends Given {
  readonly path: string;
  readonly method: Option.Option<HttpMethod>;
  readonly data: Option.Option<string>;
  readonly contentType: string;
  readonly ifMatch: Option.Option<string>;
}

export const call = (given: Call) =>
  Effect.gen(function* () {
    if (!given.path.startsWith("/")) {
      return yield* new Failure.Failure({
        exit: ExitCode.usage,
        message: `A path begins with /, as in /v1/entities: "${given.path}" does not.`,
      });
    }
    const config = yield* Options.configured(given);
    if (Option.isSome(given.data)) yield* Sources.announce(given.data.value);
    const body = Option.isSome(given.data) ? yield* contentOf(given.data.value) : undefined;
    const method = Option.getOrElse(given.method, () => (body === undefined ? "GET" : "POST"));
    const request = HttpClientRequest.make(method)(given.path, {
      headers: Option.match(given.ifMatch, {
        onNone: () => ({}),
        // A revision as people write it; the header wants it in quotes.
        onSome: (revision) => ({ "if-match": /^\d+$/.test(revision) ? `"${revision}"` : revision }),
      }),
    }).pipe((request) => (body === undefined ? request : HttpClientRequest.bodyText(request, body, given.contentType)));
    const { line } = yield* Output;
    yield* Connection.Connection.pipe(
      Effect.flatMap(({ read }) =>
        Stream.runForEach(
          read((exchange) => exchange.lines(request)),
          line,
        ),
      ),
      Effect.mapError(Failure.from),
      Effect.provide(Connection.layer(config)),
    );
  });

const contentOf = (path: string) =>
  Effect.tryPromise({
    try: () => (path === "-" ? textOf(process.stdin) : readFile(path, "utf8")),
    catch: (error) =>
      new Failure.Failure({
        exit: ExitCode.local,
        ...(/^\s*[[{]/.test(path)
          ? { message: "--data takes the name of a file.", next: "To send a text: echo TEXT | cadastre api … --data -" }
          : { message: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.` }),
      }),
  });
