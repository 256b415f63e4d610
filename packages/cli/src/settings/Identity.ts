/**
 * The issuer whose tokens are taken beside the catalog's own.
 */
import { ALGORITHMS } from "@cadastre/identity/Algorithm";
import { Algorithms, Duration, Issuer, List, ScopeRules, Text } from "../internal/values.ts";

export const SETTINGS = {
  oidcIssuer: {
    schema: Issuer,
    variable: "CADASTRE_OIDC_ISSUER",
    about: "OpenID Connect issuer whose tokens are taken too: its URL, as it stands in their iss",
  },
  oidcAudience: {
    schema: List,
    variable: "CADASTRE_OIDC_AUDIENCE",
    about: "Audiences, one of which has to stand in aud",
  },
  oidcScopes: {
    schema: ScopeRules,
    variable: "CADASTRE_OIDC_SCOPES",
    about: "Which claims give which scopes: catalog:write = groups platform-team, and so on; * is any value",
  },
  oidcName: {
    schema: Text,
    variable: "CADASTRE_OIDC_NAME",
    about: "The claim by which history names the caller",
  },
  oidcAlgorithms: {
    schema: Algorithms,
    variable: "CADASTRE_OIDC_ALGORITHMS",
    about: `Signatures that are taken, of ${ALGORITHMS.join(", ")}`,
  },
  oidcClockSkew: {
    schema: Duration,
    variable: "CADASTRE_OIDC_CLOCK_SKEW",
    about: "By how much the issuer's clock may differ",
  },
} as const;

export const DEFAULTS = {
  oidcIssuer: "",
  oidcAudience: [],
  oidcScopes: [],
  oidcName: "sub",
  oidcAlgorithms: ["RS256", "PS256", "ES256", "EdDSA"],
  oidcClockSkew: 30_000,
} as const;

/** What is wrong with settings that are right each by itself. */
export const problemsOf = (values: { readonly [key: string]: unknown }): ReadonlyArray<string> =>
  values["oidcIssuer"] === undefined
    ? []
    : (["oidcAudience", "oidcScopes"] as const)
        .filter((key) => values[key] === undefined)
        .map((key) => `${key} has to be set with oidcIssuer: ${SETTINGS[key].about}`);
