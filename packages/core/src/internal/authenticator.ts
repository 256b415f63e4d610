import { type StoreUnavailable, Unauthenticated } from "@cadastre/domain/Errors";
import { Identifiers } from "@cadastre/domain/Identifiers";
import type { Principal } from "@cadastre/domain/Principal";
import { isUsable, type Token } from "@cadastre/domain/Token";
import { TokenStore } from "@cadastre/domain/TokenStore";
import * as Cache from "effect/Cache";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";

type Authenticate = (bearer: Redacted.Redacted) => Effect.Effect<Principal, Unauthenticated | StoreUnavailable>;

/** Tokens that are remembered; the one that was not used for longest goes first, so guesses do not drive out those in use. */
const CAPACITY = 10_000;

const TIME_TO_LIVE = Duration.seconds(5);

const TOUCH_INTERVAL = Duration.toMillis("1 minute");

interface Entry {
  readonly token: Token;
  readonly principal: Principal;
  /** Whether the next use is to be noted. */
  isTouchDue: boolean;
}

export const make: Effect.Effect<Authenticate, never, TokenStore | Identifiers | Scope.Scope> = Effect.gen(
  function* () {
    const store = yield* TokenStore;
    const identifiers = yield* Identifiers;
    const scope = yield* Effect.scope;

    const cache = yield* Cache.makeWith({
      capacity: CAPACITY,
      timeToLive: Exit.match({
        onFailure: () => Duration.zero,
        onSuccess: Option.match({ onNone: () => Duration.zero, onSome: () => TIME_TO_LIVE }),
      }),
      lookup: (hash: string) =>
        Effect.zipWith(store.findByHash(hash), Clock.currentTimeMillis, (found, now) =>
          Option.map(found, (token) => entryOf(token, now)),
        ),
    });

    // In the background: a use is noted if it can be, and nobody waits for it.
    const touch = (token: Token, now: number) =>
      store.touch(token.id, now).pipe(Effect.ignoreLogged, Effect.forkIn(scope));

    return Effect.fnUntraced(function* (bearer) {
      // A lookup is shared by all who wait for it: interrupting the first of them would interrupt the others.
      const found = yield* Effect.uninterruptible(cache.get(identifiers.hash(Redacted.value(bearer))));
      const now = yield* Clock.currentTimeMillis;
      if (Option.isNone(found) || !isUsable(found.value.token, now)) return yield* new Unauthenticated({ message });
      const entry = found.value;
      if (entry.isTouchDue) {
        entry.isTouchDue = false;
        yield* touch(entry.token, now);
      }
      return entry.principal;
    });
  },
);

const entryOf = (token: Token, now: number): Entry => ({
  token,
  principal: { id: `token:${token.name}`, scopes: new Set(token.scopes) },
  isTouchDue: token.lastUsedAt === undefined || now - token.lastUsedAt >= TOUCH_INTERVAL,
});

/** The same for every cause: whether a token exists, is expired or was revoked is nobody's business who does not hold it. */
const message = "no valid token: send Authorization: Bearer cad_…";
