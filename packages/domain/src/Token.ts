/**
 * Stored API tokens. The token itself (`cad_` and 256 bits) is shown once and never kept: the store knows its hash.
 */
import * as Schema from "effect/Schema";
import type { Scope } from "./Principal.ts";

export const TokenId = Schema.String.pipe(
  Schema.pattern(/^tok_[0-9a-f-]{36}$/),
  Schema.brand("TokenId"),
  Schema.annotations({ identifier: "TokenId" }),
);

export type TokenId = typeof TokenId.Type;

/** Times are milliseconds since the epoch. */
export interface Token {
  readonly id: TokenId;
  readonly name: string;
  readonly scopes: ReadonlyArray<Scope>;
  /** SHA-256 of the token, hexadecimal. */
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  /** Kept to the minute, so that reading does not write on every call. */
  readonly lastUsedAt: number | undefined;
  readonly revokedAt: number | undefined;
}

/** False once it is revoked or its expiry has passed. */
export const isUsable = (token: Token, now: number): boolean =>
  token.revokedAt === undefined && (token.expiresAt === undefined || now < token.expiresAt);
