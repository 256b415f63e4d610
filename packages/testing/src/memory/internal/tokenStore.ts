import type { Token } from "@cadastre/domain/Token";
import type { TokenStore } from "@cadastre/domain/TokenStore";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Database } from "./database.ts";
import { compareTexts } from "./entityRow.ts";

export const make = (database: Database): Context.Tag.Service<TokenStore> => {
  const { tokens } = database;
  const put = (token: Token): Token => {
    tokens.set(token.id, JSON.stringify(token));
    return token;
  };
  const get = (id: Token["id"]) => Option.map(Option.fromNullable(tokens.get(id)), tokenOf);

  return {
    insert: (token) =>
      database.statement(
        Effect.sync(() => {
          put(token);
        }),
      ),

    insertFirst: (token) =>
      database.statement(
        Effect.sync(() => {
          if (tokens.values().length > 0) return false;
          put(token);
          return true;
        }),
      ),

    findByHash: (hash) =>
      database.statement(
        Effect.sync(() =>
          Option.fromNullable(
            tokens
              .values()
              .map(tokenOf)
              .find((token) => token.hash === hash),
          ),
        ),
      ),

    list: database.statement(
      Effect.sync(() =>
        tokens
          .values()
          .map(tokenOf)
          .sort((a, b) => a.createdAt - b.createdAt || compareTexts(a.id, b.id)),
      ),
    ),

    revoke: (id, at) =>
      database.statement(
        Effect.sync(() => Option.map(get(id), (token) => put({ ...token, revokedAt: token.revokedAt ?? at }))),
      ),

    touch: (id, at) =>
      database.statement(
        Effect.sync(() => {
          Option.map(get(id), (token) => put({ ...token, lastUsedAt: at }));
        }),
      ),
  };
};

/** The cast is the store's trust in its own text, from which JSON leaves out members that are undefined. */
export const tokenOf = (text: string): Token => {
  const { expiresAt, lastUsedAt, revokedAt, ...token } = JSON.parse(text) as Token;
  return { ...token, expiresAt, lastUsedAt, revokedAt };
};
