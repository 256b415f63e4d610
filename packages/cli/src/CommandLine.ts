/**
 * From the words of the command line to what is asked for.
 *
 * `@effect/cli` declares and parses the commands. What it leaves to chance is settled here, before its parser sees the
 * words: options may stand anywhere, `--name=value` works for every option, an option that does not exist is named
 * instead of being taken for an argument, and help and version are ours to print.
 */
import type * as CliConfig from "@effect/cli/CliConfig";
import * as CommandDescriptor from "@effect/cli/CommandDescriptor";
import type * as Usage from "@effect/cli/Usage";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Config from "./Config.ts";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";
import { closest } from "./internal/closest.ts";

export type Command = CommandDescriptor.Command<unknown>;

/** A command and the words that lead to it. */
export interface Place {
  readonly path: ReadonlyArray<string>;
  readonly command: Command;
}

export type Invocation =
  | { readonly _tag: "Help"; readonly place: Place }
  | { readonly _tag: "Version" }
  | {
      readonly _tag: "Run";
      /** In the order that the parser wants: path, options, `--`, arguments. */
      readonly words: ReadonlyArray<string>;
      readonly place: Place;
      readonly logLevel: string | undefined;
    };

/** Options that every command takes. */
export const GLOBAL: ReadonlyArray<readonly [label: string, about: string]> = [
  ["-h, --help", "Show this help"],
  ["--version", "Show the version"],
  ["--log-level LEVEL", Config.SETTINGS.logLevel.about],
];

export const PARSER: CliConfig.CliConfig = {
  isCaseSensitive: true,
  autoCorrectLimit: 0,
  finalCheckBuiltIn: false,
  showAllNames: true,
  showBuiltIns: false,
  showTypes: true,
};

/** The program, for what is made of all its commands. */
export class Root extends Context.Tag("@cadastre/cli/Root")<Root, Place>() {}

const CHILDREN = new WeakMap<Command, ReadonlyMap<string, Command>>();

/** Notes the commands of a command: `@effect/cli` forgets theirs when it is asked for them. */
export const withChildren = <Parent extends { readonly descriptor: Command }>(
  parent: Parent,
  children: ReadonlyArray<{ readonly descriptor: Command }>,
): Parent => {
  CHILDREN.set(
    parent.descriptor,
    new Map(
      children.flatMap(({ descriptor }) =>
        [...CommandDescriptor.getNames(descriptor)].map((name) => [name, descriptor]),
      ),
    ),
  );
  return parent;
};

export const subcommands = (command: Command): ReadonlyMap<string, Command> => CHILDREN.get(command) ?? new Map();

export const interpret = (
  root: Command,
  name: string,
  line: ReadonlyArray<string>,
): Effect.Effect<Invocation, Failure> =>
  Effect.gen(function* () {
    let place: Place = { path: [name], command: root };
    let { options } = usesOf(place.command);
    let logLevel: string | undefined;
    const chosen: Array<string> = [];
    const positional: Array<string> = [];
    const given = new Set<Use>();
    const [start = ""] = line;
    const words = start === "help" ? [...line.slice(1), "--help"] : start === "version" ? ["--version"] : [...line];

    while (words.length > 0) {
      const word = words.shift() as string;
      if (word === "--") {
        positional.push(...words.splice(0));
      } else if (!word.startsWith("-") || word === "-") {
        const child = positional.length === 0 ? subcommands(place.command).get(word) : undefined;
        if (child === undefined) positional.push(word);
        else {
          place = { path: [...place.path, word], command: child };
          ({ options } = usesOf(child));
        }
      } else {
        const [option, inline] = split(word);
        if (option === "--help" || option === "-h") {
          const [stranger] = subcommands(place.command).size > 0 ? positional : [];
          return stranger === undefined ? { _tag: "Help", place } : yield* unknownCommand(place, stranger);
        }
        if (option === "--version") return { _tag: "Version" };
        const known = options.get(option);
        if (known === undefined) return yield* unknownOption(place, option, [...options.keys()]);
        if (!known.mayRepeat && given.has(known)) return yield* usage(place, `${option} is given twice.`);
        given.add(known);
        if (!known.takesValue) {
          if (inline !== undefined) return yield* usage(place, `${option} takes no value.`);
          chosen.push(option);
          continue;
        }
        const value = inline ?? words.shift();
        if (value === undefined) {
          const words = known.words.length === 0 ? "" : `: ${known.words.join(", ")}`;
          return yield* usage(place, `${option} needs a value${words}.`);
        }
        yield* demandWord(place, option, known, value);
        if (option === "--log-level") logLevel = value;
        else chosen.push(option, value);
      }
    }

    const { argument } = usesOf(place.command);
    const [first] = positional;
    if (argument !== undefined && first !== undefined) yield* demandWord(place, argument.name, argument, first);
    const children = subcommands(place.command);
    if (children.size > 0) {
      const word = positional[0];
      if (word === undefined) return { _tag: "Help", place };
      return yield* unknownCommand(place, word);
    }
    return { _tag: "Run", words: [...place.path, ...chosen, "--", ...positional], place, logLevel };
  });

