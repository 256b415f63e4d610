/**
 * The contract, on the catalog's own tokens and on those of an issuer.
 */
import { layerIdentity, layer as layerTokens, Tokens } from "@cadastre/core/Tokens";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { Caller } from "@cadastre/domain/Principal";
import { TokenStore } from "@cadastre/domain/TokenStore";
import * as Oidc from "@cadastre/identity/Oidc";
import * as Identifiers from "@cadastre/testing/Identifiers";
import * as Memory from "@cadastre/testing/memory/Memory";
import { identities } from "@cadastre/testing/suites/Identities";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { settingsOf, start } from "./support.ts";

const operator = Layer.succeed(Caller, {
  principal: { id: "token:admin", scopes: new Set(["admin"] as const) },
  requestId: "request-1",
  via: "rest",
});

identities(
  "the catalog's own tokens",
  Effect.gen(function* () {
    const context = yield* Layer.build(
      layerTokens.pipe(Layer.provideMerge(Layer.mergeAll(Memory.layer, Identifiers.layer, operator))),
    );
    const store = Context.get(context, TokenStore);
    let isReachable = true;
    const reached = TokenStore.of({
      ...store,
      findByHash: (hash) =>
        Effect.suspend(() =>
          isReachable ? store.findByHash(hash) : Effect.fail(new StoreUnavailable({ message: "gone" })),
        ),
    });
    return {
      provider: Layer.provide(layerIdentity, Layer.succeedContext(Context.add(context, TokenStore, reached))),
      issue: (scopes) =>
        Effect.gen(function* () {
          const { create } = yield* Tokens;
          const name = `someone with ${scopes.join()}`;
          const expiresAt = (yield* Clock.currentTimeMillis) + 60_000;
          const { secret } = yield* Effect.orDie(create({ name, scopes, expiresAt }));
          return { token: secret, id: `token:${name}` };
        }).pipe(Effect.provide(context)),
      slack: 0,
      fail: Effect.sync(() => {
        isReachable = false;
      }),
    };
  }),
);

identities(
  "an issuer's tokens",
  Effect.gen(function* () {
    const { issuer, own } = yield* start;
    const settings = settingsOf(issuer);
    return {
      provider: Layer.provide(Oidc.layer(settings), own),
      issue: (scopes) =>
        Effect.gen(function* () {
          const exp = (yield* Clock.currentTimeMillis) / 1000 + 60;
          const sub = `someone with ${scopes.join()}`;
          return { token: yield* issuer.sign({ sub, scope: scopes.join(" "), exp }), id: `oidc:${sub}` };
        }),
      slack: 30_000,
      fail: Effect.sync(() => {
        issuer.condition = "fails";
      }),
    };
  }),
);
