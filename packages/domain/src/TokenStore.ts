import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { StoreUnavailable } from "./Errors.ts";
import type { Token, TokenId } from "./Token.ts";

/** The port behind which tokens are kept. Each call is atomic by itself. */
export class TokenStore extends Context.Tag("@cadastre/domain/TokenStore")<
  TokenStore,
  {
    readonly insert: (token: Token) => Effect.Effect<void, StoreUnavailable>;

    /**
     * Inserts the token if there is none at all, not even a revoked one. False: there was, and nothing happened. Of several
     * callers at once, in however many processes, one gets true.
     */
    readonly insertFirst: (token: Token) => Effect.Effect<boolean, StoreUnavailable>;

    readonly findByHash: (hash: string) => Effect.Effect<Option.Option<Token>, StoreUnavailable>;

    /** All tokens, revoked and expired ones too, oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<Token>, StoreUnavailable>;

    /** Marks a token as revoked at `at` unless it was before. None: there is no such token. */
    readonly revoke: (id: TokenId, at: number) => Effect.Effect<Option.Option<Token>, StoreUnavailable>;

    /** Notes the last use. Nothing happens if there is no such token. */
    readonly touch: (id: TokenId, at: number) => Effect.Effect<void, StoreUnavailable>;
  }
>() {}
