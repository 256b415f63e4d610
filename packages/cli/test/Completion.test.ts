import { spawnSync } from "node:child_process";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { columns } from "../src/internal/text.ts";
import { program } from "./support.ts";

/** A line up to the cursor, and what may stand there; `<files>`: names of files. */
const LINES: ReadonlyArray<readonly [line: string, candidates: ReadonlyArray<string>]> = [
  ["cadastre ent", ["entity"]],
  ["cadastre entity val", ["validate"]],
  ["cadastre admin token rev", ["revoke"]],
  ["cadastre entity apply --best", ["--best-effort"]],
  ["cadastre entity get payments --rev", ["--revision"]],
  ["cadastre entity list -o ", ["json", "name", "yaml"]],
  ["cadastre entity list --output=j", ["json"]],
  ["cadastre entity list -o json --kind api --ow", ["--owner"]],
  ["cadastre --log-level war", ["warning"]],
  ["cadastre --log-level info config --migr", ["--migrate"]],
  ["cadastre daemon --migrate ", ["auto", "manual"]],
  ["cadastre token create --scope catalog:", ["catalog:read", "catalog:write"]],
  ["cadastre completion f", ["fish"]],
  ["cadastre entity apply some-", ["some-file.yaml"]],
  ["cadastre entity patch x --patch-file some-", ["some-file.yaml"]],
  ["cadastre entity apply my", ["my file.yaml"]],
  ["cadastre entity apply al", ["al*", "already"]],
  ["cadastre entity get ", []],
  ["cadastre entity list --owner ", []],
];

const RULE = "@";

/** What is written around a script, so that it prints the candidates for each of its arguments, each on a line, and a rule after those of one. */
const HARNESS = {
  bash: (script: string) => `${script}
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
for line in "$@"; do
  COMP_LINE="$line" COMP_POINT=\${#line} COMPREPLY=()
  _cadastre
  printf '%s\\n' "\${COMPREPLY[@]}" ${RULE}
done`,
  // Without its line editor: the functions that offer candidates print those that fit.
  zsh: (script: string) => `compdef() { : }
${script}
_describe() { [[ $1 == -o ]] && shift; print -rl -- \${(M)\${(@)\${(@P)2}%%:*}:#$PREFIX*} }
compadd() { print -rl -- \${(M)values:#$PREFIX*} }
compset() { PREFIX=\${PREFIX#*=} }
_files() { print -rl -- $PREFIX*(N) }
for line in "$@"; do
  words=("\${(@s: :)line}") CURRENT=$#words PREFIX=$words[-1]
  _cadastre
  print -r ${RULE}
done`,
  fish: (script: string) => `${script}
for line in $argv
  complete -C $line | string replace -r '\\t.*' '' | string unescape
  echo ${RULE}
end`,
};

/** Against the files of whoever runs the tests. */
const FLAGS = { bash: ["--norc"], zsh: ["-f"], fish: ["--no-config"] };

const isThere = (shell: string) => spawnSync(shell, ["-c", "exit 0"]).status === 0;

for (const shell of ["bash", "zsh", "fish"] as const) {
  it.scoped.skipIf(shell !== "bash" && !isThere(shell))(
    `completes commands, options, values and files in ${shell}`,
    () =>
      Effect.gen(function* () {
        const { home, run } = yield* program({ "some-file.yaml": "", "my file.yaml": "", "al*": "", already: "" });
        const { out } = yield* run(["completion", shell]);
        // To one of them the first argument is not the name of the script.
        const args = [...(shell === "fish" ? [] : [shell]), ...LINES.map(([line]) => line)];
        const { stdout, stderr } = spawnSync(shell, [...FLAGS[shell], "-c", HARNESS[shell](out), ...args], {
          cwd: home,
          encoding: "utf8",
          env: { ...process.env, HOME: home },
        });
        const completed = stdout.split(`${RULE}\n`);
        const full = (line: string, candidate: string) => {
          // What stands before the last colon, or before =, is kept by one shell and repeated by another.
          const word = /\S*$/.exec(line)?.[0] ?? "";
          const before = candidate.startsWith(word.replace(/[^:=]*$/, "")) ? "" : word.replace(/[^:]*$/, "");
          return `${before}${candidate}`.replace(/^--[\w-]+=/, "");
        };
        expect(stderr).toBe("");
        expect(
          LINES.map(([line], i) => [
            line,
            (completed[i] ?? "")
              .split("\n")
              .filter((word) => word !== "")
              .map((word) => full(line, word))
              .sort(),
          ]),
        ).toEqual(LINES.map(([line, candidates]) => [line, candidates]));
      }),
  );
}

it.scoped("has a script for three shells and no other, with short descriptions", () =>
  Effect.gen(function* () {
    const { run } = yield* program();
    const { out } = yield* run(["completion", "fish"]);
    for (const [, about = ""] of out.matchAll(/'--?[\w-]+' '((?:[^'\\]|\\.)*)'/g)) {
      expect(columns(about), about).toBeLessThanOrEqual(100);
    }
    expect(yield* run(["completion", "tcsh"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining('<shell> must be one of: bash, zsh, fish, not "tcsh"'),
    });
    expect((yield* run(["completion"])).err).toContain("Missing argument <shell>: bash, zsh, fish.");
  }),
);
