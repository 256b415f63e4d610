/**
 * Options that several commands share.
 */
import * as HelpDoc from "@effect/cli/HelpDoc";
import * as CliOptions from "@effect/cli/Options";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Config from "../Config.ts";
import type { Failure } from "../Failure.ts";
import { EXAMPLES } from "../Help.ts";

/** Options that stand before any command. */
export class GlobalFlags extends Context.Reference<GlobalFlags>()("@cadastre/cli/GlobalFlags", {
  defaultValue: (): { readonly logLevel: string | undefined } => ({ logLevel: undefined }),
}) {}

/** An option that takes one of a few words. The command line refuses others, and completions offer these. */
export const word = <const Word extends string>(name: string, words: ReadonlyArray<Word>): CliOptions.Options<Word> =>
  CliOptions.choice(name, words);

const PLACEHOLDERS: { readonly [K in Config.Flagged]?: string } = {
  database: "PATH|URL",
  url: "URL",
  port: "PORT",
  tokenFile: "FILE",
  tokenCommand: "COMMAND",
};

/** The option by which a setting is given; its value is checked with those of the other sources. */
export const setting = (key: Exclude<Config.Flagged, "logLevel">): CliOptions.Options<Option.Option<string>> => {
  const { flag, variable, about } = Config.SETTINGS[key];
  const words = Config.wordsOf(key);
  const option: CliOptions.Options<string> =
    words.length > 0
      ? word(flag, words)
      : CliOptions.withPseudoName(CliOptions.text(flag), PLACEHOLDERS[key] ?? "VALUE");
  return option.pipe(CliOptions.withDescription(`${about} (${variable})`), CliOptions.optional);
};

export const database = {
  database: setting("database"),
  migrate: setting("migrate"),
  sqliteSynchronous: setting("sqliteSynchronous"),
};

export const connection = {
  url: setting("url"),
  tokenFile: setting("tokenFile"),
  tokenCommand: setting("tokenCommand"),
};

export const listening = {
  host: setting("host"),
  port: setting("port"),
  hostnames: setting("hostnames"),
  logFormat: setting("logFormat"),
  metrics: setting("metrics"),
};

export const agents = {
  mcpReadOnly: setting("mcpReadOnly"),
  mcpToolsets: setting("mcpToolsets"),
  mcpSessions: setting("mcpSessions"),
};

type Given = { readonly [K in Config.Flagged]?: Option.Option<string> };

/** The configuration for a command, its options applied. */
export const configured = (given: Given, beside = true): Effect.Effect<Config.Config, Failure> =>
  Effect.flatMap(GlobalFlags, ({ logLevel }) =>
    Config.load(
      {
        ...Object.fromEntries(
          Object.entries(given).flatMap(([key, value]) =>
            Option.isOption(value) && Option.isSome(value) ? [[key, value.value]] : [],
          ),
        ),
        logLevel,
      },
      beside,
    ),
  );

/** One of these that may be repeated. */
export const anyWord = <const Word extends string>(
  name: string,
  words: ReadonlyArray<Word>,
  about: string,
): CliOptions.Options<Array<Word>> =>
  word(name, words).pipe(CliOptions.withDescription(`${about}; may be repeated`), CliOptions.repeated);

/** An option that takes a whole number of 1 or more. */
export const count = (name: string): CliOptions.Options<number> =>
  CliOptions.text(name).pipe(
    CliOptions.withPseudoName("N"),
    CliOptions.filterMap(
      (given) => (/^[1-9]\d{0,8}$/.test(given) ? Option.some(Number(given)) : Option.none()),
      `--${name} must be a whole number of 1 or more`,
    ),
  );

export const text = (name: string, placeholder: string, about: string): CliOptions.Options<Option.Option<string>> =>
  CliOptions.text(name).pipe(
    CliOptions.withPseudoName(placeholder),
    CliOptions.withDescription(about),
    CliOptions.optional,
  );

/** An option that may be repeated. */
export const any = (name: string, placeholder: string, about: string): CliOptions.Options<Array<string>> =>
  CliOptions.text(name).pipe(
    CliOptions.withPseudoName(placeholder),
    CliOptions.withDescription(`${about}; may be repeated`),
    CliOptions.repeated,
  );

/** How many to show. */
export const limit = (about: string): CliOptions.Options<Option.Option<number>> =>
  count("limit").pipe(CliOptions.withDescription(about), CliOptions.optional);

export type Format = "table" | "json" | "yaml" | "name";

export const format: CliOptions.Options<Format> = word("output", ["json", "yaml", "name"]).pipe(
  CliOptions.withAlias("o"),
  CliOptions.withDescription("Print for programs; name: only what each is called by, one a line"),
  CliOptions.withDefault("table" as const),
);

/** For what has no references to name. */
export const dataFormat: CliOptions.Options<Exclude<Format, "name">> = word("output", ["json", "yaml"]).pipe(
  CliOptions.withAlias("o"),
  CliOptions.withDescription("Print for programs"),
  CliOptions.withDefault("table" as const),
);

export const flag = (name: string, about: string): CliOptions.Options<boolean> =>
  CliOptions.boolean(name).pipe(CliOptions.withDescription(about));

/** A description: one sentence for the list of commands, more for its own page, and examples. */
export const describe = (
  summary: string,
  more: ReadonlyArray<string>,
  examples: ReadonlyArray<string>,
): HelpDoc.HelpDoc =>
  HelpDoc.blocks([
    HelpDoc.p(summary),
    ...more.map((text) => HelpDoc.p(text)),
    ...(examples.length === 0 ? [] : [HelpDoc.h1(EXAMPLES), ...examples.map((text) => HelpDoc.p(text))]),
  ]);
