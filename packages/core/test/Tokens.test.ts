import * as Bootstrap from "@cadastre/core/Bootstrap";
import { layerIdentity, type NewToken, Tokens } from "@cadastre/core/Tokens";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import { TokenId } from "@cadastre/domain/Token";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { expect } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as TestClock from "effect/TestClock";
import { onEachStore } from "./support.ts";

const reader: NewToken = { name: "ci", scopes: ["catalog:read"] };

/** Lets what runs in the background come to an end. */
const settle = Effect.forEach(Array.from({ length: 20 }), () => Effect.yieldNow(), { discard: true });

onEachStore("Tokens", (test) => {
  test("a token authenticates as its name, with its scopes", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const { identify } = yield* IdentityProvider;
      const { secret } = yield* tokens.create({ ...reader, scopes: ["catalog:read", "catalog:write", "catalog:read"] });
      const principal = yield* identify(secret);
      expect(principal).toEqual({ id: "token:ci", scopes: new Set(["catalog:read", "catalog:write"]) });
    }));

  test("the secret is in the answer alone, redacted; the store has its hash", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const issued = yield* tokens.create(reader);
      const secret = Redacted.value(issued.secret);
      expect(secret).toMatch(/^cad_/);
      const stored = yield* tokens.list;
      expect(stored).toEqual([issued.token]);
      expect(JSON.stringify([stored, issued])).not.toContain(secret);
    }));

  test("every fault of a new token is told at once", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      yield* TestClock.setTime(1000);
      const failure = yield* Effect.flip(tokens.create({ name: "", scopes: [], expiresAt: 1000 }));
      expect(failure._tag).toBe("InvalidInput");
      if (failure._tag !== "InvalidInput") return;
      expect(failure.faults.map(({ path }) => path)).toEqual(["/name", "/scopes", "/expiresAt"]);
      expect(yield* tokens.list).toEqual([]);
    }));

  test("a name has 1 to 100 visible characters", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      for (const name of ["x".repeat(101), " ci", "ci ", "a\nb", "a\u0000b", "\u202Eci"]) {
        expect((yield* Effect.flip(tokens.create({ ...reader, name })))._tag).toBe("InvalidInput");
      }
      for (const name of ["x".repeat(100), "é", "日本 語", "😀".repeat(100)]) yield* tokens.create({ ...reader, name });
    }));

  test("no two usable tokens share a name; that of a revoked or expired one is free", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const first = yield* tokens.create(reader);
      expect((yield* Effect.flip(tokens.create(reader)))._tag).toBe("InvalidInput");
      yield* tokens.revoke(first.token.id);
      yield* tokens.create({ ...reader, expiresAt: 10 });
      yield* TestClock.setTime(10);
      yield* tokens.create(reader);
      expect(yield* tokens.list).toHaveLength(3);
    }));

  test("revoking what is not there is NotFound, and revoking twice keeps the first time", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const { token } = yield* tokens.create(reader);
      yield* TestClock.setTime(10);
      expect(yield* tokens.revoke(token.id)).toMatchObject({ revokedAt: 10 });
      yield* TestClock.setTime(20);
      expect(yield* tokens.revoke(token.id)).toMatchObject({ revokedAt: 10 });
      const unknown = TokenId.make("tok_00000000-0000-7000-8000-ffffffffffff");
      expect((yield* Effect.flip(tokens.revoke(unknown)))._tag).toBe("NotFound");
    }));
});

