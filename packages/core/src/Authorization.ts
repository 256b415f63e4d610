/**
 * Authorisation as a decorator over a use case's interface: no door can forget it, and no use case has to think of it.
 */
import { PermissionDenied } from "@cadastre/domain/Errors";
import { Caller, holds, type Principal, type Scope } from "@cadastre/domain/Principal";
import * as Effect from "effect/Effect";

/**
 * The scope that each member of a service needs. Every member has to be named, and each has to state in its type that it
 * may end with `PermissionDenied` and asks for the `Caller`: anything else does not compile.
 */
export type Scopes<S> = { readonly [Member in keyof S]: Guarded<Outcome<S[Member]>> };

type Outcome<Member> = Member extends (...args: never) => infer Result ? Result : Member;

type Guarded<Result> =
  Result extends Effect.Effect<infer _, infer E, infer R>
    ? PermissionDenied extends E
      ? Caller extends R
        ? Scope
        : never
      : never
    : never;

/** The service with each member checked against the caller's scopes before it begins. */
export const authorize = <S extends object>(service: S, scopes: Scopes<S>): S => {
  const authorized = { ...service };
  for (const name of Object.keys(service) as Array<keyof S>) {
    // Of every member `Scopes` proves at compile time what it cannot say of one that is looked up by name.
    authorized[name] = guard(scopes[name] as Scope, service[name] as Member) as S[keyof S];
  }
  return authorized;
};

/** What is known of every member; its other failures and requirements pass through. */
type Result = Effect.Effect<unknown, PermissionDenied, Caller>;

type Member = Result | ((...args: ReadonlyArray<unknown>) => Result);

const guard = (scope: Scope, member: Member): Member =>
  Effect.isEffect(member)
    ? Effect.zipRight(demand(scope), member)
    : (...args) => Effect.flatMap(demand(scope), () => member(...args));

const demand = (scope: Scope): Effect.Effect<void, PermissionDenied, Caller> =>
  Effect.flatMap(Caller, ({ principal }) =>
    holds(principal, scope) ? Effect.void : Effect.fail(denial(principal, scope)),
  );

/** What is said to a principal that does not hold a scope. */
export const denial = (principal: Principal, scope: Scope): PermissionDenied =>
  new PermissionDenied({ message: `${principal.id} lacks the scope ${scope}`, scope });
