/**
 * Arguments that several tools share.
 */
import { integer, one, ordinal, required, text } from "@cadastre/api/Parameters";
import * as Schema from "effect/Schema";

/** What names an entity, for {@link Lookup.find}. */
export const loose = required(text(400), {
  description: "kind:namespace/name, or a name or words that only one entity has.",
  example: "component:default/payments",
});

/** What names an entity, for {@link Lookup.exact}. */
export const exact = required(text(400), {
  description: "kind:namespace/name, exactly.",
  example: "component:default/payments",
});

/** How many of something a page has. */
export const page = (what: string, standard: number, maximum: number) =>
  one(integer(1, maximum, standard), { description: `${what} of one page.`, example: standard });

export const ifRevision = one(ordinal(1), {
  description: "Write only if the entity is still at this revision (metadata.revision of get_entity).",
  example: 7,
});

export const force = (what: string) =>
  Schema.optionalWith(Schema.Boolean.annotations({ description: `${what} Only if a person agreed.` }), { exact: true });

/** A descriptor, unchecked: what is wrong with it the domain's validation tells. */
export const document = Schema.Union(
  Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  Schema.String,
).annotations({
  description:
    "A descriptor, as an object or as YAML: apiVersion, kind, metadata (name …), spec. describe_model tells what a kind's spec holds.",
});
