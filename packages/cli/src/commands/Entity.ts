/**
 * `cadastre entity …`: the commands that ask a running daemon, and `validate`, which needs none.
 */
import { EntityState } from "@cadastre/domain/Entity";
import { SortField } from "@cadastre/domain/EntityQuery";
import * as Args from "@effect/cli/Args";
import * as Command from "@effect/cli/Command";
import * as CliOptions from "@effect/cli/Options";
import * as Effect from "effect/Effect";
import * as CommandLine from "../CommandLine.ts";
import * as Options from "./Options.ts";

const implementation = Effect.promise(() => import("./internal/entity.ts"));

const paths = Args.text({ name: "path" }).pipe(
  Args.withDescription(
    "A file, a directory (its *.yaml, *.yml, *.json and *.ndjson, at any depth), a glob in quotes, or - for standard input",
  ),
  Args.atLeast(1),
);

const reference = Args.text({ name: "ref" }).pipe(
  Args.withDescription("[kind:][namespace/]name, such as payments or component:payments, or a uid"),
);

const any = (name: string, placeholder: string, about: string) =>
  CliOptions.text(name).pipe(
    CliOptions.withPseudoName(placeholder),
    CliOptions.withDescription(`${about}; may be repeated`),
    CliOptions.repeated,
  );

const force = Options.flag("force", "Override what keeps the entity: dependents, or the source that manages it");

const list = Command.make(
  "list",
  {
    kind: any("kind", "KIND", "Only of this kind"),
    namespace: any("namespace", "NAMESPACE", "Only of this namespace"),
    owner: any("owner", "REF", "Only owned by this; a name alone is a group"),
    tag: any("tag", "TAG", "Only with this tag, and with every other that is given"),
    label: any("label", "KEY[=VALUE]", "Only with this label, and with every other that is given"),
    state: any("state", "STATE", `${EntityState.literals.join(" or ")}; active ones only where absent`),
    orderBy: CliOptions.text("order-by").pipe(
      CliOptions.withPseudoName("FIELD"),
      CliOptions.withDescription(`${SortField.literals.join(", ")}; -FIELD for descending; name where absent`),
      CliOptions.optional,
    ),
    limit: Options.count("limit").pipe(
      CliOptions.withDescription("How many to show; 50 where absent"),
      CliOptions.optional,
    ),
    all: Options.flag("all", "Show all there are"),
    format: Options.format,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ list }) => list(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "List entities",
      ["All conditions must hold; of one that is repeated, any value will do, except for tags and labels."],
      [
        "cadastre entity list --kind component --owner checkout",
        "cadastre entity list --label tier=1 --order-by -updatedAt --limit 10",
        "cadastre entity list --all -o name | wc -l",
      ],
    ),
  ),
);

const get = Command.make("get", { reference, format: Options.format, ...Options.connection }, (given) =>
  Effect.flatMap(implementation, ({ get }) => get(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show one entity and its relations",
      ["A name alone is looked for among all known kinds; if it fits several, they are listed."],
      ["cadastre entity get payments", "cadastre entity get api:shop/orders -o yaml"],
    ),
  ),
);

const apply = Command.make(
  "apply",
  {
    paths,
    bestEffort: Options.flag("best-effort", "Take in what is good and report the rest, instead of all or nothing"),
    dryRun: Options.flag("dry-run", "Tell what would happen and change nothing"),
    force: Options.flag("force", "Write even to entities that a managed source keeps"),
    format: Options.format,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ apply }) => apply(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Apply descriptors: create what is new, update what has changed",
      [
        "Every fault is printed as file:line:column: path: message. The same reference twice is a conflict of both places, and neither is applied. Applying the same again changes nothing.",
      ],
      [
        "cadastre entity apply catalog-info.yaml",
        "cadastre entity apply ../descriptors --best-effort",
        "cadastre entity apply '**/catalog-info.yaml' --dry-run",
        "generate | cadastre entity apply -",
      ],
    ),
  ),
);

const validate = Command.make("validate", { paths, format: Options.format }, (given) =>
  Effect.flatMap(implementation, ({ validate }) => validate(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Check descriptors without a daemon",
      ["By the same rules as apply; nothing leaves this machine."],
      [
        "cadastre entity validate catalog-info.yaml",
        "git diff --name-only -- '*catalog-info.yaml' | xargs cadastre entity validate",
      ],
    ),
  ),
);

const remove = Command.make(
  "delete",
  { references: Args.atLeast(reference, 1), force, ...Options.connection },
  (given) => Effect.flatMap(implementation, ({ remove }) => remove(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Delete entities for good",
      ["Refused while active entities depend on one, unless forced."],
      ["cadastre entity delete component:coupon-printer", "cadastre entity delete payments --force"],
    ),
  ),
);

export const entity = CommandLine.withChildren(
  Command.make("entity").pipe(
    Command.withDescription(Options.describe("Read and write what the catalog registers", [], [])),
    Command.withSubcommands([list, get, apply, validate, remove]),
  ),
  [list, get, apply, validate, remove],
);
