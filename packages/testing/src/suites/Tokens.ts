import { TokenId } from "@cadastre/domain/Token";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Backend } from "../Backends.ts";
import { EPOCH, token } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `TokenStore`. */
export const tokens = (backend: Backend): void => {
  const { test } = tester(backend);
  const nobody = TokenId.make("tok_00000000-0000-7000-8000-ffffffffffff");

  describe(`TokenStore on ${backend.name}`, () => {
    test("a token is found by its hash, as it was inserted", () =>
      Effect.gen(function* () {
        const store = yield* TokenStore;
        const plain = token({ name: "Ünïcode 'n' \"all\"", scopes: [] });
        const full = token({
          scopes: ["catalog:read", "catalog:write", "admin"],
          expiresAt: EPOCH + 1,
          lastUsedAt: EPOCH + 2,
          revokedAt: EPOCH + 3,
        });
        yield* store.insert(plain);
        yield* store.insert(full);
        expect(yield* store.findByHash(plain.hash)).toEqual(Option.some(plain));
        expect(yield* store.findByHash(full.hash)).toEqual(Option.some(full));
        expect(yield* store.findByHash("0".repeat(64))).toEqual(Option.none());
      }));

    test("of many that would be the first at once, one is; and none where there was one, even a revoked one", () =>
      Effect.gen(function* () {
        const store = yield* TokenStore;
        const many = Array.from({ length: 10 }, () => token());
        const made = yield* Effect.forEach(many, store.insertFirst, { concurrency: "unbounded" });
        expect(made.filter((one) => one)).toHaveLength(1);
        const [first] = many.filter((_, i) => made[i]);
        expect(yield* store.list).toEqual([first]);
        yield* store.revoke(first?.id ?? nobody, EPOCH);
        expect(yield* store.insertFirst(token())).toBe(false);
        expect(yield* store.list).toHaveLength(1);
      }));

    test("all are listed, oldest first", () =>
      Effect.gen(function* () {
        const store = yield* TokenStore;
        const [young, old, revoked] = [
          token({ createdAt: EPOCH + 2 }),
          token({ createdAt: EPOCH }),
          token({ createdAt: EPOCH + 1, revokedAt: EPOCH + 9 }),
        ];
        yield* Effect.forEach([young, old, revoked], store.insert);
        expect(yield* store.list).toEqual([old, revoked, young]);
      }));

    test("a token stays revoked as of the first time", () =>
      Effect.gen(function* () {
        const store = yield* TokenStore;
        const [one, other] = [token(), token()];
        yield* store.insert(one);
        yield* store.insert(other);
        const revoked = Option.some({ ...one, revokedAt: EPOCH + 1 });
        expect(yield* store.revoke(one.id, EPOCH + 1)).toEqual(revoked);
        expect(yield* store.revoke(one.id, EPOCH + 2)).toEqual(revoked);
        expect(yield* store.findByHash(one.hash)).toEqual(revoked);
        expect(yield* store.findByHash(other.hash)).toEqual(Option.some(other));
        expect(yield* store.revoke(nobody, EPOCH)).toEqual(Option.none());
      }));

    test("the last use is noted, and nothing happens for a token that is not there", () =>
      Effect.gen(function* () {
        const store = yield* TokenStore;
        const one = token();
        yield* store.insert(one);
        yield* store.touch(one.id, EPOCH + 60_000);
        yield* store.touch(nobody, EPOCH);
        expect(yield* store.list).toEqual([{ ...one, lastUsedAt: EPOCH + 60_000 }]);
      }));

    test("inside a transaction its calls are part of it", () =>
      Effect.gen(function* () {
        const store = yield* TokenStore;
        const { transact } = yield* UnitOfWork;
        const [kept, dropped] = [token(), token()];
        yield* Effect.flip(transact(Effect.zipRight(store.insertFirst(dropped), Effect.fail("no"))));
        yield* store.insert(kept);
        yield* Effect.flip(
          transact(
            Effect.all([
              store.insert(dropped),
              store.revoke(kept.id, EPOCH),
              store.touch(kept.id, EPOCH),
              Effect.fail("no"),
            ]),
          ),
        );
        expect(yield* store.list).toEqual([kept]);
      }));
  });
};
