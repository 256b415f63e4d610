/**
 * Which claims of a token give which scopes of the catalog.
 */
import { Scope } from "@cadastre/domain/Principal";
import * as Either from "effect/Either";
import * as Schema from "effect/Schema";

/** Whoever has `value` in `claim` holds `scope`. */
export interface ScopeRule {
  readonly scope: Scope;
  /** A name, or names with dots between them into objects: `realm_access.roles`. */
  readonly claim: string;
  /** Undefined: any. */
  readonly value: string | undefined;
}

export interface Claims {
  readonly [name: string]: unknown;
}

/** `catalog:write = groups platform-team`; the value `*` stands for any. Left: what is wrong with it. */
export const parse = (text: string): Either.Either<ScopeRule, string> => {
  const [, scope, claim = "", value] = /^\s*(\S+?)\s*=\s*(\S+)\s+(.*\S)\s*$/.exec(text) ?? [];
  if (!isScope(scope)) {
    return Either.left(
      `"${text}" must be a scope (${Scope.literals.join(", ")}), "=", a claim and its value: catalog:write = groups platform-team`,
    );
  }
  return Either.right({ scope, claim, value: value === "*" ? undefined : value });
};

/** The scopes that the rules give to a token with these claims. */
export const scopesOf = (rules: ReadonlyArray<ScopeRule>, claims: Claims): ReadonlySet<Scope> =>
  new Set(
    rules.flatMap(({ scope, claim, value }) => {
      const values = valuesOf(claim, find(claims, claim));
      return (value === undefined ? values.length > 0 : values.includes(value)) ? [scope] : [];
    }),
  );

const isScope = Schema.is(Scope);

/** The claim of that very name goes first: names that are URLs have dots of their own. */
const find = (claims: Claims, name: string): unknown => {
  if (Object.hasOwn(claims, name)) return claims[name];
  const dot = name.indexOf(".");
  const inner = dot === -1 ? undefined : claims[name.slice(0, dot)];
  return isObject(inner) ? find(inner, name.slice(dot + 1)) : undefined;
};

const isObject = (value: unknown): value is Claims =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Claims whose value is a list of words in one text (RFC 8693 §4.2, and what some issuers call it). */
const WORDS: ReadonlyArray<string> = ["scope", "scp"];

const valuesOf = (claim: string, value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap((item) => valuesOf("", item));
  switch (typeof value) {
    case "string":
      return WORDS.includes(claim) ? value.split(" ").filter((word) => word !== "") : [value];
    case "number":
    case "boolean":
      return [String(value)];
    default:
      return [];
  }
};