/** A failure of the command line, with the way to the help of the command that was meant. */
export const usage = ({ path }: Place, message: string, next?: string): Failure =>
  new Failure({
    exit: ExitCode.usage,
    message: message.replace(/\?\.$/, "?"),
    next: next ?? `See: ${path.join(" ")} --help`,
  });

const unknownCommand = (place: Place, word: string): Failure => {
  const children = subcommands(place.command);
  const names = [...children.keys()];
  const group = [...children].find(([, child]) => subcommands(child).has(word));
  const meant = closest(word, names) || (group === undefined ? "" : `; did you mean "${group[0]} ${word}"?`);
  return usage(
    place,
    `${place.path.join(" ")} has no command "${word}"${meant}.`,
    `Its commands: ${names.join(", ")}.`,
  );
};

export interface Use {
  readonly takesValue: boolean;
  readonly mayRepeat: boolean;
  /** Values that it may have; empty: any. */
  readonly words: ReadonlyArray<string>;
  /** What stands for a value in the help: FILE. */
  readonly placeholder: string;
}

/** Where only certain words will do. */
const demandWord = (place: Place, label: string, { words }: Use, given: string): Effect.Effect<void, Failure> =>
  words.length === 0 || words.includes(given)
    ? Effect.void
    : usage(place, `${label} must be one of: ${words.join(", ")}, not "${given}"${closest(given, words)}.`);

const SWITCH: Use = { takesValue: false, mayRepeat: true, words: [], placeholder: "" };

const LEVELS = Config.wordsOf("logLevel");

const GLOBAL_OPTIONS: ReadonlyArray<readonly [string, Use]> = [
  ["--help", SWITCH],
  ["-h", SWITCH],
  ["--version", SWITCH],
  ["--log-level", { takesValue: true, mayRepeat: true, words: LEVELS, placeholder: "LEVEL" }],
];

export interface Uses {
  /** By all their names (`--output`, `-o`), those that every command takes last. */
  readonly options: ReadonlyMap<string, Use>;
  /** The first one, `<file>`. */
  readonly argument: (Use & { readonly name: string }) | undefined;
}

/** What one command takes. */
export const usesOf = (command: Command): Uses => {
  const options = new Map<string, Use>();
  let argument: Uses["argument"];
  const walk = (usage: Usage.Usage, mayRepeat: boolean): void => {
    switch (usage._tag) {
      case "Named": {
        const [name = ""] = usage.names;
        const placeholder = Option.getOrElse(usage.acceptedValues, () => name);
        const words = placeholder.includes(" | ") ? placeholder.split(" | ") : [];
        const use = { takesValue: Option.isSome(usage.acceptedValues), mayRepeat, words, placeholder };
        for (const name of usage.names) if (name.startsWith("-")) options.set(name, use);
        if (name.startsWith("<")) argument ??= { ...use, name };
        return;
      }
      case "Optional":
        walk(usage.usage, mayRepeat);
        return;
      case "Repeated":
        walk(usage.usage, true);
        return;
      case "Alternation":
      case "Concat":
        walk(usage.left, mayRepeat);
        walk(usage.right, mayRepeat);
        return;
    }
  };
  walk(CommandDescriptor.getUsage(command), false);
  for (const [name, use] of GLOBAL_OPTIONS) options.set(name, use);
  return { options, argument };
};

/** `--kind=API` and, for options of one letter, `-oyaml`; `--q` is `-q`. */
const split = (word: string): readonly [option: string, value: string | undefined] => {
  if (/^--[a-z](=|$)/.test(word)) return split(word.slice(1));
  if (!word.startsWith("--"))
    return word.length > 2 ? [word.slice(0, 2), word.slice(2).replace(/^=/, "")] : [word, undefined];
  const equals = word.indexOf("=");
  return equals === -1 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
};

const unknownOption = (place: Place, option: string, known: ReadonlyArray<string>): Failure =>
  /^--token$/.test(option)
    ? usage(
        place,
        "A token is never an argument: other users of this machine could read it.",
        "Put it in a file and give --token-file, or set CADASTRE_TOKEN.",
      )
    : usage(place, `${place.path.join(" ")} has no option ${option}${closest(option, known)}.`);
