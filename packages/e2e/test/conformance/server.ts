/**
 * The server of the product in this process, so that it can be given another surface.
 */
import { ensureAdminToken } from "@cadastre/core/Bootstrap";
import * as UseCases from "@cadastre/core/UseCases";
import * as Expressions from "@cadastre/expressions/Expressions";
import * as Identifiers from "@cadastre/server/Identifiers";
import type { Settings } from "@cadastre/server/Mcp";
import * as Server from "@cadastre/server/Server";
import * as Callbacks from "@cadastre/testing/memory/Callbacks";
import * as Memory from "@cadastre/testing/memory/Memory";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Redacted from "effect/Redacted";

export const serve = Effect.fnUntraced(function* (mcp: Settings) {
  const stores = Layer.mergeAll(Memory.layer, Memory.layerSpool, Identifiers.layer, Expressions.layer, Callbacks.layer);
  const services = yield* Layer.build(UseCases.layer.pipe(Layer.provideMerge(stores)));
  const token = "cad_of_the_suite";
  yield* Effect.provide(ensureAdminToken(Redacted.make(token)), services);
  const built = yield* Layer.build(
    Server.layer({ host: "127.0.0.1", port: 0, version: "1.2.3", mcp }).pipe(
      Layer.provide(Layer.succeedContext(services)),
      Layer.provide(Logger.remove(Logger.defaultLogger)),
    ),
  );
  return { url: Context.get(built, Server.ServerAddress).url, token };
});
