/**
 * The commands of a page, given to one shell in their order, and what they print beside what the page says that they do.
 */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import * as Effect from "effect/Effect";
import type { Block } from "./Markdown.ts";
import * as Program from "./Program.ts";

export interface Step {
  readonly place: string;
  readonly command: string;
  /** What the page says that it prints; undefined: nothing is said, and it has to go well. */
  readonly output: string | undefined;
}

/** What stands in a page for something that is another in each run. */
export type Stands = ReadonlyArray<readonly [inPage: string, here: string]>;

/** The steps of blocks: each `$ command` of a `console` block, each `sh` block with the `text` or `json` that follows it. */
export const stepsOf = (blocks: ReadonlyArray<Block>): ReadonlyArray<Step> =>
  blocks.flatMap((block, index): ReadonlyArray<Step> => {
    if (block.reason !== undefined) return [];
    const { place, text, language } = block;
    if (language === "sh") {
      const next = blocks[index + 1];
      const isAnswered = next?.followsBlock && (next.language === "text" || next.language === "json");
      return [{ place, command: text, output: isAnswered ? next.text : undefined }];
    }
    if (language !== "console") return [];
    return text
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [, command = "", output = ""] = /^((?:.*\\\n)*.*\n)([\s\S]*)$/.exec(part) ?? [];
        return { place, command, output };
      });
  });

/** Runs the steps; gives what is wrong with each. `home` is the folder that pages call `/home/you`. */
export const run = (
  home: Program.Home,
  steps: ReadonlyArray<Step>,
  stands: Stands,
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(
    Effect.promise(() => shell(home, script(steps, stands))),
    (said) => {
      const normal = normalise(stands, home);
      return steps.flatMap(({ place, command, output }, index) => {
        const actual = said.get(index);
        const title = `${place}: $ ${command.trim()}`;
        if (actual === undefined) return [`${title}\n  was not reached`];
        const mayFail = output !== undefined && TELLS_OF_FAILURE.test(output);
        if (!actual.ok && !mayFail) return [`${title}\n  failed:\n${actual.text}`];
        if (output === undefined) return [];
        return isAsSaid(normal(output), normal(actual.text))
          ? []
          : [`${title}\n--- says\n${output.trimEnd()}\n--- is\n${actual.text}`];
      });
    },
  );

/** An error, documents that are faulty, or lines that are left out at the end: `admin doctor` of a server for tests finds something. */
const TELLS_OF_FAILURE = /^error:|\b\d+ faulty\.$|^⋮\s*(?!.|\n)/m;

/** Marks of where the output of a step begins and ends; no program prints them. */
const BEGIN = "\u0001";
const END = "\u0002";

const script = (steps: ReadonlyArray<Step>, stands: Stands): string =>
  [
    "exec 2>&1",
    // A failure anywhere in a step is one of the step.
    "set -E -o pipefail; trap failed=1 ERR",
    ...steps.map(({ command, output }, index) => {
      const given = stands.reduce((text, [inPage, here]) => text.replaceAll(inPage, here), command.trimEnd());
      return [
        `failed=; printf '${BEGIN}%d\\n' ${index}`,
        output?.trimEnd().endsWith("^C") ? interrupted(given, output.trimEnd().split("\n").length - 1) : given,
        `printf '${END}%s\\n' "$failed"`,
      ].join("\n");
    }),
  ].join("\n");

/** Of a command that goes on until Ctrl-C: ended when it has printed as many lines as the page shows. */
const interrupted = (command: string, lines: number): string =>
  `${command} > following 2>&1 &
for _ in $(seq 600); do [ "$(wc -l < following)" -ge ${lines} ] && break; sleep 0.05; done
kill $!; wait $! || true; cat following; echo ^C`;

const shell = ({ folder, ...home }: Program.Home, text: string) =>
  new Promise<ReadonlyMap<number, { readonly text: string; readonly ok: boolean }>>((resolve, reject) => {
    const file = join(home.temporary, "session.sh");
    writeFileSync(file, text);
    const env = { ...Program.environment({ folder, ...home }), ...programs(home.temporary), NO_COLOR: "1" };
    // A group of its own, with whatever it has started.
    const child = spawn("bash", [file], { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"], detached: true });
    const bound = setTimeout(() => child.pid && process.kill(-child.pid, "SIGKILL"), HANGS);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(bound);
      resolve(
        new Map(
          output.split(BEGIN).flatMap((part) => {
            const [said = "", end] = part.split(END);
            const [index, ...lines] = said.split("\n");
            return end === undefined ? [] : [[Number(index), { text: lines.join("\n"), ok: end === "\n" }]];
          }),
        ),
      );
    });
  });

/** Milliseconds after which something hangs, however slow the machine is: the step is then told. Nothing else is measured by it. */
const HANGS = 300_000;

/** `cadastre` is the program that is built here, and `npx cadastre` too. */
const programs = (folder: string) => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const put = (name: string, text: string) => writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const start = `exec ${process.execPath} ${Program.PATH} "$@"`;
  put("cadastre", start);
  put("npx", `[ "$1" = cadastre ] || { echo "npx $1 is not to be run here"; exit 1; }; shift; ${start}`);
  return { PATH: `${bin}${delimiter}${process.env["PATH"]}` };
};

/** What differs from run to run, in both texts the same. */
const normalise = (stands: Stands, { folder }: Program.Home) => {
  const places: Stands = [["/home/you", folder], ...stands];
  return (text: string): string =>
    VARYING.reduce(
      (it, [pattern, name]) => it.replace(pattern, name),
      places.reduce((it, [inPage, here]) => it.replaceAll(here, inPage), text),
    ).trim();
};

const VARYING: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(?:ent|evt|sub|tok|msg|req)_(?:[0-9a-f]{8}-[0-9a-f-]{27}|…)/g, "<id>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>"],
  [/\b(whsec|cad)_[\w+/=-]*…?/g, "<secret>"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?/g, "<time>"],
  [/\b127\.0\.0\.1:\d+\b/g, "127.0.0.1:<port>"],
  [/\b[\d.]+ (MB|ms|s)\b/g, "<n> $1"],
  // Tables are as wide as what is in them.
  [/ {2,}/g, "  "],
  [/ +$/gm, ""],
];

/** `…` in the page is anything within a line, a line `⋮` any lines. JSON may be broken into lines as the page likes. */
const isAsSaid = (said: string, actual: string): boolean => {
  const [expected, found] = isJson(said) && isJson(actual) ? [compact(said), compact(actual)] : [said, actual];
  const pattern = expected
    .replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
    .replace(/^\s*⋮\n/gm, "(?:.*\\n)*?")
    .replace(/\n\s*⋮$/, "(?:\\n.*)*")
    .replaceAll("…", ".*?");
  return new RegExp(`^${pattern}$`).test(found);
};

const isJson = (text: string): boolean => /^[[{]/.test(text) && parsed(text) !== undefined;

const compact = (text: string): string => JSON.stringify(parsed(text));

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
