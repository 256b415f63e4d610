/**
 * The editor that a person has chosen, and one file in it.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Environment from "./Environment.ts";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";
import { Signal } from "./Signal.ts";

/** As a shell takes it: `code --wait`. What `VISUAL` or `EDITOR` says, else the first of the usual ones that is there. */
export const command: Effect.Effect<string, Failure> = Effect.gen(function* () {
  for (const name of ["VISUAL", "EDITOR"]) {
    const value = Option.filter(yield* Environment.variable(name), (value) => value.trim() !== "");
    if (Option.isSome(value)) return value.value;
  }
  const folders = Option.match(yield* Environment.variable("PATH"), {
    onNone: () => [],
    onSome: (path) => path.split(delimiter).filter(isAbsolute),
  });
  const usual = USUAL.find((name) => folders.some((folder) => isProgram(join(folder, name))));
  if (usual !== undefined) return usual;
  return yield* new Failure({
    exit: ExitCode.local,
    message: `There is no editor: neither VISUAL nor EDITOR is set, and there is no ${USUAL.join(" or ")}.`,
    next: "Set one, as in EDITOR='code --wait', or change single fields with `cadastre entity patch`.",
  });
});

const USUAL = ["vi", "nano"];

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Waits until the editor has ended. It has the terminal meanwhile. */
export const open = (command: string, file: string): Effect.Effect<void, Failure, Signal> =>
  Effect.flatMap(Signal, ({ lent }) => lent(run(command, file)));

/** By the shell, which knows words and quotes; the file's name is no part of its text. */
const run = (command: string, file: string): Effect.Effect<void, Failure> =>
  Effect.promise(() => import("node:child_process")).pipe(
    Effect.flatMap(({ spawn }) =>
      Effect.async<void, Failure>((resume) => {
        // The shell gives way to a single command, so that it is the editor that a signal ends.
        const single = COMPOUND.test(command) ? command : `exec env ${command}`;
        const child = spawn("sh", ["-c", `${single} "$@"`, "sh", file], { stdio: "inherit" });
        const fail = (how: string, exit: ExitCode = ExitCode.local) =>
          resume(
            new Failure({
              exit,
              message: `Nothing was sent: the editor (${command}) ${how}.`,
              next: MISSING.test(how) ? "Set VISUAL or EDITOR to one that is there." : undefined,
            }),
          );
        child.on("error", ({ message }) => fail(`cannot be run: ${message}`));
        child.on("close", (code, signal) => {
          if (code === 0) resume(Effect.void);
          // Not all take Ctrl-C for a key: some only wait for a window of theirs.
          else if (signal === "SIGINT" || code === ExitCode.interrupted) {
            fail("was interrupted", ExitCode.interrupted);
          } else fail(code === 126 || code === 127 ? "cannot be run" : `ended with ${code ?? signal}`);
        });
        // It may write until it has ended.
        return Effect.async((resume) => {
          child.once("close", () => resume(Effect.void));
          child.kill();
        });
      }),
    ),
  );

const COMPOUND = /[;&|<>()`\n]/;

const MISSING = /^cannot be run/;
