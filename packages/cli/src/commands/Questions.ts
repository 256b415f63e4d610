/**
 * The `entity` commands that ask for an entity's place among the others, and for what has become of it.
 */
import { EventType } from "@cadastre/domain/Event";
import type { Direction } from "@cadastre/domain/Graph";
import * as Args from "@effect/cli/Args";
import * as Command from "@effect/cli/Command";
import * as CliOptions from "@effect/cli/Options";
import * as Effect from "effect/Effect";
import * as Options from "./Options.ts";

const implementation = Effect.promise(() => import("./internal/questions.ts"));

const following = Effect.promise(() => import("./internal/events.ts"));

const named = (name: string) =>
  Args.text({ name }).pipe(
    Args.withDescription("[kind:][namespace/]name, such as payments or component:payments, or a uid"),
  );

export const reference = named("ref");

const relation = Options.any("relation", "RELATION", "Only by this relation, in either reading, such as dependsOn");

const DIRECTIONS = ["dependencies", "dependents", "both"] as const satisfies ReadonlyArray<Direction>;

const graph = Command.make(
  "graph",
  {
    reference,
    direction: Options.word("direction", DIRECTIONS).pipe(
      CliOptions.withDescription(
        "Which way: dependencies (what it needs), dependents (what needs it) or both; both where absent",
      ),
      CliOptions.optional,
    ),
    relation,
    depth: Options.text("depth", "N", "Steps from the entity, or all; 1 where absent"),
    limit: Options.limit("Entities at the most, the nearest first; 500 where absent"),
    format: Options.format,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ graph }) => graph(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show what an entity needs, and what needs it",
      ["-o name prints the other entities, one reference a line."],
      [
        "cadastre entity graph basket",
        "cadastre entity graph resource:payments-db --direction dependents --depth all",
        "cadastre entity graph basket --relation dependsOn --relation consumesApi --depth 3",
      ],
    ),
  ),
);

const path = Command.make(
  "path",
  { from: named("from"), to: named("to"), relation, format: Options.format, ...Options.connection },
  (given) => Effect.flatMap(implementation, ({ path }) => path(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show why an entity depends on another",
      ["A shortest way from the one to the other, one step a line."],
      ["cadastre entity path component:shop-web resource:payments-db"],
    ),
  ),
);

const history = Command.make(
  "history",
  {
    reference,
    path: Options.text("path", "POINTER", "Only what changed this place, such as /spec/owner, and the creation"),
    limit: Options.limit("Revisions, the latest first; 20 where absent"),
    format: Options.dataFormat,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ history }) => history(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show every revision of an entity: who, when, through what, and the difference",
      ["For programs the difference is a JSON Patch (RFC 6902). What was deleted is found by its uid."],
      ["cadastre entity history basket", "cadastre entity history basket --path /spec/owner --limit 1"],
    ),
  ),
);

/** Of the feed. */
export const changes = {
  kind: Options.any("kind", "KIND", "Only of entities of this kind"),
  type: Options.anyWord("type", EventType.literals, `Only of this type: ${EventType.literals.join(", ")}`),
  filter: Options.text(
    "filter",
    "EXPRESSION",
    `Only changes of which this expression, in the Common Expression Language (CEL), is true, such as 'event.actor == "token:ci"'`,
  ),
};

const watch = Command.make(
  "watch",
  {
    references: Args.repeated(reference),
    ...changes,
    after: Options.text("after", "SEQUENCE", "Begin after this event; 0: at the first; from now on where absent"),
    format: Options.format,
    ...Options.connection,
  },
  (given) => Effect.flatMap(following, ({ watch }) => watch(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Follow changes as they happen",
      ["One line each; -o json prints one JSON document a line. Goes on where it was when the daemon comes back."],
      [
        "cadastre entity watch",
        "cadastre entity watch basket component:payments",
        `cadastre entity watch --filter 'event.patch.exists(p, p.path == "/spec/owner")' -o json`,
      ],
    ),
  ),
);

export const questions = [graph, path, history, watch] as const;
