/**
 * What `token` and `whoami` do. Loaded when one of them runs.
 */
import type { WhoAmI } from "@cadastre/api/Tokens";
import * as Writer from "@cadastre/descriptors/Writer";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Connection from "../../Connection.ts";
import * as Failure from "../../Failure.ts";
import { definitions, printable } from "../../internal/text.ts";
import { Output } from "../../Output.ts";
import * as Tokens from "../../Tokens.ts";
import * as Options from "../Options.ts";
import type { Given } from "./connected.ts";
import * as commands from "./tokens.ts";

/** Runs what asks the daemon. */
const asking = <A, R>({ url, tokenFile, tokenCommand }: Given, effect: Effect.Effect<A, Failure.Failure, R>) =>
  Effect.flatMap(Options.configured({ url, tokenFile, tokenCommand }), (config) =>
    Effect.provide(effect, Layer.provideMerge(Tokens.layer, Connection.layer(config))),
  );

export const create = (given: Given & commands.Create) => asking(given, commands.create(given));

export const list = (given: Given & { readonly format: Options.Format }) => asking(given, commands.list(given));

export const revoke = (given: Given & { readonly which: string }) => asking(given, commands.revoke(given));

export const whoami = (given: Given & { readonly format: Options.Format }) =>
  asking(
    given,
    Effect.gen(function* () {
      const { line, write, style, width } = yield* Output;
      const { text, url } = yield* Connection.Connection;
      const answer = yield* Effect.mapError(text(HttpClientRequest.get("/v1/whoami")), Failure.from);
      // The daemon's own answer, of the type that the declaration gives.
      const caller = JSON.parse(answer) as typeof WhoAmI.Encoded;
      switch (given.format) {
        case "json":
          return yield* line(JSON.stringify(caller, undefined, 2));
        case "yaml":
          return yield* write(Writer.write(caller));
        case "name":
          return yield* line(printable(caller.id));
        case "table": {
          const facts = [
            ["caller", printable(caller.id)],
            ["scopes", caller.scopes.join(", ")],
            ["daemon", url],
          ] as const;
          return yield* line(definitions(facts, width ?? 100, style.dim));
        }
      }
    }),
  );