onEachStore("the tokens as identities", (test) => {
  test("the answer is the same for an unknown, a revoked and an expired token", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const { identify } = yield* IdentityProvider;
      const revoked = yield* tokens.create(reader);
      yield* tokens.revoke(revoked.token.id);
      const expired = yield* tokens.create({ ...reader, expiresAt: 5 });
      yield* TestClock.setTime(5);
      const failures = yield* Effect.forEach(
        [Redacted.make("cad_nonsense"), Redacted.make(""), revoked.secret, expired.secret],
        (secret) => Effect.flip(identify(secret)),
      );
      expect(new Set(failures.map(({ _tag }) => _tag))).toEqual(new Set(["Unauthenticated"]));
      expect(new Set(failures.map(({ message }) => message)).size).toBe(1);
    }));

  test("a token ends with its expiry, remembered or not", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const { identify } = yield* IdentityProvider;
      const { secret } = yield* tokens.create({ ...reader, expiresAt: 100 });
      yield* TestClock.setTime(99);
      yield* identify(secret);
      yield* TestClock.setTime(100);
      expect((yield* Effect.flip(identify(secret)))._tag).toBe("Unauthenticated");
    }));

  test("a revoked token is good for five more seconds at the most", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const { identify } = yield* IdentityProvider;
      const { secret, token } = yield* tokens.create(reader);
      yield* identify(secret);
      yield* tokens.revoke(token.id);
      yield* TestClock.adjust(Duration.millis(5001));
      expect((yield* Effect.flip(identify(secret)))._tag).toBe("Unauthenticated");
    }));

  test("a token is good at once, even if it was tried before it was there", () =>
    Effect.gen(function* () {
      const { identify } = yield* IdentityProvider;
      const tokens = yield* Tokens;
      const soon = `cad_${Buffer.alloc(32, 1).toString("base64url")}`;
      expect((yield* Effect.flip(identify(Redacted.make(soon))))._tag).toBe("Unauthenticated");
      const { secret } = yield* tokens.create(reader);
      expect(Redacted.value(secret)).toBe(soon);
      yield* TestClock.adjust("1 millis");
      expect(yield* identify(secret)).toMatchObject({ id: "token:ci" });
    }));

  test("the last use is noted at most once a minute", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const { identify } = yield* IdentityProvider;
      const { secret } = yield* tokens.create(reader);
      const used = Effect.gen(function* () {
        yield* identify(secret);
        yield* settle;
        const [token] = yield* tokens.list;
        return token?.lastUsedAt;
      });
      yield* TestClock.setTime(1_000);
      expect(yield* used).toBe(1_000);
      yield* TestClock.setTime(2_000);
      expect(yield* used).toBe(1_000);
      yield* TestClock.setTime(60_999);
      expect(yield* used).toBe(1_000);
      yield* TestClock.setTime(66_000);
      expect(yield* used).toBe(66_000);
    }));

  test("a use that cannot be noted fails and delays nothing", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const store = yield* TokenStore;
      const { secret } = yield* tokens.create(reader);
      const broken = Effect.fail(new StoreUnavailable({ message: "full" }));
      for (const touch of [() => broken, () => Effect.never]) {
        const stores = Layer.succeed(TokenStore, { ...store, touch });
        const layer = Layer.provide(layerIdentity, stores);
        const principal = yield* Effect.flatMap(IdentityProvider, ({ identify }) => identify(secret)).pipe(
          Effect.provide(layer),
        );
        expect(principal.id).toBe("token:ci");
      }
    }));
});

onEachStore("the first start", (test) => {
  test("makes one admin token, once, of the secret that it was given", () =>
    Effect.gen(function* () {
      const { identify } = yield* IdentityProvider;
      const [first, second] = [Redacted.make("cad_first"), Redacted.make("cad_second")];
      expect(yield* Bootstrap.isUntouched).toBe(true);
      expect(yield* Bootstrap.ensureAdminToken(first)).toBe(true);
      expect(yield* Bootstrap.isUntouched).toBe(false);
      expect(yield* identify(first)).toEqual({ id: "token:admin", scopes: new Set(["admin"]) });
      expect(yield* Bootstrap.ensureAdminToken(second)).toBe(false);
      expect(yield* Bootstrap.ensureAdminToken(first)).toBe(true);
      const store = yield* TokenStore;
      expect(yield* store.list).toHaveLength(1);
    }));

  test("makes none where there was a token, even a revoked one", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens;
      const { token } = yield* tokens.create(reader);
      yield* tokens.revoke(token.id);
      expect(yield* Bootstrap.ensureAdminToken(Redacted.make("cad_late"))).toBe(false);
    }));
});
