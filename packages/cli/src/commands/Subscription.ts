/**
 * `cadastre subscription …`: who is told of which changes, and what they were told.
 */
import { DeliveryState, PING } from "@cadastre/domain/Delivery";
import { EventType } from "@cadastre/domain/Event";
import * as Args from "@effect/cli/Args";
import * as Command from "@effect/cli/Command";
import * as CliOptions from "@effect/cli/Options";
import * as Effect from "effect/Effect";
import * as CommandLine from "../CommandLine.ts";
import * as Options from "./Options.ts";

const implementation = Effect.promise(() => import("./internal/subscriptions.ts"));

const which = Args.text({ name: "subscription" }).pipe(Args.withDescription("Its name, or its id (sub_…)"));

const settings = {
  name: Options.text("name", "NAME", "1 to 63 letters and digits, with -, _ and . between them"),
  webhook: Options.text("webhook", "URL", "Where callbacks are posted to, as a signed webhook"),
  filter: Options.text("filter", "EXPRESSION", "Only changes of which this expression (CEL) is true; '' takes it away"),
  type: Options.anyWord("type", EventType.literals, `Only events of this type: ${EventType.literals.join(", ")}`),
  rateLimit: Options.count("rate-limit").pipe(
    CliOptions.withDescription("Attempts a second at the most; 25 where absent"),
    CliOptions.optional,
  ),
  ordered: Options.flag("ordered", "Tell the changes of one entity strictly one after the other"),
  file: Options.text(
    "file",
    "FILE",
    "The settings as YAML or JSON, secrets of other channels too; - for standard input",
  ),
};

const conditions = {
  type: Options.anyWord("type", [...EventType.literals, PING], "Only of this type of event, or ping"),
  reference: Options.text("reference", "REF", "Only of the entity with this complete reference"),
  since: Options.text("since", "TIME", "Only those made at this time (ISO 8601) or later"),
  until: Options.text("until", "TIME", "Only those made before this time"),
};

const list = Command.make("list", { format: Options.format, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ list }) => list(given)),
).pipe(
  Command.withDescription(
    Options.describe("List subscriptions", [], ["cadastre subscription list", "cadastre subscription list -o json"]),
  ),
);

const get = Command.make("get", { which, format: Options.dataFormat, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ get }) => get(given)),
).pipe(Command.withDescription(Options.describe("Show a subscription", [], ["cadastre subscription get deploys"])));

const create = Command.make(
  "create",
  { ...settings, disabled: Options.flag("disabled", "Do not tell it anything yet"), ...Options.connection },
  (given) => Effect.flatMap(implementation, ({ create }) => create(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Subscribe to changes",
      ["Prints the secret by which a webhook's receiver verifies signatures: it is not shown again."],
      [
        "cadastre subscription create --name deploys --webhook https://deploys.example.com/hooks/cadastre",
        `cadastre subscription create --name pci --webhook https://audit.example.com/ --filter '"pci" in tags' --ordered`,
        "cadastre subscription create --file chat.yaml",
      ],
    ),
  ),
);

const update = Command.make("update", { which, ...settings, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ update }) => update(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Change a subscription",
      ["Only what is given is changed."],
      [
        "cadastre subscription update deploys --rate-limit 5",
        "cadastre subscription update deploys --type entity.created --type entity.deleted",
      ],
    ),
  ),
);

const remove = Command.make("delete", { which, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ remove }) => remove(given)),
).pipe(
  Command.withDescription(
    Options.describe("Delete a subscription, with its log", [], ["cadastre subscription delete deploys"]),
  ),
);

const turning = (word: "enable" | "disable", summary: string, more: string) =>
  Command.make(word, { which, ...Options.connection }, (given) =>
    Effect.flatMap(implementation, ({ turn }) => turn(given, word)),
  ).pipe(Command.withDescription(Options.describe(summary, [more], [`cadastre subscription ${word} deploys`])));

const enable = turning(
  "enable",
  "Enable a subscription",
  "What was held is delivered. Of what happened in the meantime it is not told.",
);

const disable = turning("disable", "Disable a subscription", "What is not delivered yet is held.");

const test = Command.make("test", { which, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ test }) => test(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Send a ping and tell what came of it",
      ["Ends with 1 if the receiver did not take it."],
      ["cadastre subscription test deploys"],
    ),
  ),
);

const rotate = Command.make(
  "rotate-secret",
  {
    which,
    overlap: Options.count("overlap").pipe(
      CliOptions.withDescription("Seconds for which the secret before signs too; a day where absent"),
      CliOptions.optional,
    ),
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ rotate }) => rotate(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Replace the signing secret of a webhook",
      ["Prints the new one: it is not shown again."],
      ["cadastre subscription rotate-secret deploys --overlap 3600"],
    ),
  ),
);

const deliveries = Command.make(
  "deliveries",
  {
    which,
    state: Options.anyWord("state", DeliveryState.literals, `Only in this state: ${DeliveryState.literals.join(", ")}`),
    ...conditions,
    limit: Options.limit("How many to show; 50 where absent"),
    format: Options.format,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ deliveries }) => deliveries(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show the delivery log, the latest first",
      ["-o json has every attempt: status or failure, times, the beginning of the answer."],
      [
        "cadastre subscription deliveries deploys --state dead",
        "cadastre subscription deliveries deploys --reference component:default/payments -o json",
      ],
    ),
  ),
);

const redeliver = Command.make(
  "redeliver",
  {
    which,
    message: Args.text({ name: "message" }).pipe(
      Args.withDescription("The id of one delivery (msg_…), instead of conditions"),
      Args.optional,
    ),
    state: Options.anyWord("state", ["dead", "delivered"], "Only in this state: dead (where absent) or delivered"),
    ...conditions,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ redeliver }) => redeliver(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Deliver once more, by the same ids",
      ["One delivery, or all that the conditions choose."],
      [
        "cadastre subscription redeliver pci msg_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d",
        "cadastre subscription redeliver deploys --since 2030-01-31T12:00:00Z",
      ],
    ),
  ),
);

const commands = [list, get, create, update, remove, enable, disable, test, rotate, deliveries, redeliver] as const;

export const subscription = CommandLine.withChildren(
  Command.make("subscription").pipe(
    Command.withDescription(
      Options.describe(
        "Tell others of changes, by callbacks",
        [],
        ["cadastre subscription list", "cadastre subscription test deploys"],
      ),
    ),
    Command.withSubcommands(commands),
  ),
  commands,
);
