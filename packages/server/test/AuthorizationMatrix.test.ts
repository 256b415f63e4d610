/**
 * Everything that can be called, by everyone who might try: made from the declaration and from the list of tools, so that what
 * is added is in it.
 */
import { Api } from "@cadastre/api/Api";
import { type Access, accessOf } from "@cadastre/api/Authorization";
import { document } from "@cadastre/api/OpenApi";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { holds, Scope } from "@cadastre/domain/Principal";
import { TokenStore } from "@cadastre/domain/TokenStore";
import * as Oidc from "@cadastre/identity/Oidc";
import * as ScopeRule from "@cadastre/identity/ScopeRule";
import * as Tools from "@cadastre/mcp/Tools";
import { token } from "@cadastre/testing/Fixtures";
import * as Issuer from "@cadastre/testing/Issuer";
import * as HttpApi from "@effect/platform/HttpApi";
import { describe, expect, it } from "@effect/vitest";
import * as Arr from "effect/Array";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { SignJWT } from "jose";
import { component, type Running, start } from "./harness.ts";
import { rpc, tool } from "./mcp.ts";

/** As a client gets it: looked into as JSON. */
const spec = JSON.parse(JSON.stringify(document()));

interface Endpoint {
  readonly name: string;
  readonly method: string;
  /** With the examples of its parameters. */
  readonly path: string;
  readonly access: Access;
  readonly body: { readonly type: string; readonly text: string } | undefined;
}

const endpoints: Array<Endpoint> = [];
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: (declared) => {
    const { method, path: pattern } = declared.endpoint;
    const template = pattern.replace(/:(\w+)/g, "{$1}");
    const operation = spec.paths[template][method.toLowerCase()];
    const example = (name: string) => operation.parameters.find((it: { name: string }) => it.name === name).example;
    const [type, content] =
      Object.entries<{ schema: { $ref?: string } }>(operation.requestBody?.content ?? {})[0] ?? [];
    const schema = spec.components.schemas[content?.schema.$ref?.split("/").at(-1) ?? ""];
    endpoints.push({
      name: `${method} ${template}`,
      method,
      path: template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(example(name))),
      access: accessOf(declared),
      body: type === undefined ? undefined : { type, text: JSON.stringify(schema?.examples?.[0] ?? component("made")) },
    });
  },
});

/** Somebody who might try. No scopes: their credentials are no good. */
interface Caller {
  readonly name: string;
  readonly authorization: string;
  readonly scopes: ReadonlySet<Scope> | undefined;
}

