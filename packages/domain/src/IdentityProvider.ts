import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import type { IdentityUnavailable, StoreUnavailable, Unauthenticated } from "./Errors.ts";
import type { Principal } from "./Principal.ts";

/** The port that turns credentials into a principal. Needs no caller: it is what makes one. */
export class IdentityProvider extends Context.Tag("@cadastre/domain/IdentityProvider")<
  IdentityProvider,
  {
    /**
     * The principal behind a bearer token. `Unauthenticated`: the token is no good, for whatever reason; the message is no
     * oracle for guesses. `StoreUnavailable` and `IdentityUnavailable`: whether it is good cannot be told at the moment. What was
     * good may be remembered for a short time, but never beyond the token's own expiry. However many ask at once, and
     * whichever of them give up, each of the others gets its answer.
     */
    readonly identify: (
      bearer: Redacted.Redacted,
    ) => Effect.Effect<Principal, Unauthenticated | StoreUnavailable | IdentityUnavailable>;
  }
>() {}
