/**
 * The `CallbackChannel` port: webhooks, ServiceNow, chat.
 */
import { CallbackChannel } from "@cadastre/domain/CallbackChannel";
import * as Module from "@cadastre/domain/Module";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import type { Options } from "./internal/adapters.ts";

export type { Options };

const adapters = Module.lazy(() => import("./internal/adapters.ts"));

/** Loaded with the first callback; connections are closed with the layer. */
export const layer = (options: Options): Layer.Layer<CallbackChannel> =>
  Layer.scoped(
    CallbackChannel,
    Effect.gen(function* () {
      const scope = yield* Effect.scope;
      const made = yield* Effect.cached(
        // Uninterruptible: else the one who asks first and gives up would spoil it for all.
        Effect.uninterruptible(
          Effect.flatMap(adapters, ({ make }) => Effect.provideService(make(options), Scope.Scope, scope)),
        ),
      );
      return {
        check: (channel, secrets) => Effect.flatMap(made, (channels) => channels.check(channel, secrets)),
        deliver: (channel, secrets, callback) =>
          Effect.flatMap(made, (channels) => channels.deliver(channel, secrets, callback)),
      };
    }),
  );
