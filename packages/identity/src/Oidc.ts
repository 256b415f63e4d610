/**
 * The `IdentityProvider` port on JSON Web Tokens of an OpenID Connect issuer (RFC 7519, RFC 8725). To be imported where one is
 * configured.
 */
import { type IdentityUnavailable, Unauthenticated } from "@cadastre/domain/Errors";
import { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import type { Principal } from "@cadastre/domain/Principal";
import * as Cache from "effect/Cache";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { errors, type JWTPayload, jwtVerify } from "jose";
import type { Algorithm } from "./Algorithm.ts";
import * as Issuer from "./internal/issuer.ts";
import { type ScopeRule, scopesOf } from "./ScopeRule.ts";

export interface Settings {
  /** Its URL, as it stands in `iss`. */
  readonly issuer: string;
  /** One of them has to be in `aud`. */
  readonly audiences: ReadonlyArray<string>;
  readonly algorithms: ReadonlyArray<Algorithm>;
  /** By which the clocks may differ. */
  readonly clockSkew: Duration.Duration;
  /** The claim that names the caller: history shows it as `oidc:<value>`. */
  readonly nameClaim: string;
  readonly scopes: ReadonlyArray<ScopeRule>;
}

/** Characters of a token; the header of a request has no room for many more. */
const MAX_TOKEN = 8192;

/** Tokens that are remembered; the one that was not used for longest goes first. */
const CAPACITY = 2_000;

/** For which a token is good without a look at its signature; its expiry goes before. */
const TIME_TO_LIVE = Duration.toMillis("1 minute");

/** Takes the tokens that are JWTs, and leaves the others to the provider that it is built on. */
export const layer = (settings: Settings): Layer.Layer<IdentityProvider, never, IdentityProvider> =>
  Layer.scoped(
    IdentityProvider,
    Effect.gen(function* () {
      const own = yield* IdentityProvider;
      const verify = yield* verifier(settings);
      const cache = yield* Cache.makeWith({
        capacity: CAPACITY,
        timeToLive: Exit.match({
          onFailure: () => Duration.zero,
          onSuccess: ({ lifetime }) => Duration.millis(lifetime),
        }),
        lookup: verify,
      });
      return {
        identify: (bearer) => {
          const token = Redacted.value(bearer);
          if (!token.includes(".")) return own.identify(bearer);
          if (token.length > MAX_TOKEN) return Effect.fail(invalid(`it has more than ${MAX_TOKEN} characters`));
          // A lookup is shared by all who wait for it: interrupting the first of them would interrupt the others.
          return Effect.map(Effect.uninterruptible(cache.get(token)), ({ principal }) => principal);
        },
      };
    }),
  );

interface Verified {
  readonly principal: Principal;
  /** Milliseconds for which it may be remembered. */
  readonly lifetime: number;
}

const verifier = Effect.fnUntraced(function* (settings: Settings) {
  const { issuer, audiences, algorithms, clockSkew, scopes, nameClaim } = settings;
  const { keys, newer } = yield* Issuer.make(issuer);
  const tolerance = Duration.toMillis(clockSkew);

  const check = (token: string, { resolve }: Issuer.Keys, now: number) =>
    Effect.tryPromise({
      try: () =>
        jwtVerify(token, resolve, {
          issuer,
          audience: [...audiences],
          algorithms: [...algorithms],
          clockTolerance: tolerance / 1000,
          currentDate: new Date(now),
          requiredClaims: ["exp"],
        }),
      catch: (error) => error,
    });

  return (token: string): Effect.Effect<Verified, Unauthenticated | IdentityUnavailable> =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis;
      const known = yield* keys;
      const { payload } = yield* check(token, known, now).pipe(
        Effect.catchIf(isKeyUnknown, (error) =>
          Effect.flatMap(newer(known), (found) => (found === known ? Effect.fail(error) : check(token, found, now))),
        ),
        Effect.mapError(toFailure),
      );
      const name = payload[nameClaim];
      if (typeof name !== "string" || !NAME.test(name)) {
        return yield* invalid(`its claim ${nameClaim} must be a text of 1 to 255 visible characters`);
      }
      return {
        principal: { id: `oidc:${name}`, scopes: scopesOf(scopes, payload) },
        lifetime: Math.min(TIME_TO_LIVE, expiryOf(payload) + tolerance - now) - 1, // which the cache counts as well
      };
    });
});

const isKeyUnknown = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey;

const toFailure = (error: unknown): Unauthenticated | IdentityUnavailable =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "IdentityUnavailable"
    ? (error as IdentityUnavailable)
    : invalid(reasonOf(error));

/** What is wrong is told of tokens that the issuer has signed; it helps nobody to make one. */
const reasonOf = (error: unknown): string | undefined => {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (!(error instanceof errors.JWTClaimValidationFailed)) return undefined;
  switch (error.claim) {
    case "aud":
      return "it is meant for another audience";
    case "nbf":
      return "it is not valid yet";
    default:
      return undefined;
  }
};

const invalid = (reason: string | undefined): Unauthenticated =>
  new Unauthenticated({ message: `no valid token${reason === undefined ? "" : `: ${reason}`}` });

/** Required, and checked to be a number. */
const expiryOf = ({ exp = 0 }: JWTPayload): number => exp * 1000;

/** As names of tokens: no control, format or unassigned characters and no line breaks, for they stand in logs and in history. */
const NAME = /^(?!\s)[^\p{C}\p{Zl}\p{Zp}]{1,255}(?<!\s)$/u;
