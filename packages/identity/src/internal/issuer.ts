/**
 * The keys of an issuer: discovered, kept, and fetched anew when they have become old or a token names one that is not known.
 */
import { IdentityUnavailable } from "@cadastre/domain/Errors";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { isConfidential } from "../IssuerUrl.ts";

export interface Keys {
  readonly resolve: ReturnType<typeof createLocalJWKSet>;
  readonly fetchedAt: number;
}

export interface Issuer {
  /** The keys as they are known; fetched first where there are none. */
  readonly keys: Effect.Effect<Keys, IdentityUnavailable>;
  /**
   * Newer keys than those that did not have what a token names; the same ones if there are no newer, or if the issuer was asked a
   * moment ago. Fails if it was asked and did not answer: then nobody knows whether there are.
   */
  readonly newer: (than: Keys) => Effect.Effect<Keys, IdentityUnavailable>;
}

/** After which keys are fetched anew, in the background. */
const FRESH = Duration.toMillis("10 minutes");

/** For which keys are good if the issuer does not answer any more. */
const USABLE = Duration.toMillis("24 hours");

/** Between two questions, so that tokens with made-up keys do not become requests to the issuer. */
const COOLDOWN = Duration.toMillis("30 seconds");

/** The same after a question that failed. */
const COOLDOWN_FAILED = Duration.toMillis("5 seconds");

/** For the answers to both questions. */
const PATIENCE = Duration.seconds(5);

/** Bytes of an answer. */
const MAX_ANSWER = 256 * 1024;

/** Fetches the keys at once, so that what is wrong with the settings stands in the log of the start. */
export const make = (issuer: string): Effect.Effect<Issuer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope;
    const turn = yield* Effect.makeSemaphore(1);
    let known: Keys | undefined;
    let failure: IdentityUnavailable | undefined;
    let askedAt = Number.NEGATIVE_INFINITY;

    const ask = Effect.gen(function* () {
      const fetchedAt = yield* Clock.currentTimeMillis;
      known = { resolve: yield* fetchKeys(issuer), fetchedAt };
      failure = undefined;
    }).pipe(
      Effect.catchAll((error) => {
        failure = error;
        return Effect.logWarning("the keys of the issuer of tokens cannot be fetched", error);
      }),
      // From the end on: those who have waited for a failure do not ask again each.
      Effect.zipRight(
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.sync(() => {
            askedAt = now;
          }),
        ),
      ),
    );

    const isDue = (now: number) => now - askedAt >= (failure === undefined ? COOLDOWN : COOLDOWN_FAILED);

    /** Those who come while the issuer is being asked wait for that answer and are content with it. */
    const refresh = turn.withPermits(1)(
      Effect.flatMap(Clock.currentTimeMillis, (now) => (isDue(now) ? ask : Effect.void)),
    );

    const current = Effect.suspend(() =>
      known === undefined ? Effect.fail(failure ?? unavailable(issuer, "was not asked")) : Effect.succeed(known),
    );

    yield* Effect.forkIn(Effect.interruptible(refresh), scope);

    return {
      keys: Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const age = known === undefined ? USABLE : now - known.fetchedAt;
        if (age < FRESH || (age < USABLE && !isDue(now))) return current;
        if (age < USABLE) return Effect.zipRight(Effect.forkIn(refresh, scope), current);
        known = undefined;
        return Effect.zipRight(refresh, current);
      }),
      newer: () =>
        Effect.zipRight(
          refresh,
          Effect.suspend(() => (failure === undefined ? current : Effect.fail(failure))),
        ),
    };
  });

/** OpenID Connect Discovery 1.0 §4; only what is needed of it. */
const Discovery = Schema.Struct({ issuer: Schema.String, jwks_uri: Schema.String });

const KeySet = Schema.Struct({ keys: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })) });

const decodeDiscovery = Schema.decodeUnknown(Discovery);
const decodeKeySet = Schema.decodeUnknown(KeySet);

const fetchKeys = (issuer: string): Effect.Effect<Keys["resolve"], IdentityUnavailable> =>
  Effect.gen(function* () {
    const discovery = yield* decodeDiscovery(
      yield* get(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`),
    );
    // §4.3: or another issuer could speak for this one.
    if (discovery.issuer !== issuer) return yield* unavailable(issuer, `calls itself "${discovery.issuer}"`);
    if (!isConfidential(discovery.jwks_uri)) return yield* unavailable(issuer, "has keys at no https URL");
    const keys = yield* decodeKeySet(yield* get(discovery.jwks_uri));
    // It reads each key itself when that is asked for.
    return yield* Effect.try(() => createLocalJWKSet(keys as unknown as JSONWebKeySet));
  }).pipe(
    Effect.catchAll((cause) =>
      cause._tag === "IdentityUnavailable" ? Effect.fail(cause) : unavailable(issuer, "did not answer as one", cause),
    ),
    Effect.timeoutFail({ duration: PATIENCE, onTimeout: () => unavailable(issuer, "did not answer in time") }),
  );

const unavailable = (issuer: string, what: string, cause?: unknown): IdentityUnavailable =>
  new IdentityUnavailable({
    message: `the token cannot be checked at the moment: its issuer ${issuer} ${what}`,
    ...(cause === undefined ? {} : { cause }),
  });

const get = (url: string) => Effect.tryPromise((signal) => fetchJson(url, signal));

/** Redirects are not followed: the keys would be those of someone else. */
const fetchJson = async (url: string, signal: AbortSignal): Promise<unknown> => {
  const response = await fetch(url, { signal, redirect: "error", headers: { accept: "application/json" } });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new Error(`${url} answered with more than ${MAX_ANSWER} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return JSON.parse(text);
};
