/**
 * What `admin token` does.
 */

import { Tokens } from "@cadastre/core/Tokens";
import * as Writer from "@cadastre/descriptors/Writer";
import { Scope } from "@cadastre/domain/Principal";
import { isUsable, TokenId } from "@cadastre/domain/Token";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import * as Local from "../../Local.ts";
import { Output } from "../../Output.ts";
import * as Table from "../../Table.ts";
import type * as Options from "../Options.ts";
import { type Given, onDatabase } from "./database.ts";

interface Create extends Given {
  readonly name: string;
  readonly scopes: ReadonlyArray<string>;
  readonly expires: Option.Option<string>;
}

export const createToken = (given: Create) =>
  onDatabase(given, () =>
    Effect.gen(function* () {
      const { line, note } = yield* Output;
      const tokens = yield* Tokens;
      const scopes = yield* Effect.mapError(Schema.decodeUnknown(Schema.Array(Scope))(given.scopes), () =>
        wrong(`A scope is one of: ${Scope.literals.join(", ")}.`),
      );
      const now = yield* Clock.currentTimeMillis;
      const age = yield* Effect.transposeOption(Option.map(given.expires, ageOf));
      const { token, secret } = yield* tokens
        .create({
          name: given.name,
          scopes,
          expiresAt: Option.getOrUndefined(Option.map(age, (millis) => now + millis)),
        })
        .pipe(Local.asOperator("cli"), Effect.mapError(Failure.ofDomain));
      yield* line(Redacted.value(secret));
      yield* note(
        `${token.id} (${token.name}), ${token.expiresAt === undefined ? "without end" : `until ${at(token.expiresAt)}`}. The token above is not shown again.`,
      );
    }),
  );

export const listTokens = (given: Given & { readonly format: Options.Format }) =>
  onDatabase(given, () =>
    Effect.gen(function* () {
      const output = yield* Output;
      const now = yield* Clock.currentTimeMillis;
      const list = yield* Effect.flatMap(Tokens, (tokens) => tokens.list).pipe(
        Local.asOperator("cli"),
        Effect.mapError(Failure.ofDomain),
      );
      const shown = list.map((token) => ({
        id: token.id,
        name: token.name,
        scopes: token.scopes,
        state: token.revokedAt !== undefined ? "revoked" : isUsable(token, now) ? "good" : "expired",
        createdAt: at(token.createdAt),
        expiresAt: at(token.expiresAt),
        lastUsedAt: at(token.lastUsedAt),
      }));
      switch (given.format) {
        case "json":
          return yield* output.line(JSON.stringify(shown, undefined, 2));
        case "yaml": {
          return yield* output.write(Writer.write(shown));
        }
        case "name":
          return yield* output.write(shown.map(({ id }) => `${id}\n`).join(""));
        case "table":
          return yield* output.write(
            Table.render(
              ["ID", "NAME", "STATE", "SCOPES", "EXPIRES", "LAST USED"],
              shown.map(({ id, name, state, scopes, expiresAt, lastUsedAt }) => [
                id,
                name,
                state,
                scopes.join(","),
                expiresAt?.slice(0, 10) ?? "never",
                lastUsedAt?.slice(0, 10) ?? "never",
              ]),
              { ...output, keep: [0] },
            ),
          );
      }
    }),
  );

export const revokeToken = (given: Given & { readonly id: string }) =>
  onDatabase(given, () =>
    Effect.gen(function* () {
      const { line } = yield* Output;
      const id = yield* Effect.mapError(Schema.decodeUnknown(TokenId)(given.id), () =>
        wrong(`"${given.id}" is not the id of a token: one begins with tok_, as \`admin token list\` shows it.`),
      );
      const token = yield* Effect.flatMap(Tokens, (tokens) => tokens.revoke(id)).pipe(
        Local.asOperator("cli"),
        Effect.mapError(Failure.ofDomain),
      );
      yield* line(`revoked ${token.id} (${token.name})`);
    }),
  );

const UNITS: { readonly [unit: string]: number } = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `30d` in milliseconds. */
const ageOf = (text: string): Effect.Effect<number, Failure.Failure> => {
  const [, digits, unit] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? [];
  const millis = UNITS[unit ?? ""];
  return digits === undefined || millis === undefined
    ? wrong(`--expires takes a number of hours, days or weeks, such as 12h, 30d or 52w, not "${text}".`)
    : Effect.succeed(Number(digits) * millis);
};

const at = <T extends number | undefined>(millis: T) =>
  (millis === undefined ? undefined : new Date(millis).toISOString()) as T extends number ? string : string | undefined;

const wrong = (message: string) => new Failure.Failure({ exit: ExitCode.usage, message });
