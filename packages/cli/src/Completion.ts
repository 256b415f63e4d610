/**
 * Completion scripts for shells, from the declarations of the commands. A script holds all there is to complete: nothing is
 * started when the key is pressed.
 */
import * as CommandLine from "./CommandLine.ts";
import * as Help from "./Help.ts";
import type { Place, Value } from "./internal/completionPlace.ts";
import { fish } from "./internal/fish.ts";
import { bash, zsh } from "./internal/posixShells.ts";

export type Shell = "bash" | "zsh" | "fish";

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
  const { commands, options } = Help.contents({ path, command });
  const abouts = new Map(
    [...options, ...CommandLine.GLOBAL].flatMap(([label, about]) =>
      [...label.matchAll(/(?<=^|, )--?[\w-]+/g)].map(([name]) => [name, brief(about)] as const),
    ),
  );
  const place: Place = {
    path: path.join(" "),
    commands: commands.map(([name, about]) => [name, brief(about)]),
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
const FILES: ReadonlySet<string> = new Set(["FILE", "PATH|URL", "<file>", "<path>"]);

/** What fits beside a name. */
const brief = (about: string): string => about.replace(/(;|:| \(|, such as).*$/s, "").replaceAll(/\s+/g, " ");
