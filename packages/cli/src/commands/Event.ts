/**
 * `cadastre event …`: the change feed.
 */
import * as Command from "@effect/cli/Command";
import * as Effect from "effect/Effect";
import * as CommandLine from "../CommandLine.ts";
import * as Options from "./Options.ts";
import { changes } from "./Questions.ts";

const implementation = Effect.promise(() => import("./internal/events.ts"));

const list = Command.make(
  "list",
  {
    after: Options.text("after", "SEQUENCE", "Only events after this one; from the first where absent"),
    ...changes,
    limit: Options.limit("How many to show; 50 where absent"),
    format: Options.format,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ list }) => list(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "List changes in the order in which they were made",
      ["To follow them: cadastre entity watch."],
      ["cadastre event list --type entity.deleted", "cadastre event list --after 1200 --limit 100 -o json"],
    ),
  ),
);

export const event = CommandLine.withChildren(
  Command.make("event").pipe(
    Command.withDescription(Options.describe("Read what has changed", [], ["cadastre event list --after 1200"])),
    Command.withSubcommands([list]),
  ),
  [list],
);
