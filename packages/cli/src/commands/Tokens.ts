/**
 * What `token` and `admin token` have in common: options and help.
 */
import { Scope } from "@cadastre/domain/Principal";
import * as Args from "@effect/cli/Args";
import type * as HelpDoc from "@effect/cli/HelpDoc";
import * as CliOptions from "@effect/cli/Options";
import * as Options from "./Options.ts";

export const create = {
  name: CliOptions.text("name").pipe(
    CliOptions.withPseudoName("NAME"),
    CliOptions.withDescription("What history calls whoever uses it"),
  ),
  scopes: Options.word("scope", Scope.literals).pipe(
    CliOptions.withDescription(`What it allows: ${Scope.literals.join(", ")} (all of them); may be repeated`),
    CliOptions.atLeast(1),
  ),
  expires: Options.text("expires", "AGE", "When it ends: 12h, 30d, 52w; never where absent"),
};

export const list = { format: Options.format };

export const revoke = {
  which: Args.text({ name: "token" }).pipe(Args.withDescription("Its name, or its id (tok_…)")),
};

/** By the words that the commands begin with. */
export const help = {
  create: (prefix: string): HelpDoc.HelpDoc =>
    Options.describe(
      "Make a token",
      ["It is printed this once, alone on standard output."],
      [
        `${prefix} create --name agent --scope catalog:read`,
        `${prefix} create --name ci --scope catalog:read --scope catalog:write --expires 90d > ci-token`,
      ],
    ),
  list: (prefix: string): HelpDoc.HelpDoc =>
    Options.describe(
      "List tokens",
      ["Revoked and expired ones too, oldest first; never the tokens themselves."],
      [`${prefix} list`, `${prefix} list -o json`],
    ),
  revoke: (prefix: string): HelpDoc.HelpDoc =>
    Options.describe(
      "Revoke a token",
      ["A running daemon may accept it for five more seconds."],
      [`${prefix} revoke ci`, `${prefix} revoke tok_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d`],
    ),
};
