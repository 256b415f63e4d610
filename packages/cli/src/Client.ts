/**
 * The daemon as its clients see it: the calls of the HTTP interface that commands need, problem documents turned back
 * into the domain's errors. Entities pass as JSON, undecoded: what the daemon says is what is printed.
 */

import { readFile } from "node:fs/promises";
import type { EntityListQuery } from "@cadastre/api/Entities";
import * as Problem from "@cadastre/api/Problem";
import type { BatchOptions, BatchSummary, DocumentResult } from "@cadastre/domain/Batch";
import type { Envelope } from "@cadastre/domain/Entity";
import type { Reference } from "@cadastre/domain/Reference";
import * as HttpBody from "@effect/platform/HttpBody";
import * as HttpClient from "@effect/platform/HttpClient";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse";
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import type { Config } from "./Config.ts";
import * as Environment from "./Environment.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Failure from "./Failure.ts";

/** An entity as the daemon shows it. */
export interface Entity extends Envelope {
  readonly relations: ReadonlyArray<{ readonly type: string; readonly targetRef: string; readonly dangling?: true }>;
}

export type ListQuery = { readonly [Name in keyof typeof EntityListQuery.Encoded]?: string | ReadonlyArray<string> };

export interface Page {
  readonly items: ReadonlyArray<Entity>;
  readonly nextCursor?: string;
}

export class Client extends Context.Tag("@cadastre/cli/Client")<
  Client,
  {
    readonly get: (reference: Reference) => Effect.Effect<Entity, Failure.Any>;
    readonly getByUid: (uid: string) => Effect.Effect<Entity, Failure.Any>;
    /** The daemon checks the parameters: it knows best what they may be. */
    readonly list: (query: ListQuery) => Effect.Effect<Page, Failure.Any>;
    readonly remove: (uid: string, force: boolean) => Effect.Effect<void, Failure.Any>;
    /** Sends documents, each as one line of JSON, and gives what became of each, in order, and the sums at the end. */
    readonly apply: (
      documents: Stream.Stream<string>,
      options: BatchOptions,
    ) => Stream.Stream<DocumentResult | { readonly summary: BatchSummary }, Failure.Any>;
  }
>() {}

/** How long a call on a single entity or page may take. */
const PATIENCE = Duration.seconds(30);

export const layer = (config: Config): Layer.Layer<Client, Failure.Failure> =>
  Layer.effect(Client, make(config)).pipe(Layer.provide(NodeHttpClient.layer));

const make = (config: Config) =>
  Effect.gen(function* () {
    const token = yield* bearer(config);
    const http = (yield* HttpClient.HttpClient).pipe(
      HttpClient.mapRequest((request) =>
        request.pipe(HttpClientRequest.prependUrl(config.url.replace(/\/$/, "")), HttpClientRequest.bearerToken(token)),
      ),
    );

    const send = (
      request: HttpClientRequest.HttpClientRequest,
    ): Effect.Effect<HttpClientResponse.HttpClientResponse, Failure.Any> =>
      http.execute(request).pipe(
        Effect.mapError(({ cause }) => broken(config.url, cause)),
        Effect.flatMap((response) => (response.status < 300 ? Effect.succeed(response) : failed(response, config.url))),
      );

    const simple = (request: HttpClientRequest.HttpClientRequest) =>
      send(request).pipe(
        Effect.flatMap((response) => Effect.mapError(response.text, ({ cause }) => broken(config.url, cause))),
        Effect.timeoutFail({
          duration: PATIENCE,
          onTimeout: () =>
            new Failure.Failure({
              exit: ExitCode.unreachable,
              message: `The daemon at ${config.url} took more than ${Duration.format(PATIENCE)} to answer.`,
            }),
        }),
      );

    // Trusted: this is the daemon's own document.
    const entity = (text: string) => JSON.parse(text) as Entity;

    return {
      get: ({ kind, namespace, name }) =>
        simple(
          HttpClientRequest.get(`/v1/entities/by-ref/${[kind, namespace, name].map(encodeURIComponent).join("/")}`),
        ).pipe(Effect.map(entity)),
      getByUid: (uid) =>
        simple(HttpClientRequest.get(`/v1/entities/${encodeURIComponent(uid)}`)).pipe(Effect.map(entity)),
      list: (query) =>
        simple(HttpClientRequest.get("/v1/entities").pipe(HttpClientRequest.setUrlParams(query))).pipe(
          Effect.map((text) => JSON.parse(text) as Page),
        ),
      remove: (uid, force) =>
        Effect.asVoid(
          simple(
            HttpClientRequest.del(`/v1/entities/${encodeURIComponent(uid)}`).pipe(
              HttpClientRequest.setUrlParams(force ? { force: "true" } : {}),
            ),
          ),
        ),
      apply: (documents, { mode, dryRun, force }) =>
        // Asked first, because a daemon that refuses the token may hang up on the documents instead of saying so.
        Stream.fromEffect(simple(HttpClientRequest.get("/v1/whoami"))).pipe(
          Stream.flatMap(() =>
            Stream.fromEffect(
              send(
                HttpClientRequest.post("/v1/entities/batch").pipe(
                  HttpClientRequest.setUrlParams({
                    mode,
                    ...(dryRun ? { dryRun: "true" } : {}),
                    ...(force ? { force: "true" } : {}),
                  }),
                  HttpClientRequest.setBody(
                    HttpBody.stream(
                      documents.pipe(
                        Stream.map((line) => `${line}\n`),
                        Stream.encodeText,
                      ),
                      "application/x-ndjson",
                    ),
                  ),
                ),
              ),
            ),
          ),
          Stream.flatMap((response) => Stream.mapError(response.stream, ({ cause }) => broken(config.url, cause))),
          Stream.decodeText(),
          Stream.splitLines,
          Stream.map((line) => JSON.parse(line) as DocumentResult | { readonly summary: BatchSummary }),
        ),
    } satisfies Context.Tag.Service<Client>;
  });