const callersOf = (running: Running, issuer: Issuer.Issuer, foreign: Issuer.Issuer) =>
  Effect.gen(function* () {
    const store = Context.get(running.services, TokenStore);
    const { hash } = yield* Identifiers;
    const issue = (secret: string, more: Parameters<typeof token>[0]) =>
      Effect.as(store.insert(token({ hash: hash(secret), name: secret, ...more })), `Bearer ${secret}`);
    const sign = (...given: Parameters<Issuer.Issuer["sign"]>) =>
      Effect.map(issuer.sign(...given), (it) => `Bearer ${Redacted.value(it)}`);
    const everything = { scope: Scope.literals.join(" ") };
    const good = yield* sign(everything);
    const [header = "", payload = "", signature = ""] = good.slice("Bearer ".length).split(".");
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const secretly = (alg: string, key: Uint8Array) =>
      Effect.map(
        Effect.promise(() => new SignJWT(claims).setProtectedHeader({ alg, kid: "key-1" }).sign(key)),
        (it) => `Bearer ${it}`,
      );

    const refused = {
      "no token": "",
      "no token in the header": "Bearer",
      "another scheme": `Basic ${Buffer.from(`admin:${running.token}`).toString("base64")}`,
      "a token of nobody": `Bearer cad_${"x".repeat(43)}`,
      "an expired token": yield* issue("cad_expired", { scopes: ["admin"], expiresAt: 1 }),
      "a revoked token": yield* issue("cad_revoked", { scopes: ["admin"], revokedAt: 1 }),
      "an expired JWT": yield* sign({ ...everything, exp: 1 }),
      "a JWT that never expires": yield* sign({ ...everything, exp: undefined }),
      "a JWT that is not valid yet": yield* sign({ ...everything, nbf: 99_999_999_999 }),
      "a JWT for another audience": yield* sign({ ...everything, aud: "another" }),
      "a JWT for no audience": yield* sign({ ...everything, aud: undefined }),
      "a JWT of a foreign issuer": `Bearer ${Redacted.value(yield* foreign.sign(everything))}`,
      "a JWT of a foreign issuer in this one's name": `Bearer ${Redacted.value(yield* foreign.sign({ ...everything, iss: issuer.url }))}`,
      "a JWT in the name of another": yield* sign({ ...everything, iss: "https://issuer.example" }),
      "alg: none": `Bearer ${encode({ alg: "none" })}.${payload}.`,
      "alg: None, signed": `Bearer ${encode({ alg: "None", kid: "key-1" })}.${payload}.${signature}`,
      "the public key as a shared secret": yield* secretly(
        "HS256",
        new TextEncoder().encode(JSON.stringify(issuer.publicKey())),
      ),
      "a key that comes along": `Bearer ${encode({ alg: "ES256", jwk: foreign.publicKey() })}.${payload}.${signature}`,
      "an unknown key": yield* sign(everything, { kid: "key-9" }),
      "a tampered signature": `Bearer ${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
      "no signature": `Bearer ${header}.${payload}.`,
      "tampered claims": `Bearer ${header}.${encode({ ...claims, sub: "somebody else" })}.${signature}`,
      "a JWT that is too long": yield* sign({ ...everything, padding: "x".repeat(8_000) }),
    };
    const allowed = yield* Effect.forEach(Scope.literals, (scope) =>
      Effect.all([
        Effect.map(
          issue(`cad_${scope.replace(":", "_")}`, { scopes: [scope] }),
          (it) => [`a token with ${scope}`, it, scope] as const,
        ),
        Effect.map(sign({ scope }), (it) => [`a JWT with ${scope}`, it, scope] as const),
      ]),
    );
    const callers: ReadonlyArray<Caller> = [
      ...Object.entries(refused).map(([name, authorization]) => ({ name, authorization, scopes: undefined })),
      { name: "a JWT without a scope", authorization: yield* sign(), scopes: new Set() },
      ...allowed.flat().map(([name, authorization, scope]) => ({ name, authorization, scopes: new Set([scope]) })),
    ];
    return callers;
  }).pipe(Effect.provide(running.services));

const started = Effect.gen(function* () {
  const [issuer, foreign] = [yield* Issuer.start, yield* Issuer.start];
  const identity = Oidc.layer({
    issuer: issuer.url,
    audiences: [Issuer.AUDIENCE],
    algorithms: ["RS256", "ES256"],
    clockSkew: Duration.seconds(30),
    nameClaim: "sub",
    scopes: Arr.getRights(Scope.literals.map((scope) => ScopeRule.parse(`${scope} = scope ${scope}`))),
  });
  const running = yield* start({ limits: { stream: Duration.millis(20) } }, identity);
  yield* Effect.promise(() => running.call("POST", "/v1/entities", { json: component("payments") }));
  return { running, callers: yield* callersOf(running, issuer, foreign) };
});

const each = <A>(items: ReadonlyArray<A>, check: (item: A) => Effect.Effect<void>) =>
  Effect.forEach(items, check, { concurrency: 16, discard: true });

/** 401, 403, or undefined where the caller may. */
const verdict = (access: Access, { scopes }: Caller): number | undefined => {
  if (access === "open") return undefined;
  if (scopes === undefined) return 401;
  return access === "token" || holds({ id: "", scopes }, access) ? undefined : 403;
};

describe("of all who might call", () => {
  it.scopedLive("an endpoint serves exactly those who hold what it declares; the others change nothing", () =>
    Effect.gen(function* () {
      const { running, callers } = yield* started;
      const statusOf = ({ method, path, body }: Endpoint, { authorization }: Caller) =>
        Effect.map(
          Effect.promise(() =>
            running.call(method, path, {
              headers: { authorization, ...(body === undefined ? {} : { "content-type": body.type }) },
              ...(body === undefined ? {} : { body: body.text }),
            }),
          ),
          ({ status }) => status,
        );
      const pairs = endpoints.flatMap((endpoint) => callers.map((caller) => ({ endpoint, caller })));
      const before = yield* Effect.promise(running.contents);
      yield* each(pairs, ({ endpoint, caller }) =>
        Effect.gen(function* () {
          const expected = verdict(endpoint.access, caller);
          if (expected === undefined) return;
          expect(yield* statusOf(endpoint, caller), `${endpoint.name} with ${caller.name}`).toBe(expected);
        }),
      );
      expect(yield* Effect.promise(running.contents)).toBe(before);
      yield* each(pairs, ({ endpoint, caller }) =>
        Effect.gen(function* () {
          if (verdict(endpoint.access, caller) !== undefined) return;
          const status = yield* statusOf(endpoint, caller);
          const name = `${endpoint.name} with ${caller.name}: ${status}`;
          expect([401, 403], name).not.toContain(status);
          expect(status, name).toBeLessThan(500);
        }),
      );
      expect(pairs.length).toBeGreaterThan(1_000);
    }),
  );

  it.scopedLive("an agent sees and calls exactly the tools whose scope it holds", () =>
    Effect.gen(function* () {
      const { running, callers } = yield* started;
      const tools = yield* Effect.provide(Tools.make, running.services);
      expect(tools.length).toBeGreaterThan(10);
      const checked = Effect.fnUntraced(function* (caller: Caller) {
        const headers = { authorization: caller.authorization };
        const { status, result } = yield* Effect.promise(() => rpc(running, "tools/list", {}, { headers }));
        const mine = tools.filter(({ scope }) => verdict(scope ?? "token", caller) === undefined);
        expect(status, caller.name).toBe(caller.scopes === undefined ? 401 : 200);
        expect(result?.tools.map((it: { name: string }) => it.name) ?? [], caller.name).toEqual(
          mine.map(({ definition }) => definition.name),
        );
        for (const it of tools) {
          const { name } = it.definition;
          const reply = yield* Effect.promise(() => tool(running, name, {}, { headers }));
          const words = `${name} with ${caller.name}`;
          if (caller.scopes === undefined) expect(reply.status, words).toBe(401);
          else if (mine.includes(it)) expect(reply.result?.content, words).toBeDefined();
          else expect(reply.error?.message, words).toMatch(`There is no tool ${name} for this token`);
        }
      });
      yield* each(callers, checked);
    }),
  );
});
