/**
 * The endpoint that counts.
 */
import { MAX_LIMIT } from "@cadastre/domain/EntityQuery";
import { InvalidInput, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import type { Facet } from "@cadastre/domain/Facets";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { conditions, Unevaluated } from "./Conditions.ts";
import { atLeastOne, Integer, integer, one, optional } from "./Parameters.ts";
import { wire } from "./Problem.ts";

/** Values of one facet where none are asked for. */
export const DEFAULT_VALUES = 50;

/** Facets of one call. */
const MAX_FACETS = 20;

const facet = Schema.String.pipe(
  Schema.pattern(/^(?:kind|namespace|owner|state|tag|(?:label:|spec\.)\P{Cc}{1,253})$/u, {
    jsonSchema: {},
    message: () => "must be kind, namespace, owner, state, tag, label:<key> or spec.<field>",
  }),
);

export const FacetQuery = Schema.Struct({
  by: atLeastOne(facet, MAX_FACETS, {
    description:
      "What to count by: `kind`, `namespace`, `owner`, `state`, `tag`, `label:<key>` or `spec.<field>`, with dots into nested fields. An entity counts once for each of its tags, and for each item of a list.",
    example: ["kind", "spec.lifecycle"],
  }),
  limit: one(integer(1, MAX_LIMIT, DEFAULT_VALUES), {
    description: "Values of one facet; the most frequent come first.",
    example: 10,
  }),
  ...conditions,
});

export const FacetReport = Schema.Struct({
  facets: Schema.Array(
    Schema.Struct({
      by: Schema.String.annotations({ examples: ["kind"] }),
      values: Schema.Array(
        Schema.Struct({ value: Schema.String.annotations({ examples: ["Component"] }), count: Integer }),
      ),
      distinct: Integer.annotations({ description: "Different values there are." }),
      missing: Integer.annotations({ description: "Entities that have no value." }),
    }),
  ).annotations({ description: "In the order of `by`." }),
  approximate: optional(
    Schema.Literal(true).annotations({
      description:
        "The filter had to be evaluated, and not all entities were: only the first 20,000, or those of the first 250 ms, are counted.",
    }),
  ),
  unevaluated: optional(Unevaluated),
}).annotations({ identifier: "FacetReport" });

const count = HttpApiEndpoint.get("count", "/v1/facets")
  .setUrlParams(FacetQuery)
  .addSuccess(FacetReport)
  .annotateContext(
    operation("catalog:read", "Count entities", "Counts what a list of the same conditions would have."),
  );

export const FacetsGroup = HttpApiGroup.make("facets")
  .add(count)
  .addError(wire(InvalidInput))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(OpenApi.annotations({ title: "Facets", description: "How many entities there are of what." }));

/** What a text of `by` counts by; the declaration lets no other texts through. */
export const toFacet = (text: string): Facet => {
  if (text === "tag") return { _tag: "Tag" };
  if (text.startsWith("label:")) return { _tag: "Label", label: text.slice("label:".length) };
  if (text.startsWith("spec.")) return { _tag: "Spec", path: text.split(".").slice(1) };
  return { _tag: "Field", field: text as "kind" | "namespace" | "owner" | "state" };
};
