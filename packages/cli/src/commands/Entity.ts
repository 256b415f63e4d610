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
import { conditions } from "./Conditions.ts";
import * as Options from "./Options.ts";
import { questions, reference } from "./Questions.ts";

const implementation = Effect.promise(() => import("./internal/entity.ts"));

const applying = Effect.promise(() => import("./internal/apply.ts"));

const editing = Effect.promise(() => import("./internal/edit.ts"));

const patching = Effect.promise(() => import("./internal/patch.ts"));

const paths = Args.text({ name: "path" }).pipe(
  Args.withDescription(
    "A file, a directory (its *.yaml, *.yml, *.json and *.ndjson, at any depth), a glob in quotes, or - for standard input",
  ),
  Args.atLeast(1),
);

const force = Options.flag("force", "Override what keeps the entity: dependents, or the source that manages it");

const list = Command.make(
  "list",
  {
    ...conditions,
    orderBy: Options.text(
      "order-by",
      "FIELD",
      `The order: ${SortField.literals.join(", ")}; -FIELD for descending; where absent, relevance with -q and name without`,
    ),
    explain: Options.flag("explain", "Tell how the filter was dealt with"),
    limit: Options.limit("How many to show; 50 where absent"),
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
        "cadastre entity list -q 'order ev'",
        `cadastre entity list --filter '"pci" in tags && !name.startsWith("pay")'`,
        "cadastre entity list --all -o name | wc -l",
      ],
    ),
  ),
);

const get = Command.make(
  "get",
  {
    reference,
    revision: Options.count("revision").pipe(
      CliOptions.withDescription("As this revision left it, without relations"),
      CliOptions.optional,
    ),
    format: Options.format,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ get }) => get(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show one entity and its relations",
      ["A name alone is looked for among all kinds and namespaces; if it fits several, they are listed."],
      [
        "cadastre entity get basket",
        "cadastre entity get api:default/basket-api -o yaml",
        "cadastre entity get basket --revision 1",
      ],
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
  (given) => Effect.flatMap(applying, ({ apply }) => apply(given)),
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
  Effect.flatMap(applying, ({ validate }) => validate(given)),
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

const patch = Command.make(
  "patch",
  {
    reference,
    patch: Options.text("patch", "JSON", "A JSON merge patch: null removes a field, lists are replaced whole"),
    patchFile: Options.text("patch-file", "FILE", "The same from a file, or - for standard input"),
    state: Options.word("state", EntityState.literals).pipe(
      CliOptions.withDescription("inactive retires the entity, active revives it"),
      CliOptions.optional,
    ),
    force: Options.flag("force", "Write even if a managed source keeps the entity"),
    ...Options.connection,
  },
  (given) => Effect.flatMap(patching, ({ patch }) => patch(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Change fields of an entity, retire it or revive it",
      ["What is retired is kept and readable, and left out of lists unless asked for."],
      [
        `cadastre entity patch basket --patch '{"spec":{"owner":"group:default/checkout"}}'`,
        "cadastre entity patch component:coupon-printer --state inactive",
      ],
    ),
  ),
);

const edit = Command.make(
  "edit",
  {
    reference,
    force: Options.flag("force", "Write even if a managed source keeps the entity"),
    ...Options.connection,
  },
  (given) => Effect.flatMap(editing, ({ edit }) => edit(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Edit an entity in your editor",
      [
        "As YAML in $VISUAL or $EDITOR, which may have arguments, else in vi or nano. What the editor leaves is checked as apply does; the faults are shown in the editor again. A change that somebody else made meanwhile is never written over, and your draft is kept.",
      ],
      ["cadastre entity edit basket", "EDITOR='code --wait' cadastre entity edit component:payments"],
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
      ["cadastre entity delete component:coupon-printer", "cadastre entity delete basket --force"],
    ),
  ),
);

const children = [list, get, ...questions, apply, validate, edit, patch, remove] as const;

export const entity = CommandLine.withChildren(
  Command.make("entity").pipe(
    Command.withDescription(
      Options.describe(
        "Read and write what the catalog registers",
        [],
        ["cadastre entity list --kind component", "cadastre entity apply catalog-info.yaml"],
      ),
    ),
    Command.withSubcommands(children),
  ),
  children,
);
