/**
 * Which entities are meant: the options that a list and counts share.
 */
import type { EntityListQuery } from "@cadastre/api/Entities";
import { EntityState } from "@cadastre/domain/Entity";
import type * as Command from "@effect/cli/Command";
import * as Option from "effect/Option";
import type { Query } from "../Connection.ts";
import * as Options from "./Options.ts";

export const filter = Options.text(
  "filter",
  "EXPRESSION",
  `Only of what this expression, in the Common Expression Language (CEL), is true, such as '"pci" in tags'`,
);

export const conditions = {
  kind: Options.any("kind", "KIND", "Only of this kind"),
  namespace: Options.any("namespace", "NAMESPACE", "Only of this namespace"),
  owner: Options.any("owner", "REF", "Only owned by this; a name alone is a group"),
  tag: Options.any("tag", "TAG", "Only with this tag, and with every other that is given"),
  label: Options.any("label", "KEY[=VALUE]", "Only with this label, and with every other that is given"),
  state: Options.anyWord(
    "state",
    EntityState.literals,
    "Only in this state; active ones where neither this nor the filter speaks of states",
  ),
  q: Options.text(
    "q",
    "WORDS",
    "Only with all these words in name, title, tags, owner or description; the last may be a beginning",
  ),
  filter,
};

export type Conditions = Command.Command.ParseConfig<typeof conditions>;

export const toQuery = ({
  kind,
  namespace,
  owner,
  tag,
  label,
  state,
  q,
  filter,
}: Conditions): Query<typeof EntityListQuery.Encoded> => ({
  kind,
  namespace,
  owner,
  tag,
  label,
  state,
  ...given({ q, filter }),
});

/** The parameters of the options that were given. */
export const given = <Name extends string>(
  options: { readonly [K in Name]: Option.Option<string | number> },
): { readonly [K in Name]?: string } =>
  // The names are those of the options.
  Object.fromEntries(
    Object.entries<Option.Option<string | number>>(options).flatMap(([name, value]) =>
      Option.isSome(value) ? [[name, String(value.value)]] : [],
    ),
  ) as { readonly [K in Name]?: string };
