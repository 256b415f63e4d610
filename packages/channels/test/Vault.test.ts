import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Vault } from "@cadastre/domain/Vault";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import * as Redacted from "effect/Redacted";
import * as VaultLayer from "../src/Vault.ts";

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "vault-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
);

const key = (byte: number) => Redacted.make(Buffer.alloc(32, byte));

const withKeys = (...keys: ReadonlyArray<Redacted.Redacted<Buffer>>) =>
  VaultLayer.layer({ keys, file: "/nowhere/key" });

const seal = (text: string, owner = "sub_1") =>
  Effect.flatMap(Vault, (vault) => vault.seal(Redacted.make(text), owner));

const open = (sealed: string, owner = "sub_1") =>
  Effect.flatMap(Vault, (vault) => Effect.map(vault.open(sealed, owner), Redacted.value));

describe("the vault", () => {
  it.effect.prop(
    "gives back what it sealed, to the same owner, in printable text that differs each time",
    [FastCheck.string({ unit: "grapheme" }), FastCheck.string()],
    ([text, owner]) =>
      Effect.gen(function* () {
        const sealed = yield* seal(text, owner);
        expect(yield* open(sealed, owner)).toBe(text);
        expect(sealed).toMatch(/^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]+$/);
        expect(yield* seal(text, owner)).not.toBe(sealed);
        expect(yield* Effect.flip(open(sealed, `${owner}x`))).toMatchObject({ _tag: "SecretsUnavailable" });
      }).pipe(Effect.provide(withKeys(key(1)))),
    { fastCheck: { numRuns: 50 }, timeout: 20_000 },
  );

  it.effect("opens nothing of which one bit was changed", () =>
    Effect.gen(function* () {
      const sealed = yield* seal("s");
      const [version, id, encoded = ""] = sealed.split(".");
      const bytes = Buffer.from(encoded, "base64url");
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const attempt = yield* Effect.either(open(`${version}.${id}.${changed.toString("base64url")}`));
        expect([bit, Either.isLeft(attempt)]).toEqual([bit, true]);
      }
      for (const text of ["", "v1", "v2.x.y", `v1.${id}.`, `v1.${id}.AAAA`, encoded]) {
        expect(yield* Effect.flip(open(text))).toMatchObject({ _tag: "SecretsUnavailable" });
      }
    }).pipe(Effect.provide(withKeys(key(1)))),
  );

  it.effect("opens with every key it has, and seals with the first", () =>
    Effect.gen(function* () {
      const old = yield* Effect.provide(seal("old"), withKeys(key(1)));
      const rotated = withKeys(key(2), key(1));
      expect(yield* Effect.provide(open(old), rotated)).toBe("old");
      const fresh = yield* Effect.provide(seal("new"), rotated);
      expect(yield* Effect.provide(open(fresh), withKeys(key(2)))).toBe("new");
      const refused = yield* Effect.flip(Effect.provide(open(old), withKeys(key(2))));
      expect(refused.message).toContain(`the key ${old.split(".")[1]} that sealed a secret is not at hand`);
    }),
  );

  it.effect("makes no key where there is no file for it, and says what to set", () =>
    Effect.gen(function* () {
      const vault = VaultLayer.layer({ keys: [], file: undefined });
      const sealed = yield* Effect.provide(seal("s"), withKeys(key(1)));
      for (const use of [seal("s"), open(sealed)]) {
        expect((yield* Effect.flip(Effect.provide(use, vault))).message).toContain("set CADASTRE_VAULT_KEY");
      }
    }),
  );

  it.scoped("makes a key when it is first needed, for its user alone, and the same for all who start at once", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      const file = join(path, "callback-key");
      const vault = () => VaultLayer.layer({ keys: [], file });
      const missing = yield* Effect.flip(Effect.provide(open("v1.0000000000000000.AAAA".padEnd(80, "A")), vault()));
      expect(missing.message).toContain(file);
      expect(readdirSync(path)).toEqual([]); // nothing was sealed yet, and to open makes no key
      const sealed = yield* Effect.all(
        Array.from({ length: 10 }, (_, i) => Effect.provide(seal(`${i}`), vault())),
        { concurrency: "unbounded" },
      );
      expect(readdirSync(path)).toEqual(["callback-key"]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      for (const [i, text] of sealed.entries()) expect(yield* Effect.provide(open(text), vault())).toBe(`${i}`);
      // A key put before it seals from then on, and what was sealed still opens.
      writeFileSync(file, `${Buffer.alloc(32, 7).toString("base64")}\n${readFileSync(file, "utf8")}`);
      const later = yield* Effect.provide(seal("later"), vault());
      expect(later.split(".")[1]).not.toBe(sealed[0]?.split(".")[1]);
      expect(yield* Effect.provide(open(sealed[3] ?? ""), vault())).toBe("3");
    }),
  );

  it.scoped("says what is wrong with its file", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      const file = join(path, "callback-key");
      for (const text of ["", "short", `${Buffer.alloc(32).toString("base64")}\nxx`]) {
        writeFileSync(file, text);
        const fault = yield* Effect.flip(Effect.provide(seal("x"), VaultLayer.layer({ keys: [], file })));
        expect(fault.message).toBe(`${file} must hold a key a line: 32 bytes, in base64`);
      }
      const within = join(file, "key");
      const nowhere = yield* Effect.flip(Effect.provide(seal("x"), VaultLayer.layer({ keys: [], file: within })));
      expect(nowhere).toMatchObject({ _tag: "SecretsUnavailable", message: `cannot read ${within} (ENOTDIR)` });
    }),
  );

  it("takes keys of 32 bytes, hexadecimal or in either base64", () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i));
    for (const text of [bytes.toString("hex"), bytes.toString("base64"), bytes.toString("base64url")]) {
      expect(Either.map(VaultLayer.parseKey(text), (key) => Redacted.value(key).equals(bytes))).toEqual(
        Either.right(true),
      );
    }
    for (const text of ["", "x", bytes.toString("hex").slice(1), bytes.subarray(1).toString("base64")]) {
      expect(Either.isLeft(VaultLayer.parseKey(text))).toBe(true);
    }
  });
});
