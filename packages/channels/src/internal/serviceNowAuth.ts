/**
 * How a ServiceNow instance is told who asks: basic, or a token by the client credentials grant (RFC 6749 §4.4).
 */
import { createHash } from "node:crypto";
import type { Secrets, ServiceNowChannel } from "@cadastre/domain/Channel";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { type Tools, targetOf, wrong } from "./adapter.ts";
import { type Answer, Failed, type Trace } from "./attempts.ts";
import { jsonOf } from "./serviceNowAnswers.ts";

export interface Authorizer {
  /** Runs the request with an `authorization` header; once more with a new token if the first was refused with 401. */
  readonly authorized: (
    channel: ServiceNowChannel,
    secrets: Secrets,
    trace: Trace,
    request: (authorization: string) => Effect.Effect<Answer, Failed>,
  ) => Effect.Effect<Answer, Failed>;
}

const tokenUrlOf = ({ instance, auth }: ServiceNowChannel): string =>
  (auth.type === "oauth2" ? auth.tokenUrl : undefined) ?? new URL("/oauth_token.do", instance).href;

interface Token {
  readonly authorization: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Tokens that are kept; the one that was asked for the longest ago goes first. */
const MAX_TOKENS = 200;

/** Milliseconds before its end at which a token counts as expired: requests take time. */
const MARGIN = 30_000;

export const make = (tools: Tools): Authorizer => {
  const tokens = new Map<string, Token>();

  const bearer = (channel: ServiceNowChannel, clientId: string, secret: string, trace: Trace, renew: boolean) =>
    Effect.gen(function* () {
      const url = tokenUrlOf(channel);
      // A secret that was replaced must not be served by the token of the one before.
      const key = createHash("sha256")
        .update(JSON.stringify([url, clientId, secret]))
        .digest("hex");
      const now = yield* Clock.currentTimeMillis;
      const known = tokens.get(key);
      if (!renew && known !== undefined && now < known.until) return hide(trace, known.authorization);
      const { access_token, expires_in } = yield* fetchToken(tools, url, clientId, secret, trace);
      const token = { authorization: `Bearer ${access_token}`, until: now + expires_in * 1000 - MARGIN };
      tokens.delete(key);
      tokens.set(key, token);
      const [oldest] = tokens.keys();
      if (tokens.size > MAX_TOKENS && oldest !== undefined) tokens.delete(oldest);
      return hide(trace, token.authorization);
    });

  return {
    authorized: (channel, { password, clientSecret }, trace, request) => {
      const { auth } = channel;
      if (auth.type === "basic") {
        if (password === undefined) return wrong("There is no password: set the secret password.");
        const credentials = Buffer.from(`${auth.username}:${hide(trace, Redacted.value(password))}`).toString("base64");
        return request(`Basic ${hide(trace, credentials)}`);
      }
      if (clientSecret === undefined) return wrong("There is no client secret: set the secret clientSecret.");
      const secret = hide(trace, Redacted.value(clientSecret));
      const first = bearer(channel, auth.clientId, secret, trace, false);
      const renewed = bearer(channel, auth.clientId, secret, trace, true);
      return Effect.flatMap(first, request).pipe(
        Effect.flatMap((answer) => (answer.status === 401 ? Effect.flatMap(renewed, request) : Effect.succeed(answer))),
      );
    },
  };
};

/** Remembers a secret, and how it looks in a form and in JSON, as nothing to be shown. */
const hide = (trace: Trace, secret: string): string => {
  trace.hidden
    .add(secret)
    .add(secret.replace(/^Bearer /, ""))
    .add(encodeURIComponent(secret))
    .add(new URLSearchParams([["", secret]]).toString().slice(1))
    .add(JSON.stringify(secret).slice(1, -1));
  return secret;
};

/** RFC 6749 §5.1. Characters of a token: RFC 6750 §2.1, a bit wider. */
const TokenAnswer = Schema.Struct({
  access_token: Schema.String.pipe(Schema.pattern(/^[\x21-\x7e]{1,8192}$/)),
  expires_in: Schema.optionalWith(Schema.Union(Schema.Number, Schema.NumberFromString), { default: () => 300 }),
});

const fetchToken = (tools: Tools, url: string, clientId: string, secret: string, trace: Trace) =>
  Effect.gen(function* () {
    const target = yield* targetOf(tools.guard, url, true);
    const answer = yield* tools.client.send(
      {
        target,
        method: "POST",
        headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: clientId,
          client_secret: secret,
        }).toString(),
        repeatable: true,
      },
      trace,
    );
    // What is no refusal may hold a token, wherever it stands: of that, nothing is shown.
    const shown = answer.status >= 400 ? answer : { ...answer, body: Buffer.alloc(0) };
    if (answer.status !== 200) {
      const message = `The instance gave no token (${answer.status}): are the client and its secret right, and is the client credentials grant enabled?`;
      return yield* new Failed({ failure: "status", message, answer: shown });
    }
    return yield* Effect.mapError(
      jsonOf(answer, TokenAnswer, "a token"),
      ({ failure, message }) => new Failed({ failure, message, answer: shown }),
    );
  });
