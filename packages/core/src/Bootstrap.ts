/**
 * What a new catalog needs before anyone can call it.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { TokenStore } from "@cadastre/domain/TokenStore";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import { tokenOf } from "./internal/issuing.ts";

/** Whether nobody can call the catalog: it never had a token. */
export const isUntouched: Effect.Effect<boolean, StoreUnavailable, TokenStore> = Effect.flatMap(
  TokenStore,
  ({ list }) => Effect.map(list, (tokens) => tokens.length === 0),
);

/**
 * Makes a secret that of a token `admin` that never expires, if there is no token at all; else nothing changes. Whether the
 * secret is that of a token then: it is too if the same was done before.
 */
export const ensureAdminToken = (
  secret: Redacted.Redacted,
): Effect.Effect<boolean, StoreUnavailable, TokenStore | Identifiers> =>
  Effect.gen(function* () {
    const store = yield* TokenStore;
    const identifiers = yield* Identifiers;
    const now = yield* Clock.currentTimeMillis;
    const token = yield* tokenOf(identifiers, { name: "admin", scopes: ["admin"] }, secret, now);
    if (yield* store.insertFirst(token)) return true;
    return (yield* store.findByHash(token.hash))._tag === "Some";
  }).pipe(Effect.withSpan("Bootstrap.ensureAdminToken"));
