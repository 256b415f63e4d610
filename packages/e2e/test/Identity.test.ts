import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as Issuer from "@cadastre/testing/Issuer";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";

it.scopedLive("a daemon that knows an issuer takes its tokens beside its own, and limits both, each by itself", () =>
  Effect.gen(function* () {
    const issuer = yield* Issuer.start;
    const home = yield* Program.home;
    const daemon = yield* Program.daemon(home, [], {
      env: {
        CADASTRE_OIDC_ISSUER: issuer.url,
        CADASTRE_OIDC_AUDIENCE: Issuer.AUDIENCE,
        CADASTRE_OIDC_SCOPES: "catalog:read = sub *, catalog:write = groups platform team",
        CADASTRE_RATE_LIMIT: "2/1h",
      },
    });
    const whoami = (token: string) =>
      Effect.map(Http.get({ url: daemon.url, token }, "/v1/whoami"), ({ status, text, headers }) => ({
        status,
        rate: headers["ratelimit"],
        ...JSON.parse(text),
      }));
    const signed = (claims: object) => Effect.map(issuer.sign({ ...claims }), Redacted.value);

    const someone = yield* signed({ groups: ["platform team"] });
    expect(yield* whoami(someone)).toEqual({
      status: 200,
      rate: '"principal";r=1;t=1800',
      id: "oidc:someone",
      scopes: ["catalog:read", "catalog:write"],
    });
    expect(yield* whoami(daemon.token)).toMatchObject({ status: 200, id: "token:admin" });
    expect(yield* whoami(someone)).toMatchObject({ status: 200, rate: '"principal";r=0;t=3600' });
    // Another token of the same holder is the same principal's.
    expect(yield* whoami(yield* signed({ jti: "another" }))).toMatchObject({ status: 429, code: "rate-limited" });
    expect(yield* whoami(yield* signed({ sub: "another" }))).toMatchObject({ status: 200, scopes: ["catalog:read"] });
    expect(yield* whoami(yield* signed({ aud: "mail" }))).toMatchObject({ status: 401, code: "unauthenticated" });

    const { stderr } = yield* Program.stop(daemon);
    expect(stderr).not.toContain(someone.slice(0, 40));
  }),
);
