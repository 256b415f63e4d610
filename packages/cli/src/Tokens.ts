/**
 * Tokens as the commands see them, in the shapes of the interface: kept by the daemon that is asked, or in a database
 * (`commands/internal/admin.ts`).
 */
import type { IssuedToken, Token, TokenInput, TokenList } from "@cadastre/api/Tokens";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Connection } from "./Connection.ts";
import type * as Failure from "./Failure.ts";

export type Shown = typeof Token.Encoded;

export class Tokens extends Context.Tag("@cadastre/cli/Tokens")<
  Tokens,
  {
    readonly create: (input: typeof TokenInput.Encoded) => Effect.Effect<typeof IssuedToken.Encoded, Failure.Any>;
    /** Revoked and expired ones too, oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<Shown>, Failure.Any>;
    readonly revoke: (id: Shown["id"]) => Effect.Effect<void, Failure.Any>;
  }
>() {}

export const layer: Layer.Layer<Tokens, never, Connection> = Layer.effect(
  Tokens,
  Effect.map(Connection, ({ text }) =>
    Tokens.of({
      create: (input) =>
        text(
          HttpClientRequest.post("/v1/tokens").pipe(
            HttpClientRequest.bodyText(JSON.stringify(input), "application/json"),
          ),
        ).pipe(Effect.map((it) => JSON.parse(it) as typeof IssuedToken.Encoded)),
      list: Effect.map(
        text(HttpClientRequest.get("/v1/tokens")),
        (it) => (JSON.parse(it) as typeof TokenList.Encoded).items,
      ),
      revoke: (id) => Effect.asVoid(text(HttpClientRequest.del(`/v1/tokens/${encodeURIComponent(id)}`))),
    }),
  ),
);
