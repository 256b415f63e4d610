/**
 * What a new catalog needs before anyone can call it.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import { issue } from "./internal/issuing.ts";

/** The secret of a new token `admin` that never expires, if there was no token at all; else none, and nothing changes. */
export const ensureAdminToken: Effect.Effect<
  Option.Option<Redacted.Redacted>,
  StoreUnavailable,
  TokenStore | Identifiers | UnitOfWork
> = Effect.gen(function* () {
  const store = yield* TokenStore;
  const identifiers = yield* Identifiers;
  const { transact } = yield* UnitOfWork;
  const now = yield* Clock.currentTimeMillis;
  return yield* transact(
    Effect.gen(function* () {
      if ((yield* store.list).length > 0) return Option.none();
      const { secret } = yield* issue(store, identifiers, { name: "admin", scopes: ["admin"] }, now);
      return Option.some(secret);
    }),
  );
}).pipe(Effect.withSpan("Bootstrap.ensureAdminToken"));