/** The exchange could not be made, or was broken off. */
const broken = (url: string, cause: unknown) =>
  HUNG_UP.has((cause as NodeJS.ErrnoException | undefined)?.code ?? "")
    ? new Failure.Failure({
        exit: ExitCode.unreachable,
        message: `The daemon at ${url} broke off the exchange.`,
        next: "Its log says why, unless it was ended. What it had acknowledged is kept.",
      })
    : new Failure.Failure({
        exit: ExitCode.unreachable,
        message: `No daemon answers at ${url}.`,
        next: "Start one with `cadastre daemon` (in a clone: `npm start`), or say where it is with --url.",
      });

/** What node:http ends with once a connection was there. */
const HUNG_UP: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

const decodeProblem = Schema.decodeUnknownEither(Schema.parseJson(Problem.Problem));

const failed = (response: HttpClientResponse.HttpClientResponse, url: string) =>
  response.text.pipe(
    Effect.orElseSucceed(() => ""),
    Effect.flatMap((text): Effect.Effect<never, Failure.Any> => {
      const problem = decodeProblem(text);
      if (Either.isLeft(problem)) {
        return new Failure.Failure({
          exit: ExitCode.unreachable,
          message: `What answers at ${url} is not Cadastre: it said ${response.status} without a problem document.`,
          next: "Say where the daemon is with --url.",
        });
      }
      return Either.match(Problem.toDomain(problem.right), {
        onRight: (error) => Effect.fail(error),
        onLeft: ({ status, detail, requestId }) =>
          new Failure.Failure({
            exit: status === 503 ? ExitCode.unreachable : status < 500 ? ExitCode.refused : ExitCode.internal,
            message: `${detail} (${status}, request ${requestId})`,
          }),
      });
    }),
  );

/** The option names a file, CADASTRE_TOKEN holds the token, and the files of the other sources come last. */
const bearer = (config: Config): Effect.Effect<Redacted.Redacted, Failure.Failure> =>
  config.origins.tokenFile !== "--token-file" && Option.isSome(config.token)
    ? checked(Redacted.value(config.token.value), Environment.TOKEN)
    : Effect.tryPromise({
        try: () => readFile(config.tokenFile, "utf8"),
        catch: () =>
          new Failure.Failure({
            exit: ExitCode.denied,
            message: `There is no token: ${config.tokenFile} cannot be read.`,
            next:
              config.origins.tokenFile === "default"
                ? "The daemon writes it at its first start here. If it is lost: cadastre admin token create --name admin --scope admin > FILE, then --token-file FILE."
                : "Give another file with --token-file, or set CADASTRE_TOKEN.",
          }),
      }).pipe(Effect.flatMap((text) => checked(text.trim(), config.tokenFile)));

const checked = (token: string, origin: string): Effect.Effect<Redacted.Redacted, Failure.Failure> =>
  /^[\x21-\x7e]+$/.test(token)
    ? Effect.succeed(Redacted.make(token))
    : new Failure.Failure({
        exit: ExitCode.denied,
        message: `What ${origin} holds is not a token: one is "cad_" and 43 characters.`,
      });
