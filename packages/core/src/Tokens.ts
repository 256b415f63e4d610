/**
 * Use cases on API tokens.
 */
import { InvalidInput, NotFound } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import type { Caller, Scope } from "@cadastre/domain/Principal";
import { isUsable, type Token, type TokenId } from "@cadastre/domain/Token";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import * as Arr from "effect/Array";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";
import * as Authenticator from "./internal/authenticator.ts";
import { issue } from "./internal/issuing.ts";

export interface NewToken {
  /**
   * 1 to 100 visible characters. History shows it as the actor (`token:<name>`), so no two usable tokens share one; that of
   * a revoked or expired token is free again.
   */
  readonly name: string;
  /** At least one. */
  readonly scopes: ReadonlyArray<Scope>;
  /** Milliseconds since the epoch, in the future; undefined: never. */
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
    /** All tokens, revoked and expired ones too, oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<Token>, Denied, Caller>;
    /** Makes a token useless, within five seconds everywhere. Revoking it again changes nothing. */
    readonly revoke: (id: TokenId) => Effect.Effect<Token, Denied | NotFound, Caller>;
  }
>() {}

const make = Effect.gen(function* () {
  const store = yield* TokenStore;
  const identifiers = yield* Identifiers;
  const { transact } = yield* UnitOfWork;

  return Tokens.of({
    create: Effect.fn("Tokens.create")(function* (input: NewToken) {
      const now = yield* Clock.currentTimeMillis;
      return yield* transact(
        Effect.gen(function* () {
          const faults = faultsOf(input, yield* store.list, now);
          if (faults.length > 0) return yield* new InvalidInput({ message: "the token is not valid", faults });
          return yield* issue(store, identifiers, input, now);
        }),
      );
    }),

    list: store.list.pipe(Effect.withSpan("Tokens.list")),

    revoke: Effect.fn("Tokens.revoke")(function* (id: TokenId) {
      const revoked = yield* store.revoke(id, yield* Clock.currentTimeMillis);
      return yield* Effect.mapError(revoked, () => new NotFound({ message: `there is no token ${id}` }));
    }),
  });
});

const faultsOf = (
  { name, scopes, expiresAt }: NewToken,
  tokens: ReadonlyArray<Token>,
  now: number,
): ReadonlyArray<Fault> => {
  const isTaken = tokens.some((token) => token.name === name && isUsable(token, now));
  return Arr.getSomes([
    fault(!NAME.test(name), "/name", "must have 1 to 100 visible characters, and no spaces around them"),
    fault(isTaken, "/name", `"${name}" is a usable token's: choose another name, or revoke that token first`),
    fault(scopes.length === 0, "/scopes", "must have at least one scope"),
    fault(expiresAt !== undefined && !(expiresAt > now), "/expiresAt", "must be in the future"),
  ]);
};

const fault = (holds: boolean, path: string, message: string): Option.Option<Fault> =>
  holds ? Option.some({ path, message }) : Option.none();

/** No control, format or unassigned characters and no line breaks: names stand in logs and in history. */
const NAME = /^(?!\s)[^\p{C}\p{Zl}\p{Zp}]{1,100}(?<!\s)$/u;

export const layer: Layer.Layer<Tokens, never, TokenStore | Identifiers | UnitOfWork> = Layer.effect(
  Tokens,
  Effect.map(make, (tokens) => authorize(tokens, { create: "admin", list: "admin", revoke: "admin" })),
);

/**
 * The catalog's own tokens as identities: `token:<name>`. A revoked token may be good for up to five more seconds, an expired
 * one is not. Notes the use of a token at most once a minute, and does not wait for that.
 */
export const layerIdentity: Layer.Layer<IdentityProvider, never, TokenStore | Identifiers> = Layer.scoped(
  IdentityProvider,
  Effect.map(Authenticator.make, (identify) => ({ identify })),
);
