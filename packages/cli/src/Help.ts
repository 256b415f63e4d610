/**
 * Help pages, from the declarations of the commands.
 */
import * as CommandDescriptor from "@effect/cli/CommandDescriptor";
import type * as HelpDoc from "@effect/cli/HelpDoc";
import * as CommandLine from "./CommandLine.ts";
import { paragraphs, spanText } from "./internal/helpText.ts";
import { columns, definitions, LABEL, wrap } from "./internal/text.ts";
import type { Style } from "./Output.ts";

/** What follows the first paragraph of a description and is shown as it stands. */
export const EXAMPLES = "EXAMPLES";

type Entries = ReadonlyArray<readonly [label: string, about: string]>;

/** What there is to say of a command. */
export interface Contents {
  readonly description: ReadonlyArray<string>;
  readonly usage: string;
  readonly commands: Entries;
  readonly arguments: Entries;
  /** Without those that every command takes. */
  readonly options: Entries;
  readonly examples: ReadonlyArray<string>;
}

export const contents = ({ path, command }: CommandLine.Place): Contents => {
  const sections = sectionsOf(CommandDescriptor.getHelp(command, CommandLine.PARSER));
  const children = [...CommandLine.subcommands(command)];
  const args = sections.get("ARGUMENTS")?.definitions ?? [];
  return {
    description: sections.get("DESCRIPTION")?.paragraphs ?? [],
    usage: [path.join(" "), children.length > 0 ? "<command>" : "[options]", ...args.map(([label]) => label)].join(" "),
    commands: children.map(([name, child]) => [
      name,
      contents({ path: [...path, name], command: child }).description[0] ?? "",
    ]),
    arguments: args,
    options: sections.get("OPTIONS")?.definitions ?? [],
    examples: sections.get(EXAMPLES)?.paragraphs ?? [],
  };
};

/** A command's page: what it is for, how it is written, its parts, examples. */
export const page = (place: CommandLine.Place, style: Style, width: number): string => {
  const { description, usage, commands, arguments: args, options, examples } = contents(place);
  const titled = (title: string, body: string) => (body === "" ? [] : [`${style.bold(title)}\n${body}`]);
  const list = (entries: Entries) => definitions(entries, width, style.cyan);

  return [
    ...description.map((paragraph) => wrap(paragraph, width)),
    ...titled("Usage", `  ${usage}`),
    ...titled("Commands", list(commands)),
    ...titled("Arguments", list(args)),
    ...titled("Options", list([...options, ...CommandLine.GLOBAL])),
    ...titled("Examples", examples.map((line) => `  ${continued(line, width)}`).join("\n")),
  ].join("\n\n");
};

/** A command for a shell: where it is too long, over several lines, broken before options. */
const continued = (command: string, width: number): string => {
  const [first = "", ...rest] = command.split(/ (?=-)/);
  const lines = [first];
  for (const part of rest) {
    const longer = `${lines.at(-1)} ${part}`;
    // What is before it, and the sign that it goes on.
    if (longer.length + (lines.length === 1 ? 4 : 6) <= width || command.length + 2 <= width)
      lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines.join(" \\\n    ");
};

interface Section {
  readonly paragraphs: Array<string>;
  readonly definitions: Array<readonly [string, string]>;
}

const sectionsOf = (help: HelpDoc.HelpDoc): ReadonlyMap<string, Section> => {
  const sections = new Map<string, Section>();
  let current: Section = { paragraphs: [], definitions: [] };
  const walk = (doc: HelpDoc.HelpDoc): void => {
    switch (doc._tag) {
      case "Header":
        current = { paragraphs: [], definitions: [] };
        sections.set(spanText(doc.value), current);
        return;
      case "Paragraph":
        current.paragraphs.push(spanText(doc.value));
        return;
      case "DescriptionList":
        for (const [label, body] of doc.definitions) {
          current.definitions.push([tidy(spanText(label)), prose(body)]);
        }
        return;
      case "Enumeration":
        for (const element of doc.elements) walk(element);
        return;
      case "Sequence":
        walk(doc.left);
        walk(doc.right);
        return;
      case "Empty":
        return;
    }
  };
  walk(help);
  return sections;
};

/** `(-o, --output json | yaml)` is `-o, --output json|yaml`; words that are too many for a column are in the description. */
const tidy = (label: string): string => {
  const bare = label.replace(/^\((.*)\)/, "$1").replace(/ \d\+$/, "...");
  const short = bare.replaceAll(" | ", "|");
  return columns(short) <= LABEL ? short : bare.replace(/ \S+ \| .*?(\.{3})?$/, " WORD$1");
};

/** What `@effect/cli` says of every option and what is plain without being said. */
const COMMONPLACE =
  /^(A user-defined piece of text|A true or false value|An integer|This \w+ (is optional|m[au][ys]t? be repeated)|One of the following).*$/;

const prose = (doc: HelpDoc.HelpDoc): string =>
  paragraphs(doc)
    .filter((text) => !COMMONPLACE.test(text))
    .join(" ");
