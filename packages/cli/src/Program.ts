/**
 * The program as a whole: its commands, and how one run of it ends.
 */

import type * as CliApp from "@effect/cli/CliApp";
import * as Command from "@effect/cli/Command";
import * as CommandDescriptor from "@effect/cli/CommandDescriptor";
import type * as ValidationError from "@effect/cli/ValidationError";
import * as Effect from "effect/Effect";
import manifest from "../package.json" with { type: "json" };
import * as CommandLine from "./CommandLine.ts";
import { admin } from "./commands/Admin.ts";
import { api } from "./commands/Api.ts";
import { completion } from "./commands/Completion.ts";
import { config } from "./commands/Config.ts";
import { daemon } from "./commands/Daemon.ts";
import { entity } from "./commands/Entity.ts";
import { event } from "./commands/Event.ts";
import { facets } from "./commands/Facets.ts";
import { job } from "./commands/Job.ts";
import { mcpBridge, mcpConfig } from "./commands/Mcp.ts";
import * as Options from "./commands/Options.ts";
import { subscription } from "./commands/Subscription.ts";
import { token, whoami } from "./commands/Token.ts";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";
import * as Help from "./Help.ts";
import { paragraphs } from "./internal/helpText.ts";
import { Output } from "./Output.ts";
import { Signal } from "./Signal.ts";

export const NAME = "cadastre";

export const VERSION = manifest.version;

const COMMANDS = [
  daemon,
  mcpBridge,
  mcpConfig,
  entity,
  facets,
  event,
  subscription,
  job,
  token,
  whoami,
  api,
  admin,
  config,
  completion,
] as const;

export const root = CommandLine.withChildren(
  Command.make(NAME).pipe(
    Command.withDescription(
      Options.describe(
        "A software catalog: what a company runs, who owns it and what depends on it",
        ["The daemon serves it; the other commands ask the daemon, or work on its database (admin)."],
        ["cadastre daemon", "cadastre entity list", "cadastre entity apply catalog-info.yaml"],
      ),
    ),
    Command.withSubcommands(COMMANDS),
  ),
  COMMANDS,
);

/** Runs the program on the words after its name. Gives the code to exit with; whatever went wrong has been printed. */
export const run = (
  words: ReadonlyArray<string>,
): Effect.Effect<ExitCode, never, Output | Signal | CliApp.CliApp.Environment> =>
  CommandLine.interpret(root.descriptor, NAME, words).pipe(
    Effect.flatMap(invoke),
    Effect.as<ExitCode>(ExitCode.ok),
    Effect.raceFirst(Effect.flatMap(Signal, ({ unexpected }) => Effect.as(unexpected, ExitCode.interrupted))),
    Effect.catchAll((failure) => Effect.as(report(failure), failure.exit)),
    // What was broken off leaves none behind.
    Effect.ensuring(Effect.flatMap(Output, ({ progress }) => progress(() => ""))),
  );

const invoke = (invocation: CommandLine.Invocation) =>
  Effect.gen(function* () {
    const output = yield* Output;
    switch (invocation._tag) {
      case "Version":
        return yield* output.line(VERSION);
      case "Help":
        return yield* output.line(Help.page(invocation.place, output.style, Math.min(output.width ?? 80, 100)));
      case "Run": {
        const parsed = yield* CommandDescriptor.parse(root.descriptor, invocation.words, CommandLine.PARSER).pipe(
          Effect.mapError((error) => CommandLine.usage(invocation.place, sentence(error))),
        );
        // Help and the like were answered above: no built-in option is left for the parser to find.
        if (parsed._tag === "BuiltIn") return yield* CommandLine.usage(invocation.place, "Not a command.");
        const [surplus] = parsed.leftover;
        if (surplus !== undefined) {
          return yield* CommandLine.usage(
            invocation.place,
            `${invocation.place.path.join(" ")} takes no argument "${surplus}".`,
          );
        }
        return yield* root.handler(parsed.value).pipe(
          Effect.provideService(Options.GlobalFlags, { logLevel: invocation.logLevel }),
          Effect.provideService(CommandLine.Root, { path: [NAME], command: root.descriptor }),
          Effect.catchAllDefect((defect) => broken(defect, invocation.logLevel)),
        );
      }
    }
  });

const report = (failure: Failure) =>
  Effect.flatMap(Output, ({ note, noteStyle }) =>
    failure.message === ""
      ? Effect.void
      : note(`${noteStyle.red("error:")} ${failure.message}${failure.next === undefined ? "" : `\n${failure.next}`}`),
  );

/** A fault of the program: a sentence, and the stack only where it was asked for. */
const broken = (defect: unknown, logLevel: string | undefined): Failure => {
  const error = defect instanceof Error ? defect : new Error(String(defect));
  const verbose = logLevel === "debug" || logLevel === "trace";
  return new Failure({
    exit: ExitCode.internal,
    message: `Internal error: ${verbose ? (error.stack ?? error.message) : error.message}`,
    next: `This is a fault of ${NAME} ${VERSION}: please report it with the command that you gave${verbose ? " and the lines above" : "; --log-level debug shows where it happened"}.`,
  });
};

/** What `@effect/cli` says, as one line that ends in a full stop; what it says of options that are missing, in our words. */
const sentence = (error: ValidationError.ValidationError): string => {
  const missing = paragraphs(error.error).flatMap(
    (text) => /^Expected (?:to find|at least \d+ value\(s\) for) option: '(-[\w-]+)'$/.exec(text)?.slice(1) ?? [],
  );
  if (missing.length > 0) return `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing.`;
  const line = paragraphs(error.error)
    .join(" ")
    .replaceAll("'", '"')
    .replace(" with choices ", ": ")
    .replaceAll(" | ", ", ")
    .trim();
  return line.endsWith(".") ? line : `${line}.`;
};
