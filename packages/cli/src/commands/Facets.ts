/**
 * `cadastre facets`
 */
import * as Command from "@effect/cli/Command";
import * as CliOptions from "@effect/cli/Options";
import * as Effect from "effect/Effect";
import { conditions } from "./Conditions.ts";
import * as Options from "./Options.ts";

const implementation = Effect.promise(() => import("./internal/questions.ts"));

export const facets = Command.make(
  "facets",
  {
    by: CliOptions.text("by").pipe(
      CliOptions.withPseudoName("FACET"),
      CliOptions.withDescription(
        "What to count by: kind, namespace, owner, state, tag, label:KEY or spec.FIELD; may be repeated, one table each",
      ),
      CliOptions.atLeast(1),
    ),
    ...conditions,
    limit: Options.limit("Values of one facet, the most frequent first; 50 where absent"),
    format: Options.dataFormat,
    ...Options.connection,
  },
  (given) => Effect.flatMap(implementation, ({ facets }) => facets(given)),
).pipe(
  Command.withDescription(
    Options.describe(
      "Count entities",
      ["Under the same conditions as a list."],
      ["cadastre facets --by kind --by owner", "cadastre facets --by spec.lifecycle --kind component"],
    ),
  ),
);
