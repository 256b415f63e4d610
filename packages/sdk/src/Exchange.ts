/**
 * One exchange with a daemon: the request goes out with the token, and what is no success comes back as a typed error.
 */
import * as Problem from "@cadastre/api/Problem";
import * as HttpClient from "@effect/platform/HttpClient";
import type * as HttpClientError from "@effect/platform/HttpClientError";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Random from "effect/Random";
import type * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import { type Failure, UnexpectedAnswer, Unreachable } from "./Failures.ts";

export interface Options {
  /** Where the daemon is: `https://catalog.example.com`. */
  readonly url: string;
  /** As an effect it is asked for with each attempt, so that it may change. Absent: only what is open to all. */
  readonly token?: Redacted.Redacted | Effect.Effect<Redacted.Redacted> | undefined;
  /** How long one attempt may take, its answer included; 30 seconds where absent. Streams are not bound by it. */
  readonly timeout?: Duration.DurationInput | undefined;
  /** Attempts after the first, where that is safe; 3 where absent. */
  readonly retries?: number | undefined;
}

export interface Exchange {
  /** Where the daemon is. */
  readonly url: string;
  /** The text of a whole answer. */
  readonly text: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<string, Failure>;
  /** The lines of an answer, as they come. Tried once: who reads a stream knows how to go on. */
  readonly lines: (request: HttpClientRequest.HttpClientRequest) => Stream.Stream<string, Failure>;
}

const TIMEOUT = Duration.seconds(30);

const RETRIES = 3;

/** Milliseconds before the first attempt after a failure; then twice as long each time, ±20 %. */
const PAUSE = 200;

/** Milliseconds that a `Retry-After` may ask for and be waited for; a longer one is the caller's to know of. */
const LONGEST = 30_000;

export const make = ({
  url,
  token,
  timeout = TIMEOUT,
  retries = RETRIES,
}: Options): Effect.Effect<Exchange, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const base = url.replace(/\/+$/, "");
    const authorized = HttpClient.mapRequestEffect(client, (request) => {
      const addressed = HttpClientRequest.prependUrl(request, base);
      return token === undefined
        ? Effect.succeed(addressed)
        : Effect.map(Effect.isEffect(token) ? token : Effect.succeed(token), (token) =>
            HttpClientRequest.bearerToken(addressed, token),
          );
    });

    const lost = ({ cause }: HttpClientError.HttpClientError): Failed => ({
      error: new Unreachable({ message: `${base} does not answer, or broke off`, reason: "transport", cause }),
    });

    const send = (
      request: HttpClientRequest.HttpClientRequest,
    ): Effect.Effect<HttpClientResponse.HttpClientResponse, Failed> =>
      authorized.execute(request).pipe(
        Effect.mapError(lost),
        Effect.flatMap((response) =>
          response.status < 300 ? Effect.succeed(response) : Effect.flatMap(failed(response), Effect.fail),
        ),
      );

    return {
      url: base,
      text: (request) => {
        const attempt = send(request).pipe(
          Effect.flatMap((response) => Effect.mapError(response.text, lost)),
          Effect.timeoutFail({
            duration: timeout,
            onTimeout: (): Failed => ({
              error: new Unreachable({
                message: `${base} took more than ${Duration.format(timeout)} to answer`,
                reason: "timeout",
              }),
            }),
          }),
        );
        const from = (made: number): Effect.Effect<string, Failure> =>
          Effect.catchAll(attempt, (failed) =>
            Effect.flatMap(Random.nextRange(0.8, 1.2), (jitter) => {
              const wait = failed.retryAfter ?? PAUSE * 2 ** made * jitter;
              return made < retries && wait <= LONGEST && mayRepeat(request, failed)
                ? Effect.zipRight(Effect.sleep(wait), from(made + 1))
                : failed.error;
            }),
          );
        return from(0);
      },
      lines: (request) =>
        Stream.fromEffect(send(request)).pipe(
          Stream.flatMap((response) => Stream.mapError(response.stream, lost)),
          Stream.mapError(({ error }) => error),
          Stream.decodeText(),
          Stream.splitLines,
        ),
    };
  });

/** An attempt that failed. */
interface Failed {
  readonly error: Failure;
  /** Absent if no answer came. */
  readonly status?: number;
  /** Milliseconds, from `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfter?: number | undefined;
}

/** Whoever is told to go slower has changed nothing; for the rest the method has to be idempotent (RFC 9110 §9.2.2). */
const mayRepeat = ({ method, headers }: HttpClientRequest.HttpClientRequest, { status }: Failed): boolean =>
  status === 429 ||
  // What has a condition would fail it, if the attempt that was lost had gone through.
  (IDEMPOTENT.has(method) && headers["if-match"] === undefined && (status === undefined || PASSING.has(status)));

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Of a server that is busy, restarting, or behind a proxy that does not find it. */
const PASSING: ReadonlySet<number> = new Set([502, 503, 504]);

const decodeProblem = Schema.decodeUnknownEither(Schema.parseJson(Problem.Problem));

const failed = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Failed> =>
  Effect.gen(function* () {
    const { status } = response;
    const text = yield* Effect.orElseSucceed(response.text, () => "");
    const error: Failure = Either.match(decodeProblem(text), {
      onLeft: () => new UnexpectedAnswer({ message: `The answer was ${status}, without a problem document`, status }),
      onRight: (problem) =>
        Either.getOrElse(Problem.toDomain(problem), () => {
          const { detail, requestId } = problem;
          return new UnexpectedAnswer({ message: `${detail} (${status}, request ${requestId})`, status, problem });
        }),
    });
    return { error, status, retryAfter: yield* retryAfter(response.headers["retry-after"]) };
  });

/** Seconds, or a date. */
const retryAfter = (value: string | undefined): Effect.Effect<number | undefined> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    if (value === undefined) return undefined;
    if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
    const at = Date.parse(value);
    return Number.isNaN(at) ? undefined : Math.max(0, at - now);
  });
