/**
 * `cadastre job …`: the queue.
 */
import { JobState } from "@cadastre/domain/Job";
import * as Args from "@effect/cli/Args";
import * as Command from "@effect/cli/Command";
import * as CliOptions from "@effect/cli/Options";
import * as Effect from "effect/Effect";
import * as CommandLine from "../CommandLine.ts";
import * as Options from "./Options.ts";

const implementation = Effect.promise(() => import("./internal/jobs.ts"));

const id = Args.text({ name: "id" }).pipe(Args.withDescription("Its number, as `cadastre job list` shows it"));

const list = Command.make(
  "list",
  {
    state: Options.word("state", JobState.literals).pipe(
      CliOptions.withDescription(`Only jobs in this state: ${JobState.literals.join(", ")}`),
      CliOptions.optional,
    ),
    queue: Options.text("queue", "QUEUE", "Only jobs of this queue"),
    kind: Options.text("kind", "KIND", "Only jobs of this kind"),
    limit: Options.limit("How many to show; 50 where absent"),
    format: Options.format,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ list }) => list(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "List jobs, the latest first",
      ["Jobs that are done are kept for a day, those that are dead or discarded for thirty."],
      ["cadastre job list --state dead", "cadastre job list --queue maintenance -o json"],
    ),
  ),
);

const get = Command.make("get", { id, format: Options.dataFormat, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ get }) => get(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show a job with its payload and its last error",
      [],
      ["cadastre job get 42", "cadastre job get 42 -o json"],
    ),
  ),
);

const retry = Command.make("retry", { id, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ move }) => move("retry", given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Let a job run now, with all its attempts before it",
      ["It has to be scheduled, dead or discarded."],
      ["cadastre job retry 42"],
    ),
  ),
);

const discard = Command.make("discard", { id, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ move }) => move("discard", given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Take out a job, so that it is not tried (again)",
      ["One that runs is interrupted, and may have done its work by then."],
      ["cadastre job discard 42"],
    ),
  ),
);

export const job = CommandLine.withChildren(
  Command.make("job").pipe(
    Command.withDescription(
      Options.describe("Look after the queue", [], ["cadastre job list --state dead", "cadastre job retry 42"]),
    ),
    Command.withSubcommands([list, get, retry, discard]),
  ),
  [list, get, retry, discard],
);
