/**
 * An OpenID Connect issuer on this machine: as little of one as it takes to make tokens that are checked with its keys, and with
 * what can go wrong about it.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

/** `hangs`: it takes requests and never answers. */
export type Condition = "works" | "fails" | "hangs";

interface Pair {
  readonly kid: string;
  readonly alg: string;
  readonly secret: CryptoKey;
  readonly jwk: JWK;
}

export interface Issuer {
  /** As it stands in `iss`. */
  readonly url: string;
  condition: Condition;
  /** What it says of itself in its discovery document; its own URL unless that is set. */
  name: string;
  /** Times that its keys were asked for. */
  asked: number;
  /** Keys that it tells of beside its own. */
  readonly others: Array<JWK>;
  /** Takes a new key and tells of no other. */
  readonly rotate: (alg?: string) => Effect.Effect<void>;
  /** The key in use, as it tells of it. */
  readonly publicKey: () => JWK;
  /** A token of an hour with the claims, signed with the key in use; `header` may say other things. */
  readonly sign: (
    claims?: { readonly [claim: string]: unknown },
    header?: { readonly [name: string]: unknown },
  ) => Effect.Effect<Redacted.Redacted>;
}

export const AUDIENCE = "cadastre";

export const start: Effect.Effect<Issuer, never, Scope.Scope> = Effect.gen(function* () {
  let pair = yield* makePair("key-1", "ES256");
  let count = 1;
  const server = createServer((request, response) => {
    if (issuer.condition === "hangs") return;
    const answer = (body: object) => {
      response.writeHead(issuer.condition === "works" ? 200 : 500, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.url === "/.well-known/openid-configuration") {
      return answer({ issuer: issuer.name, jwks_uri: `${issuer.url}/keys` });
    }
    issuer.asked += 1;
    answer({ keys: [...issuer.others, pair.jwk] });
  });
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void));
        server.closeAllConnections();
      }),
  );
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // not a pipe

  const issuer: Issuer = {
    url,
    condition: "works",
    name: url,
    asked: 0,
    others: [],
    rotate: (alg = "ES256") =>
      Effect.suspend(() => {
        count += 1;
        return Effect.map(makePair(`key-${count}`, alg), (made) => {
          pair = made;
        });
      }),
    publicKey: () => pair.jwk,
    sign: (claims, header) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.promise(async () => {
          const at = Math.floor(now / 1000);
          const payload = { iss: url, aud: AUDIENCE, sub: "someone", iat: at, exp: at + 3600, ...claims };
          const made = new SignJWT(payload).setProtectedHeader({ alg: pair.alg, kid: pair.kid, ...header });
          const crit = Object.fromEntries([header?.["crit"] ?? []].flat().map((name) => [String(name), true]));
          return Redacted.make(await made.sign(pair.secret, { crit }));
        }),
      ),
  };
  return issuer;
});

const makePair = (kid: string, alg: string): Effect.Effect<Pair> =>
  Effect.promise(async () => {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    return { kid, alg, secret: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
  });
