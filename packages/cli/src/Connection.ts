/**
 * The daemon as an address that answers: requests with the token, failures turned back into the domain's errors.
 */
import * as Problem from "@cadastre/api/Problem";
import * as HttpClient from "@effect/platform/HttpClient";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse";
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import type { Config } from "./Config.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Failure from "./Failure.ts";
import { bearer } from "./internal/bearer.ts";

/** Parameters of a call as its declaration names them; the daemon checks the values: it knows best what they may be. */
export type Query<Declared> = { readonly [Name in keyof Declared]?: string | ReadonlyArray<string> };

export class Connection extends Context.Tag("@cadastre/cli/Connection")<
  Connection,
  {
    /** The text of a whole answer, which has to come within {@link PATIENCE}. */
    readonly text: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<string, Failure.Any>;
    /** The lines of an answer, as they come. */
    readonly lines: (request: HttpClientRequest.HttpClientRequest) => Stream.Stream<string, Failure.Any>;
    /** For messages. */
    readonly url: string;
  }
>() {}

/** How long a call on a single entity or page may take. */
const PATIENCE = Duration.seconds(30);

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

    return Connection.of({
      url: config.url,
      text: (request) =>
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
        ),
      lines: (request) =>
        Stream.fromEffect(send(request)).pipe(
          Stream.flatMap((response) => Stream.mapError(response.stream, ({ cause }) => broken(config.url, cause))),
          Stream.decodeText(),
          Stream.splitLines,
        ),
    });
  });

export const layer = (config: Config): Layer.Layer<Connection, Failure.Failure> =>
  Layer.effect(Connection, make(config)).pipe(Layer.provide(NodeHttpClient.layer));

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
