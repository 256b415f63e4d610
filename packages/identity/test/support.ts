import { Unauthenticated } from "@cadastre/domain/Errors";
import { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import { Scope } from "@cadastre/domain/Principal";
import type { Settings } from "@cadastre/identity/Oidc";
import * as ScopeRule from "@cadastre/identity/ScopeRule";
import * as Issuer from "@cadastre/testing/Issuer";
import * as Arr from "effect/Array";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";

/** A provider that knows one token, as the catalog's own, for what is no JWT. */
const own = Layer.succeed(IdentityProvider, {
  identify: (bearer) =>
    Redacted.value(bearer) === "cad_own"
      ? Effect.succeed({ id: "token:own", scopes: new Set(["admin"] as const) })
      : Effect.fail(new Unauthenticated({ message: "no valid token" })),
});

export const start = Effect.map(Issuer.start, (issuer) => ({ issuer, own }));

/** Scopes of the catalog by their own names in `scope`. */
export const settingsOf = (issuer: Issuer.Issuer, more: Partial<Settings> = {}): Settings => ({
  issuer: issuer.url,
  audiences: [Issuer.AUDIENCE],
  algorithms: ["RS256", "ES256"],
  clockSkew: Duration.seconds(30),
  nameClaim: "sub",
  scopes: rules(...Scope.literals.map((scope) => `${scope} = scope ${scope}`)),
  ...more,
});

export const rules = (...texts: ReadonlyArray<string>) => Arr.getRights(texts.map(ScopeRule.parse));
