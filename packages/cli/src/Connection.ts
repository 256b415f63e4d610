/**
 * The daemon as an address that answers: requests with the token, failures turned back into the domain's errors.
 */
import * as Exchange from "@cadastre/sdk/Exchange";
import type * as Failures from "@cadastre/sdk/Failures";
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Stream from "effect/Stream";
import type { Config } from "./Config.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Failure from "./Failure.ts";
import { bearer, originOf } from "./internal/bearer.ts";

/** Parameters of a call as its declaration names them; the daemon checks the values: it knows best what they may be. */
export type Query<Declared> = { readonly [Name in keyof Declared]?: string | ReadonlyArray<string> };

export class Connection extends Context.Tag("@cadastre/cli/Connection")<
  Connection,
  {
    /** The text of a whole answer. */
    readonly text: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<string, Failure.Any>;
    /** What comes bit by bit. */
    readonly read: <A>(
      stream: (exchange: Exchange.Exchange) => Stream.Stream<A, Failures.Failure>,
    ) => Stream.Stream<A, Failure.Any>;
    /** For messages. */
    readonly url: string;
  }
>() {}

export const layer = (config: Config): Layer.Layer<Connection, Failure.Failure> =>
  Layer.effect(
    Connection,
    Effect.gen(function* () {
      // Who sits before a terminal wants to know at once, and a script retries by its own rules.
      const exchange = yield* Exchange.make({ url: config.url, token: yield* bearer(config), retries: 0 });
      const told = (failure: Failures.Failure) => toFailure(failure, config);
      return Connection.of({
        url: config.url,
        text: (request) => Effect.mapError(exchange.text(request), told),
        read: (stream) => Stream.mapError(stream(exchange), told),
      });
    }),
  ).pipe(Layer.provide(NodeHttpClient.layer));

const toFailure = (failure: Failures.Failure, config: Config): Failure.Any => {
  const { url } = config;
  switch (failure._tag) {
    case "Unauthenticated":
      return new Failure.Failure({
        exit: ExitCode.denied,
        message: `The daemon at ${url} does not accept the token ${originOf(config)}: it is unknown, expired or revoked.`,
        next: "`cadastre admin token list` shows which are good, on the machine that has the database; `cadastre admin token create` makes one.",
      });
    case "Unreachable":
      return failure.reason === "timeout"
        ? new Failure.Failure({ exit: ExitCode.unreachable, message: `The daemon at ${failure.message}.` })
        : broken(url, failure.cause);
    case "UnexpectedAnswer": {
      const { status, problem, message } = failure;
      return problem === undefined
        ? new Failure.Failure({
            exit: ExitCode.unreachable,
            message: `What answers at ${url} is not Cadastre: it said ${status} without a problem document.`,
            next: "Say where the daemon is with --url.",
          })
        : new Failure.Failure({
            exit: LATER.has(status) ? ExitCode.unreachable : status < 500 ? ExitCode.refused : ExitCode.internal,
            message,
            next:
              status === 404 && new URL(url).pathname !== "/"
                ? `Leave the path out of the daemon's URL: ${new URL(url).origin}`
                : undefined,
          });
    }
    case "StoreUnavailable":
    case "SecretsUnavailable":
    case "IdentityUnavailable": {
      // What is in the way is not on this machine.
      const { message, next } = Failure.ofDomain(failure);
      return new Failure.Failure({ exit: ExitCode.unreachable, message, next });
    }
    default:
      return failure;
  }
};

/** It answers, and will do what is asked another time. */
const LATER: ReadonlySet<number> = new Set([429, 503]);

/** The exchange could not be made, or was broken off. */
const broken = (url: string, cause: unknown) => {
  const { code = "", message = "" } = (cause ?? {}) as { readonly code?: string; readonly message?: string };
  const failure = (message: string, next: string) => new Failure.Failure({ exit: ExitCode.unreachable, message, next });
  if (HUNG_UP.has(code)) {
    return failure(
      `The daemon at ${url} broke off the exchange.`,
      "Its log says why, unless it was ended, or expects https. What it had acknowledged is kept.",
    );
  }
  if (UNKNOWN_HOST.has(code)) {
    return failure(`There is no host ${new URL(url).hostname}.`, "Say where the daemon is with --url.");
  }
  if (NO_TLS.test(code)) {
    return failure(`What answers at ${url} does not speak TLS.`, `Try --url ${url.replace(/^https/, "http")}`);
  }
  if (DISTRUST.test(code)) {
    return failure(
      `The certificate of ${url} is not trusted: ${message}.`,
      "Name a file with the certificate of whoever signed it in NODE_EXTRA_CA_CERTS.",
    );
  }
  return failure(
    `No daemon answers at ${url}.`,
    "Start one with `cadastre daemon` (in a clone: `npm start`), or say where it is with --url.",
  );
};

const UNKNOWN_HOST: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN"]);

const NO_TLS = /^(EPROTO|ERR_SSL_)/;

/** Codes of OpenSSL, as Node gives them. */
const DISTRUST = /CERT|UNABLE_TO_/;

/** What node:http ends with once a connection was there. */
const HUNG_UP: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);
