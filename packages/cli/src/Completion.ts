/**
 * Completion scripts for shells, from the declarations of the commands. A script holds all there is to complete: nothing is
 * started when the key is pressed.
 */
import * as CommandLine from "./CommandLine.ts";
import * as Help from "./Help.ts";
import { fish } from "./internal/fish.ts";
import { bash, zsh } from "./internal/posixShells.ts";

export type Shell = "bash" | "zsh" | "fish";

/** What may stand where a value is wanted. */
export type Value =
  /** Some word that cannot be known beforehand. */
  | { readonly _tag: "Any" }
  | { readonly _tag: "File" }
  | { readonly _tag: "Words"; readonly words: ReadonlyArray<string> };

/** A command, a group of them, or the program itself: what may follow the words that lead there. */
export interface Place {
  /** `entity list`; empty: the program. */
  readonly path: string;
  readonly commands: ReadonlyArray<readonly [name: string, about: string]>;
  /** By each of their names; without a value: a switch. */
  readonly options: ReadonlyArray<{ readonly name: string; readonly about: string; readonly value: Value | undefined }>;
  /** Of its arguments. */
  readonly argument: Value;
}

const SCRIPTS: { readonly [S in Shell]: (program: string, places: ReadonlyArray<Place>) => string } = {
  bash,
  zsh,
  fish,
};

export const script = (shell: Shell, { path, command }: CommandLine.Place): string =>
  SCRIPTS[shell](path.join(" "), placesOf([], command));

const placesOf = (path: ReadonlyArray<string>, command: CommandLine.Command): ReadonlyArray<Place> => {
  const children = [...CommandLine.subcommands(command)];
  const uses = CommandLine.usesOf(command);
  const abouts = new Map(
    Help.optionsOf(command).flatMap(([label, about]) =>
      [...label.matchAll(/(?<=^|, )--?[\w-]+/g)].map(([name]) => [name, brief(about)] as const),
    ),
  );
  const place: Place = {
    path: path.join(" "),
    commands: children.map(([name, child]) => [name, brief(Help.summary(child))]),
    options: [...uses.options].map(([name, use]) => ({
      name,
      about: abouts.get(name) ?? "",
      value: use.takesValue ? valueOf(use) : undefined,
    })),
    argument: uses.argument === undefined ? ANY : valueOf(uses.argument),
  };
  return [place, ...children.flatMap(([name, child]) => placesOf([...path, name], child))];
};

const ANY: Value = { _tag: "Any" };

const valueOf = ({ words, placeholder }: CommandLine.Use): Value =>
  words.length > 0 ? { _tag: "Words", words } : FILES.has(placeholder) ? { _tag: "File" } : ANY;

/** What the help calls a value that is a path. */
const FILES: ReadonlySet<string> = new Set(["FILE", "<file>", "<path>"]);

/** What fits beside a name. */
const brief = (about: string): string => about.replace(/(;|:| \(|, such as).*$/s, "").replaceAll(/\s+/g, " ");
