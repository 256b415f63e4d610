/**
 * The endpoints of tokens, and who is calling.
 */
import * as Wire from "@cadastre/api/Tokens";
import { Tokens } from "@cadastre/core/Tokens";
import { InvalidInput } from "@cadastre/domain/Errors";
import { Caller } from "@cadastre/domain/Principal";
import type { Token } from "@cadastre/domain/Token";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { json, noContent } from "./internal/answer.ts";
import * as Parameters from "./internal/parameters.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"tokens">, never, Tokens> = Effect.map(Tokens, (tokens) => ({
  list: () => Effect.map(tokens.list, (items) => json(encodeList({ items: items.map(toWire) }))),

  create: ({ body }) =>
    body.json.pipe(
      Effect.flatMap(decodeInput),
      Effect.flatMap(tokens.create),
      Effect.map(({ token, secret }) =>
        json(encodeIssued({ token: toWire(token), secret: Redacted.value(secret) }), 201, {
          "cache-control": "no-store",
          location: `/v1/tokens/${token.id}`,
        }),
      ),
    ),

  revoke: ({ path }) => Effect.as(tokens.revoke(path.id), noContent),

  whoami: () =>
    Effect.map(Caller, ({ principal }) => json(encodeWhoAmI({ id: principal.id, scopes: [...principal.scopes] }))),
}));

const decode = Parameters.decoder(Wire.TokenInput);

const decodeInput = (input: unknown) =>
  Either.mapLeft(decode(input), (faults) => new InvalidInput({ message: "The token cannot be issued so.", faults }));

const toWire = (token: Token): typeof Wire.Token.Type => ({
  id: token.id,
  name: token.name,
  scopes: token.scopes,
  createdAt: token.createdAt,
  ...(token.expiresAt === undefined ? {} : { expiresAt: token.expiresAt }),
  ...(token.lastUsedAt === undefined ? {} : { lastUsedAt: token.lastUsedAt }),
  ...(token.revokedAt === undefined ? {} : { revokedAt: token.revokedAt }),
});

const encodeList = Schema.encodeSync(Schema.parseJson(Wire.TokenList));
const encodeIssued = Schema.encodeSync(Schema.parseJson(Wire.IssuedToken));
const encodeWhoAmI = Schema.encodeSync(Schema.parseJson(Wire.WhoAmI));
