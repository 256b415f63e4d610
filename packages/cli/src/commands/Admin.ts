/**
 * `cadastre admin …`: the commands that work on the database itself, whether a daemon runs or not.
 */
import * as Args from "@effect/cli/Args";
import * as Command from "@effect/cli/Command";
import * as CliOptions from "@effect/cli/Options";
import * as Effect from "effect/Effect";
import * as CommandLine from "../CommandLine.ts";
import * as Options from "./Options.ts";
import * as Tokens from "./Tokens.ts";

const implementation = Effect.promise(() => import("./internal/admin.ts"));

const maintenance = Effect.promise(() => import("./internal/maintenance.ts"));

const migrate = Command.make("migrate", { ...Options.database }, (given) =>
  Effect.flatMap(implementation, ({ migrate }) => migrate(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Bring the database to this version's schema",
      ["The daemon does so too when it starts."],
      ["cadastre admin migrate"],
    ),
  ),
);

const seed = Command.make(
  "seed",
  {
    entities: Options.count("entities").pipe(
      CliOptions.withDescription("Instead, N generated entities of about 1 KB in the namespace load"),
      CliOptions.optional,
    ),
    ...Options.database,
  },
  (given) => Effect.flatMap(implementation, ({ seed }) => seed(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Fill in a sample company",
      ["Seeding again changes nothing."],
      ["cadastre admin seed", "cadastre admin seed --entities 10000"],
    ),
  ),
);

const dump = Command.make(
  "export",
  {
    output: CliOptions.text("output").pipe(
      CliOptions.withPseudoName("FILE"),
      CliOptions.withDescription(
        "Write to this file instead of standard output; it is replaced once the export is whole",
      ),
      CliOptions.optional,
    ),
    format: Options.word("format", ["ndjson", "yaml"]).pipe(
      CliOptions.withDescription("ndjson (where absent), one record a line, or yaml"),
      CliOptions.withDefault("ndjson" as const),
    ),
    ...Options.database,
  },
  (given) => Effect.flatMap(implementation, ({ dump }) => dump(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Write the whole catalog out",
      [
        "Ids, revisions, history and tokens (as hashes) included, as it stood at one moment. `admin import` reads it back.",
      ],
      ["cadastre admin export --output catalog.ndjson", "cadastre admin export | gzip > catalog.ndjson.gz"],
    ),
  ),
);

const load = Command.make(
  "import",
  {
    file: Args.text({ name: "file" }).pipe(
      Args.withDescription("What `admin export` wrote, NDJSON or YAML, or - for standard input"),
    ),
    ...Options.database,
  },
  (given) => Effect.flatMap(implementation, ({ load }) => load(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Read an export into an empty catalog",
      ["All or nothing."],
      ["cadastre admin import catalog.ndjson --db new.db", "gunzip -c catalog.ndjson.gz | cadastre admin import -"],
    ),
  ),
);

const backup = Command.make(
  "backup",
  {
    file: Args.text({ name: "file" }).pipe(Args.withDescription("Where to write the copy")),
    force: Options.flag("force", "Replace the file if it is there"),
    ...Options.database,
  },
  (given) => Effect.flatMap(maintenance, ({ backup }) => backup(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Copy a live SQLite database",
      [
        "As it stood at one moment, while the daemon goes on; the copy is checked before it takes its name, and only you may read it. Postgres has pg_dump for this.",
      ],
      ["cadastre admin backup /backup/catalog.db", "cadastre admin backup catalog-$(date +%F).db --force"],
    ),
  ),
);

const doctor = Command.make("doctor", { format: Options.dataFormat, ...Options.database }, (given) =>
  Effect.flatMap(maintenance, ({ doctor }) => doctor(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Look for what is wrong with the database, and say what to do",
      ["Nothing is changed, and a daemon may run. The exit code is 0 if all is well and 8 if something needs a hand."],
      ["cadastre admin doctor", "cadastre admin doctor --db /backup/catalog.db -o json"],
    ),
  ),
);

const create = Command.make("create", { ...Tokens.create, ...Options.database }, (given) =>
  Effect.flatMap(implementation, ({ createToken }) => createToken(given)),
).pipe(Command.withDescription(Tokens.help.create("cadastre admin token")));

const list = Command.make("list", { ...Tokens.list, ...Options.database }, (given) =>
  Effect.flatMap(implementation, ({ listTokens }) => listTokens(given)),
).pipe(Command.withDescription(Tokens.help.list("cadastre admin token")));

const revoke = Command.make("revoke", { ...Tokens.revoke, ...Options.database }, (given) =>
  Effect.flatMap(implementation, ({ revokeToken }) => revokeToken(given)),
).pipe(Command.withDescription(Tokens.help.revoke("cadastre admin token")));

const token = CommandLine.withChildren(
  Command.make("token").pipe(
    Command.withDescription(
      Options.describe(
        "Make, list and revoke tokens in the database",
        ["As `cadastre token`, without a daemon."],
        ["cadastre admin token list"],
      ),
    ),
    Command.withSubcommands([create, list, revoke]),
  ),
  [create, list, revoke],
);

export const admin = CommandLine.withChildren(
  Command.make("admin").pipe(
    Command.withDescription(
      Options.describe(
        "Work on the database itself",
        ["A daemon need not run, and may."],
        ["cadastre admin doctor", "cadastre admin seed"],
      ),
    ),
    Command.withSubcommands([migrate, seed, dump, load, backup, doctor, token]),
  ),
  [migrate, seed, dump, load, backup, doctor, token],
);
