/**
 * Use cases on API tokens. STUB: the interface that the doors build on.
 */
import type { InvalidInput, NotFound, StoreUnavailable, Unauthenticated } from "@cadastre/domain/Errors";
import type { Caller, Principal, Scope } from "@cadastre/domain/Principal";
import type { Token, TokenId } from "@cadastre/domain/Token";
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import type { Denied } from "./Entities.ts";

export interface NewToken {
  readonly name: string;
  readonly scopes: ReadonlyArray<Scope>;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expiresAt?: number | undefined;
}

export interface IssuedToken {
  readonly token: Token;
  /** Shown this once. */
  readonly secret: Redacted.Redacted;
}

export class Tokens extends Context.Tag("@cadastre/core/Tokens")<
  Tokens,
  {
    readonly create: (input: NewToken) => Effect.Effect<IssuedToken, Denied | InvalidInput, Caller>;
    readonly list: Effect.Effect<ReadonlyArray<Token>, Denied, Caller>;
    readonly revoke: (id: TokenId) => Effect.Effect<Token, Denied | NotFound, Caller>;
  }
>() {}

/** Turns credentials into a principal. Needs no caller: it is what makes one. */
export class Authentication extends Context.Tag("@cadastre/core/Authentication")<
  Authentication,
  {
    /** The principal behind a bearer token. A revoked token may be good for up to five more seconds. */
    readonly authenticate: (bearer: Redacted.Redacted) => Effect.Effect<Principal, Unauthenticated | StoreUnavailable>;
  }
>() {}
