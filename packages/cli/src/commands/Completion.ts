import * as Args from "@effect/cli/Args";
import * as Command from "@effect/cli/Command";
import * as Effect from "effect/Effect";
import { Root } from "../CommandLine.ts";
import type { Shell } from "../Completion.ts";
import { Output } from "../Output.ts";
import * as Options from "./Options.ts";

const SHELLS: ReadonlyArray<Shell> = ["bash", "zsh", "fish"];

export const completion = Command.make(
  "completion",
  {
    shell: Args.choice(
      SHELLS.map((shell) => [shell, shell]),
      { name: "shell" },
    ).pipe(Args.withDescription("Whose script it is: bash, zsh or fish")),
  },
  ({ shell }) =>
    Effect.gen(function* () {
      const { write } = yield* Output;
      const { script } = yield* Effect.promise(() => import("../Completion.ts"));
      yield* write(script(shell, yield* Root));
    }),
).pipe(
  Command.withDescription(
    Options.describe(
      "Print a script by which a shell completes commands, options and their values",
      ["Write it to where the shell looks for such scripts, anew with each version; the next shell has it."],
      [
        "cadastre completion bash > ~/.local/share/bash-completion/completions/cadastre",
        "cadastre completion zsh > ~/.zfunc/_cadastre",
        "cadastre completion fish > ~/.config/fish/completions/cadastre.fish",
      ],
    ),
  ),
);
