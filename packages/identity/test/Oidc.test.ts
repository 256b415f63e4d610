import { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import { isConfidential, isIssuer } from "@cadastre/identity/IssuerUrl";
import * as Oidc from "@cadastre/identity/Oidc";
import * as Issuer from "@cadastre/testing/Issuer";
import { describe, expect, it } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as TestClock from "effect/TestClock";
import { SignJWT } from "jose";
import { rules, settingsOf, start } from "./support.ts";

/** The provider of an issuer that has told its keys. */
const started = (more: (issuer: Issuer.Issuer) => Partial<Oidc.Settings> = () => ({})) =>
  Effect.gen(function* () {
    const { issuer, own } = yield* start;
    const context = yield* Layer.build(Layer.provide(Oidc.layer(settingsOf(issuer, more(issuer))), own));
    const { identify } = Context.get(context, IdentityProvider);
    const refused = (token: Redacted.Redacted) =>
      Effect.map(Effect.flip(identify(token)), ({ _tag, message }) => `${_tag}: ${message}`);
    return { issuer, identify, refused };
  });

/** The signed token with another header, signed by nobody. */
const withHeader = (token: Redacted.Redacted, header: object): Redacted.Redacted => {
  const [, ...rest] = Redacted.value(token).split(".");
  return Redacted.make([Buffer.from(JSON.stringify(header)).toString("base64url"), ...rest].join("."));
};

describe("tokens of an issuer", () => {
  it.scoped("are taken beside the catalog's own", () =>
    Effect.gen(function* () {
      const { issuer, identify } = yield* started();
      expect((yield* identify(yield* issuer.sign({ scope: "openid catalog:read" }))).id).toBe("oidc:someone");
      expect((yield* identify(Redacted.make("cad_own"))).id).toBe("token:own");
    }),
  );

  it.scoped("are refused that are not signed by its key", () =>
    Effect.gen(function* () {
      const { issuer, refused } = yield* started();
      const other = yield* Issuer.start;
      const good = yield* issuer.sign({ scope: "admin" });
      const [header = "", payload = "", signature = ""] = Redacted.value(good).split(".");
      const more = Buffer.from(payload, "base64url").toString().replace("catalog:read", "admin").replace("1h", "");
      const publicKey = new TextEncoder().encode(JSON.stringify(issuer.publicKey()));
      const confused = yield* Effect.promise(() =>
        new SignJWT({ iss: issuer.url, aud: Issuer.AUDIENCE, sub: "x", scope: "admin", exp: 9_999_999_999 })
          .setProtectedHeader({ alg: "HS256", kid: "key-1" })
          .sign(publicKey),
      );
      const wrong = {
        "of another issuer": yield* other.sign({ scope: "admin" }),
        "of another issuer, with this one's name": yield* other.sign({ iss: issuer.url, scope: "admin" }),
        "of nobody": withHeader(good, { alg: "none" }),
        "of nobody, without a signature": Redacted.make(
          `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`,
        ),
        "of the public key as a secret": Redacted.make(confused),
        "with a key of its own": withHeader(good, { alg: "ES256", jwk: issuer.publicKey() }),
        "with keys from elsewhere": withHeader(good, { alg: "ES256", kid: "key-1", jku: `${other.url}/keys` }),
        "with other claims": Redacted.make(`${header}.${Buffer.from(`${more} `).toString("base64url")}.${signature}`),
        "with another signature": Redacted.make(
          `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
        ),
        "without a signature": Redacted.make(`${header}.${payload}.`),
        "in an algorithm that is not allowed": withHeader(good, { alg: "ES384", kid: "key-1" }),
        "that demand what is not known": yield* issuer.sign(
          { scope: "admin" },
          { crit: ["unheard-of"], "unheard-of": 1 },
        ),
        encrypted: Redacted.make(`${Redacted.value(good)}.a.b`),
      };
      for (const [name, token] of Object.entries(wrong)) {
        expect(yield* refused(token), name).toBe("Unauthenticated: no valid token");
      }
    }),
  );

  it.scoped("are refused that are meant for others, have expired or begin later, and told so", () =>
    Effect.gen(function* () {
      const { issuer, identify, refused } = yield* started(() => ({ audiences: ["cadastre", "catalog"] }));
      expect(yield* refused(yield* issuer.sign({ aud: "mail" }))).toMatch(/audience/);
      expect(yield* refused(yield* issuer.sign({ aud: undefined }))).toMatch(/audience/);
      expect(yield* refused(yield* issuer.sign({ exp: undefined }))).toBe("Unauthenticated: no valid token");
      expect(yield* refused(yield* issuer.sign({ iss: `${issuer.url}/` }))).toBe("Unauthenticated: no valid token");
      yield* identify(yield* issuer.sign({ aud: ["mail", "catalog"] }));
      yield* TestClock.setTime(1_000_000);
      yield* identify(yield* issuer.sign({ exp: 1_000 - 29, nbf: 1_000 + 30 }));
      expect(yield* refused(yield* issuer.sign({ exp: 1_000 - 30 }))).toMatch(/expired/);
      expect(yield* refused(yield* issuer.sign({ nbf: 1_000 + 31 }))).toMatch(/not valid yet/);
    }),
  );

  it.scoped("name their holder by the claim that is set, if that can stand in history", () =>
    Effect.gen(function* () {
      const { issuer, identify, refused } = yield* started(() => ({ nameClaim: "email" }));
      expect((yield* identify(yield* issuer.sign({ email: "someone@example.com" }))).id).toBe(
        "oidc:someone@example.com",
      );
      for (const email of [undefined, "", " a", "a\nb", "a\u202eb", 7, ["a"], "x".repeat(256)]) {
        expect(yield* refused(yield* issuer.sign({ email }))).toMatch(/claim email/);
      }
    }),
  );

  it.scoped("have the scopes that the rules give to their claims, and no others", () =>
    Effect.gen(function* () {
      const { issuer, identify } = yield* started(() => ({
        scopes: rules(
          "catalog:read = sub *",
          "catalog:write = groups platform team",
          "callbacks:manage = realm_access.roles operator",
          "admin = https://example.com/admin true",
        ),
      }));
      const scopes = (claims: object) =>
        Effect.flatMap(issuer.sign({ ...claims }), (token) =>
          Effect.map(identify(token), (principal) => [...principal.scopes].join(" ")),
        );
      expect(yield* scopes({ scope: "admin", groups: ["team"] })).toBe("catalog:read");
      expect(yield* scopes({ groups: ["a", "platform team"] })).toBe("catalog:read catalog:write");
      expect(yield* scopes({ groups: "platform team" })).toBe("catalog:read catalog:write");
      expect(yield* scopes({ realm_access: { roles: ["operator"] } })).toBe("catalog:read callbacks:manage");
      expect(yield* scopes({ "https://example.com/admin": true })).toBe("catalog:read admin");
      expect(yield* scopes({ groups: { "platform team": true }, realm_access: "operator" })).toBe("catalog:read");
      expect(yield* scopes({ toString: "x", constructor: { name: "x" } })).toBe("catalog:read");
    }),
  );
});

describe("the keys of an issuer", () => {
  it.scoped("are fetched once for all who ask at once, and again for a key that is not known", () =>
    Effect.gen(function* () {
      const { issuer, identify, refused } = yield* started();
      const tokens = yield* Effect.all(Array.from({ length: 10 }, (_, n) => issuer.sign({ sub: `s${n}` })));
      yield* Effect.forEach(tokens, identify, { concurrency: "unbounded" });
      expect(issuer.asked).toBe(1);

      yield* issuer.rotate("RS256");
      const rotated = yield* issuer.sign();
      // Within the cooldown nobody asks, however many wrong keys are named.
      expect(yield* refused(rotated)).toBe("Unauthenticated: no valid token");
      for (const kid of ["a", "b", "c"]) expect(yield* refused(yield* issuer.sign({}, { kid }))).toMatch(/^Unauth/);
      expect(issuer.asked).toBe(1);
      yield* TestClock.adjust("30 seconds");
      expect((yield* identify(rotated)).id).toBe("oidc:someone");
      expect(yield* refused(yield* issuer.sign({}, { kid: "key-9" }))).toBe("Unauthenticated: no valid token");
      expect(issuer.asked).toBe(2);
    }),
  );

  it.scoped("that were withdrawn are good for ten minutes more, and tokens that were seen for one after that", () =>
    Effect.gen(function* () {
      const { issuer, identify, refused } = yield* started();
      const old = yield* issuer.sign({ exp: 100_000 });
      yield* identify(old);
      yield* issuer.rotate();
      yield* TestClock.adjust("10 minutes");
      yield* identify(old);
      // What needs the new key waits for it.
      yield* identify(yield* issuer.sign({ exp: 100_000 }));
      expect(issuer.asked).toBe(2);
      yield* identify(old);
      yield* TestClock.adjust("1 minute");
      expect(yield* refused(old)).toBe("Unauthenticated: no valid token");
    }),
  );

  it.scoped("outlive an outage of a day; then, and where there were none, nobody can tell who calls", () =>
    Effect.gen(function* () {
      const { issuer, identify, refused } = yield* started();
      const token = yield* issuer.sign({ exp: 1_000_000 });
      yield* identify(token);
      issuer.condition = "fails";
      yield* TestClock.adjust("23 hours");
      expect((yield* identify(token)).id).toBe("oidc:someone");
      // Whether this key is one of its own is known to the issuer alone.
      yield* issuer.rotate();
      expect(yield* refused(yield* issuer.sign())).toMatch(/^IdentityUnavailable/);
      yield* TestClock.adjust("1 hour");
      expect(yield* refused(token)).toMatch(/^IdentityUnavailable: .*http:\/\/127/);
      issuer.condition = "works";
      expect(yield* refused(token)).toMatch(/^IdentityUnavailable/);
      yield* TestClock.adjust("5 seconds");
      expect(yield* refused(token)).toMatch(/^Unauthenticated/);
      yield* identify(yield* issuer.sign());
    }),
  );

  it.scoped("are not waited for longer than five seconds, by as many as may ask", () =>
    Effect.gen(function* () {
      const { issuer, own } = yield* start;
      issuer.condition = "hangs";
      const context = yield* Layer.build(Layer.provide(Oidc.layer(settingsOf(issuer)), own));
      const { identify } = Context.get(context, IdentityProvider);
      const tokens = yield* Effect.all(Array.from({ length: 5 }, (_, n) => issuer.sign({ sub: `s${n}` })));
      const waiting = yield* Effect.fork(Effect.forEach(tokens, (it) => Effect.flip(identify(it)), { concurrency: 5 }));
      yield* TestClock.adjust("5 seconds");
      expect((yield* Fiber.join(waiting)).map(({ _tag }) => _tag)).toEqual(Array(5).fill("IdentityUnavailable"));
      expect((yield* identify(Redacted.make("cad_own"))).id).toBe("token:own");
    }),
  );

  it.scoped("are not taken from who calls itself otherwise, nor from an open line", () =>
    Effect.gen(function* () {
      const { issuer, own } = yield* start;
      issuer.name = "https://issuer.example";
      const context = yield* Layer.build(Layer.provide(Oidc.layer(settingsOf(issuer)), own));
      const { identify } = Context.get(context, IdentityProvider);
      expect(yield* Effect.flip(identify(yield* issuer.sign()))).toMatchObject({
        _tag: "IdentityUnavailable",
        message: expect.stringContaining('calls itself "https://issuer.example"'),
      });
      for (const url of ["http://issuer.example/keys", "http://127.0.0.1.example/", "file:///etc/passwd", "keys"]) {
        expect(isConfidential(url), url).toBe(false);
        expect(isIssuer(url), url).toBe(false);
      }
    }),
  );

  it.scoped("of other kinds than the allowed ones are passed over", () =>
    Effect.gen(function* () {
      const { issuer, identify, refused } = yield* started();
      issuer.others.push(
        { kty: "oct", k: "c2VjcmV0", kid: "key-1", alg: "HS256" },
        { kty: "unheard-of", kid: "key-1" },
      );
      expect((yield* identify(yield* issuer.sign())).id).toBe("oidc:someone");
      const secret = yield* Effect.promise(() =>
        new SignJWT({ iss: issuer.url, aud: Issuer.AUDIENCE, sub: "x", exp: 9_999_999_999 })
          .setProtectedHeader({ alg: "HS256", kid: "key-1" })
          .sign(Buffer.from("secret".padEnd(32))),
      );
      expect(yield* refused(Redacted.make(secret))).toBe("Unauthenticated: no valid token");
    }),
  );
});
