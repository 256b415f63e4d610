import type { StoreUnavailable } from "@cadastre/domain/Errors";
import { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import type { Scope } from "@cadastre/domain/Principal";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import type * as Scopes from "effect/Scope";
import * as TestClock from "effect/TestClock";

/** Something that issues tokens, and the provider that takes them. */
export interface Source {
  readonly provider: Layer.Layer<IdentityProvider, StoreUnavailable>;
  /** A token that expires after a minute, and the id of its principal. */
  readonly issue: (
    scopes: ReadonlyArray<Scope>,
  ) => Effect.Effect<{ readonly token: Redacted.Redacted; readonly id: string }, StoreUnavailable>;
  /** Milliseconds after its expiry for which a token may still be good. */
  readonly slack: number;
  /** What tokens are checked against is out of reach from now on. */
  readonly fail: Effect.Effect<void>;
}

/** `IdentityProvider`. */
export const identities = (name: string, start: Effect.Effect<Source, StoreUnavailable, Scopes.Scope>): void => {
  const test = <E>(fact: string, run: (source: Source) => Effect.Effect<void, E, IdentityProvider>) =>
    it.scoped(fact, () =>
      Effect.gen(function* () {
        const source = yield* start;
        const context = yield* Layer.build(source.provider);
        yield* Effect.provide(run(source), context);
      }),
    );

  const refusal = (token: Redacted.Redacted) =>
    Effect.flatMap(IdentityProvider, ({ identify }) => Effect.flip(identify(token)));

  describe(`IdentityProvider on ${name}`, () => {
    test("a token is its holder, with exactly its scopes", ({ issue }) =>
      Effect.gen(function* () {
        const { identify } = yield* IdentityProvider;
        for (const scopes of [["catalog:read"], ["catalog:write", "callbacks:manage"], ["admin"]] as const) {
          const { token, id } = yield* issue(scopes);
          // The second time it may be remembered.
          for (const _ of [1, 2]) expect(yield* identify(token)).toEqual({ id, scopes: new Set(scopes) });
        }
      }));

    test("what is no token of it is refused, always with the same words", ({ issue }) =>
      Effect.gen(function* () {
        const { token } = yield* issue(["admin"]);
        const secret = Redacted.value(token);
        const [first = "", ...rest] = secret.split(".");
        const wrong = [
          ...["", ".", "..", "a.b.c", "cad_", "x".repeat(10_000), `${secret}A`, secret.slice(0, -2), `A${secret}`],
          [first.toUpperCase(), ...rest].join("."),
        ];
        const failures = yield* Effect.forEach(wrong, (text) => refusal(Redacted.make(text)));
        expect(new Set(failures.map(({ _tag }) => _tag))).toEqual(new Set(["Unauthenticated"]));
        for (const { message } of failures) expect(message).toMatch(/^no valid token/);
        expect(JSON.stringify(failures)).not.toContain(secret.slice(0, -2));
      }));

    test("a token ends with its expiry, remembered or not", ({ issue, slack }) =>
      Effect.gen(function* () {
        const { identify } = yield* IdentityProvider;
        const [used, unused] = [yield* issue(["admin"]), yield* issue(["catalog:read"])];
        yield* TestClock.adjust(59_999);
        yield* identify(used.token);
        yield* TestClock.adjust(1 + slack);
        for (const { token } of [used, unused]) expect((yield* refusal(token))._tag).toBe("Unauthenticated");
      }));

    test("of many who ask at once each is answered, though others give up", ({ issue }) =>
      Effect.gen(function* () {
        const { identify } = yield* IdentityProvider;
        const { token, id } = yield* issue(["catalog:read"]);
        const all = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.fork(identify(token)));
        yield* Effect.yieldNow();
        const [first, ...others] = all;
        yield* Effect.fork(first === undefined ? Effect.void : Fiber.interrupt(first));
        for (const fiber of others) expect((yield* Fiber.join(fiber)).id).toBe(id);
      }));

    test("while what tokens are checked against is out of reach, none is called wrong", ({ issue, fail }) =>
      Effect.gen(function* () {
        const { token } = yield* issue(["admin"]);
        yield* fail;
        expect((yield* refusal(token))._tag).toMatch(/Unavailable$/);
      }));
  });
};
