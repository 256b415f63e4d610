/**
 * The server over SQLite, with or without limits of rates and checks of tokens: `node … <what> <database>`. Bundled, and run by
 * limits.mjs; the first line that it writes tells its port and a token.
 */

import { ensureAdminToken } from "@cadastre/core/Bootstrap";
import * as UseCases from "@cadastre/core/UseCases";
import { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import * as Expressions from "@cadastre/expressions/Expressions";
import * as Oidc from "@cadastre/identity/Oidc";
import * as Identifiers from "@cadastre/server/Identifiers";
import * as Server from "@cadastre/server/Server";
import * as Sqlite from "@cadastre/sqlite/Sqlite";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Redacted from "effect/Redacted";
import * as Issuer from "../../packages/testing/src/Issuer.ts";
import * as Callbacks from "../../packages/testing/src/memory/Callbacks.ts";
import * as Memory from "../../packages/testing/src/memory/Memory.ts";

const [, , what, filename] = process.argv;

/** Whoever comes is let in: what is left when the check of tokens is taken away. */
const anyone = Layer.succeed(IdentityProvider, {
  identify: () => Effect.succeed({ id: "token:bench", scopes: new Set(["admin"]) }),
});

const scopes = [{ scope: "admin", claim: "sub", value: undefined }];

const program = Effect.gen(function* () {
  const issuer = yield* Issuer.start;
  const token = Redacted.make("cad_of_the_bench");
  const stores = Layer.mergeAll(
    Sqlite.layer({ filename }),
    Memory.layerSpool,
    Identifiers.layer,
    Expressions.layer,
    Callbacks.layer,
  );
  const services = yield* Layer.build(Layer.provideMerge(UseCases.layer, stores));
  yield* Effect.provide(ensureAdminToken(token), services);
  const identity = {
    neither: anyone,
    rates: anyone,
    tokens: Layer.empty,
    jwt: Oidc.layer({
      ...{ issuer: issuer.url, audiences: [Issuer.AUDIENCE], algorithms: ["ES256"], nameClaim: "sub", scopes },
      clockSkew: Duration.seconds(30),
    }),
  }[what];
  const rates = what === "rates" ? { principal: { quota: 100_000_000, period: 10_000 } } : undefined;
  const context = yield* Layer.build(
    Server.layer({ host: "127.0.0.1", port: 0, version: "bench", rates }).pipe(
      Layer.provideMerge(identity),
      Layer.provide(Layer.succeedContext(services)),
    ),
  );
  const { port } = yield* Effect.provide(Server.ServerAddress, context);
  const bearer = what === "jwt" ? yield* issuer.sign() : token;
  process.stdout.write(`${JSON.stringify({ port, token: Redacted.value(bearer) })}\n`);
  return yield* Effect.never;
});

Effect.runFork(
  Effect.scoped(program).pipe(
    Effect.provide(Layer.mergeAll(Logger.remove(Logger.defaultLogger), Layer.setTracerEnabled(false))),
  ),
);
