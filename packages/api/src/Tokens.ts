/**
 * API tokens, and who is calling.
 */
import { InvalidInput, NotFound, PayloadTooLarge, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import { Scope } from "@cadastre/domain/Principal";
import { TokenId } from "@cadastre/domain/Token";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { Instant, optional } from "./Parameters.ts";
import { wire } from "./Problem.ts";

const name = Schema.String.annotations({
  description: "What history calls the caller: `token:<name>`.",
  examples: ["ci"],
});

const scopes = Schema.Array(Scope).annotations({ examples: [["catalog:read"]] });

/** A token without its secret. */
export const Token = Schema.Struct({
  id: TokenId,
  name,
  scopes,
  createdAt: Instant,
  expiresAt: optional(Instant),
  lastUsedAt: optional(Instant),
  revokedAt: optional(Instant),
}).annotations({ identifier: "Token" });

export const TokenInput = Schema.Struct({
  name,
  scopes,
  expiresAt: optional(Instant),
}).annotations({ identifier: "TokenInput", examples: [{ name: "ci", scopes: ["catalog:read"] }] });

export const IssuedToken = Schema.Struct({
  token: Token,
  secret: Schema.String.annotations({ description: "`cad_…`, shown this once and never again." }),
}).annotations({ identifier: "IssuedToken" });

export const TokenList = Schema.Struct({ items: Schema.Array(Token) }).annotations({ identifier: "TokenList" });

export const WhoAmI = Schema.Struct({
  id: Schema.String.annotations({ examples: ["token:ci"] }),
  scopes,
}).annotations({ identifier: "WhoAmI" });

const list = HttpApiEndpoint.get("list", "/v1/tokens")
  .addSuccess(TokenList)
  .annotateContext(operation("admin", "List tokens", "Revoked and expired ones too, oldest first."));

const create = HttpApiEndpoint.post("create", "/v1/tokens")
  .setPayload(TokenInput)
  .addSuccess(IssuedToken.annotations(HttpApiSchema.annotations({ status: 201, identifier: "IssuedToken" })))
  .addError(wire(PayloadTooLarge))
  .annotateContext(operation("admin", "Issue a token"));

const revoke = HttpApiEndpoint.del("revoke", "/v1/tokens/:id")
  .setPath(
    Schema.Struct({
      id: TokenId.annotations({
        description: "`id` of the token in the list.",
        examples: [TokenId.make("tok_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d")],
        message: () => ({ message: "is not a token id: one looks like tok_… in the list of tokens", override: true }),
      }),
    }),
  )
  .addSuccess(HttpApiSchema.NoContent)
  .addError(wire(NotFound))
  .annotateContext(operation("admin", "Revoke a token", "It may be good for up to five more seconds."));

const whoami = HttpApiEndpoint.get("whoami", "/v1/whoami")
  .addSuccess(WhoAmI)
  .annotateContext(operation("token", "Who the token says is calling"));

export const TokensGroup = HttpApiGroup.make("tokens")
  .add(list)
  .add(create)
  .add(revoke)
  .add(whoami)
  .addError(wire(InvalidInput))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(OpenApi.annotations({ title: "Tokens", description: "Who may do what." }));
