import { Scope } from "@cadastre/domain/Principal";
import { type Token, TokenId } from "@cadastre/domain/Token";
import * as Schema from "effect/Schema";
import type { Insertion } from "../Engine.ts";

export const INSERTION: Insertion = {
  into: "tokens",
  columns: ["id", "name", "scopes", "hash", "created_at", "expires_at", "last_used_at", "revoked_at"],
};

/** The values of {@link INSERTION}'s columns. */
export const valuesOf = (token: Token): ReadonlyArray<unknown> => [
  token.id,
  token.name,
  JSON.stringify(token.scopes),
  token.hash,
  token.createdAt,
  token.expiresAt ?? null,
  token.lastUsedAt ?? null,
  token.revokedAt ?? null,
];

const TokenRow = Schema.Struct({
  id: TokenId,
  name: Schema.String,
  scopes: Schema.parseJson(Schema.Array(Scope)),
  hash: Schema.String,
  created_at: Schema.Number,
  expires_at: Schema.NullOr(Schema.Number),
  last_used_at: Schema.NullOr(Schema.Number),
  revoked_at: Schema.NullOr(Schema.Number),
});

const decodeRow = Schema.decodeUnknownSync(TokenRow);

export const decode = (row: unknown): Token => {
  const { id, name, scopes, hash, ...times } = decodeRow(row);
  return {
    id,
    name,
    scopes,
    hash,
    createdAt: times.created_at,
    expiresAt: times.expires_at ?? undefined,
    lastUsedAt: times.last_used_at ?? undefined,
    revokedAt: times.revoked_at ?? undefined,
  };
};
