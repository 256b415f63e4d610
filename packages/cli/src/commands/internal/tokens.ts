/**
 * What `token` and `admin token` do, wherever the tokens are kept.
 */
import * as Writer from "@cadastre/descriptors/Writer";
import type { Scope } from "@cadastre/domain/Principal";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import { printable } from "../../internal/text.ts";
import { Output } from "../../Output.ts";
import * as Table from "../../Table.ts";
import { type Shown, Tokens } from "../../Tokens.ts";
import type * as Options from "../Options.ts";
import { asOptions } from "./connected.ts";

export interface Create {
  readonly name: string;
  readonly scopes: ReadonlyArray<Scope>;
  readonly expires: Option.Option<string>;
}

export const create = ({ name, scopes, expires }: Create) =>
  Effect.gen(function* () {
    const { line, note } = yield* Output;
    const { create } = yield* Tokens;
    const now = yield* Clock.currentTimeMillis;
    const age = yield* Effect.transposeOption(Option.map(expires, ageOf));
    const expiresAt = Option.map(age, (millis) => ({ expiresAt: new Date(now + millis).toISOString() }));
    const { token, secret } = yield* create({ name, scopes, ...Option.getOrElse(expiresAt, () => ({})) }).pipe(
      Effect.mapError(asOptions),
    );
    yield* line(secret);
    yield* note(
      `${token.id} (${printable(token.name)}), ${token.expiresAt === undefined ? "without end" : `until ${token.expiresAt}`}. The token above is not shown again.`,
    );
  });

export const list = ({ format }: { readonly format: Options.Format }) =>
  Effect.gen(function* () {
    const output = yield* Output;
    const now = yield* Clock.currentTimeMillis;
    const all = yield* Effect.flatMap(Tokens, ({ list }) => Effect.mapError(list, Failure.from));
    const shown = all.map((token) => ({
      id: token.id,
      name: token.name,
      scopes: token.scopes,
      state: stateOf(token, now),
      createdAt: token.createdAt,
      expiresAt: token.expiresAt,
      lastUsedAt: token.lastUsedAt,
    }));
    switch (format) {
      case "json":
        return yield* output.line(JSON.stringify(shown, undefined, 2));
      case "yaml":
        return yield* output.write(Writer.write(shown));
      case "name":
        return yield* output.write(shown.map(({ id }) => `${id}\n`).join(""));
      case "table":
        if (shown.length === 0) return yield* output.note("There are no tokens.");
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
  });

export const revoke = ({ which }: { readonly which: string }) =>
  Effect.gen(function* () {
    const { line } = yield* Output;
    const { list, revoke } = yield* Tokens;
    const now = yield* Clock.currentTimeMillis;
    const all = yield* Effect.mapError(list, Failure.from);
    // Usable tokens do not share a name.
    const token = all.find((token) => token.id === which || (token.name === which && stateOf(token, now) === "good"));
    if (token === undefined) {
      return yield* new Failure.Failure({
        exit: ExitCode.notFound,
        message: `There is no token "${which}" that could be used.`,
        next: "The list of tokens has their names and ids (tok_…).",
      });
    }
    yield* Effect.mapError(revoke(token.id), Failure.from);
    yield* line(`revoked ${token.id} (${printable(token.name)})`);
  });

const stateOf = ({ revokedAt, expiresAt }: Shown, now: number): "good" | "revoked" | "expired" =>
  revokedAt !== undefined ? "revoked" : expiresAt === undefined || now < Date.parse(expiresAt) ? "good" : "expired";

const UNITS: { readonly [unit: string]: number } = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `30d` in milliseconds. */
const ageOf = (text: string): Effect.Effect<number, Failure.Failure> => {
  const [, digits, unit] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? [];
  const millis = UNITS[unit ?? ""];
  return digits === undefined || millis === undefined
    ? new Failure.Failure({
        exit: ExitCode.usage,
        message: `--expires takes a number of hours, days or weeks, such as 12h, 30d or 52w, not "${text}".`,
      })
    : Effect.succeed(Number(digits) * millis);
};
