/**
 * `cadastre token …` and `cadastre whoami`: who may do what, as the daemon has it.
 */
import * as Command from "@effect/cli/Command";
import * as Effect from "effect/Effect";
import * as CommandLine from "../CommandLine.ts";
import * as Options from "./Options.ts";
import * as Tokens from "./Tokens.ts";

const implementation = Effect.promise(() => import("./internal/daemonTokens.ts"));

const create = Command.make("create", { ...Tokens.create, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ create }) => create(given)),
).pipe(Command.withDescription(Tokens.help.create("cadastre token")));

const list = Command.make("list", { ...Tokens.list, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ list }) => list(given)),
).pipe(Command.withDescription(Tokens.help.list("cadastre token")));

const revoke = Command.make("revoke", { ...Tokens.revoke, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ revoke }) => revoke(given)),
).pipe(Command.withDescription(Tokens.help.revoke("cadastre token")));

export const token = CommandLine.withChildren(
  Command.make("token").pipe(
    Command.withDescription(
      Options.describe(
        "Make, list and revoke tokens",
        ["Asks the daemon, with a token that has the scope admin; `cadastre admin token` needs neither."],
        ["cadastre token list", "cadastre token create --name agent --scope catalog:read"],
      ),
    ),
    Command.withSubcommands([create, list, revoke]),
  ),
  [create, list, revoke],
);

export const whoami = Command.make("whoami", { format: Options.format, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ whoami }) => whoami(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show who the daemon takes you for, and with which scopes",
      [],
      ["cadastre whoami", "cadastre whoami --token-file ci-token -o json"],
    ),
  ),
);
