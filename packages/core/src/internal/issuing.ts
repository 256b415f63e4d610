import type { Identifiers } from "@cadastre/domain/Identifiers";
import type { Scope } from "@cadastre/domain/Principal";
import type { Token } from "@cadastre/domain/Token";
import type { TokenStore } from "@cadastre/domain/TokenStore";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";

interface Grant {
  readonly name: string;
  readonly scopes: ReadonlyArray<Scope>;
  readonly expiresAt?: number | undefined;
}

/** Makes a token and stores its hash. The secret is nowhere else than in the result. */
export const issue = Effect.fnUntraced(function* (
  store: Context.Tag.Service<TokenStore>,
  identifiers: Context.Tag.Service<Identifiers>,
  grant: Grant,
  now: number,
) {
  const secret = Redacted.make(yield* identifiers.tokenSecret);
  const token = yield* tokenOf(identifiers, grant, secret, now);
  yield* store.insert(token);
  return { token, secret };
});

/** The token that a secret opens. */
export const tokenOf = (
  identifiers: Context.Tag.Service<Identifiers>,
  { name, scopes, expiresAt }: Grant,
  secret: Redacted.Redacted,
  now: number,
): Effect.Effect<Token> =>
  Effect.map(identifiers.tokenId, (id) => ({
    id,
    name,
    scopes: [...new Set(scopes)],
    hash: identifiers.hash(Redacted.value(secret)),
    createdAt: now,
    expiresAt,
    lastUsedAt: undefined,
    revokedAt: undefined,
  }));
