/**
 * `cadastre api …`: any call of the interface, for what has no command of its own.
 */
import * as Args from "@effect/cli/Args";
import * as Command from "@effect/cli/Command";
import * as CliOptions from "@effect/cli/Options";
import * as Effect from "effect/Effect";
import * as Options from "./Options.ts";

const implementation = Effect.promise(() => import("./internal/api.ts"));

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

export const api = Command.make(
  "api",
  {
    path: Args.text({ name: "path" }).pipe(Args.withDescription("As the daemon's /docs has it, with parameters")),
    method: Options.word("method", METHODS).pipe(
      CliOptions.withAlias("X"),
      CliOptions.withDescription(`Where absent, GET, and POST with a body`),
      CliOptions.optional,
    ),
    data: Options.text("data", "FILE", "What to send: a file, or - for standard input"),
    contentType: CliOptions.text("content-type").pipe(
      CliOptions.withPseudoName("TYPE"),
      CliOptions.withDescription("What that is; application/json where absent"),
      CliOptions.withDefault("application/json"),
    ),
    ifMatch: Options.text("if-match", "REVISION", "Write only if the entity or subscription is still at this revision"),
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ call }) => call(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Make any call of the REST interface, and print the answer as it comes",
      [],
      [
        "cadastre api /v1/whoami",
        "cadastre api '/v1/entities?kind=API&fields=metadata.name'",
        "cadastre api /v1/tokens --data token.json",
        "cadastre api -X DELETE /v1/entities/by-ref/component/default/coupon-printer --if-match 3",
      ],
    ),
  ),
);
