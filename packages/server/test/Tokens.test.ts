import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { component, start } from "./harness.ts";

describe("tokens over HTTP", () => {
  it.scopedLive("are issued once, listed without their secret, bound to their scopes, and revoked", () =>
    Effect.gen(function* () {
      const { call, token } = yield* start();
      const expiresAt = "2999-01-01T00:00:00.000Z";
      const issued = yield* Effect.promise(() =>
        call("POST", "/v1/tokens", { json: { name: "ci", scopes: ["catalog:read"], expiresAt } }),
      );
      expect(issued.status).toBe(201);
      expect(issued.headers.get("cache-control")).toBe("no-store");
      expect(issued.headers.get("location")).toBe(`/v1/tokens/${issued.body.token.id}`);
      expect(issued.body.secret).toMatch(/^cad_[\w-]{43}$/);
      expect(issued.body.token).toMatchObject({ name: "ci", scopes: ["catalog:read"], expiresAt });

      const listed = yield* Effect.promise(() => call("GET", "/v1/tokens"));
      expect(listed.body.items.map(({ name }: { name: string }) => name)).toEqual(["admin", "ci"]);
      for (const secret of [token, issued.body.secret]) expect(listed.text).not.toContain(secret);
      expect(listed.text).not.toContain("hash");

      const headers = { authorization: `bearer ${issued.body.secret}` };
      const whoami = yield* Effect.promise(() => call("GET", "/v1/whoami", { headers }));
      expect(whoami.body).toEqual({ id: "token:ci", scopes: ["catalog:read"] });
      const denied = yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("a"), headers }));
      expect(denied).toMatchObject({ status: 403, body: { code: "permission-denied", scope: "catalog:write" } });

      const revoked = yield* Effect.promise(() => call("DELETE", `/v1/tokens/${issued.body.token.id}`));
      expect(revoked.status).toBe(204);
      const after = yield* Effect.promise(() => call("GET", "/v1/tokens"));
      expect(after.body.items[1].revokedAt).toMatch(/^\d{4}-/);
    }),
  );

  it.scopedLive("that are missing or wrong are answered with a challenge", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      for (const authorization of ["", "Bearer cad_wrong"]) {
        const reply = yield* Effect.promise(() => call("GET", "/v1/whoami", { headers: { authorization } }));
        expect(reply).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
        expect(reply.headers.get("www-authenticate")).toMatch(/^Bearer/);
      }
    }),
  );
});
