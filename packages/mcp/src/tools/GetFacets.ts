import { FacetQuery, FacetReport, toFacet } from "@cadastre/api/Facets";
import { Facets } from "@cadastre/core/Facets";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Conditions from "../internal/conditions.ts";
import { page } from "../internal/inputs.ts";
import { some } from "../internal/view.ts";
import { reading, type Tool } from "../Tool.ts";

const STANDARD = 15;

const Input = Schema.typeSchema(
  Schema.Struct({
    ...FacetQuery.pick("by", "kind", "owner", "tag", "label", "state", "q", "filter").fields,
    filter: Conditions.filter,
    limit: page("Values of one facet, the most frequent first, as", STANDARD, 100),
  }),
);

export const tool: Effect.Effect<Tool, never, Facets> = Effect.map(Facets, (facets) =>
  reading({
    name: "get_facets",
    title: "Count entities by a field",
    description:
      "How many entities there are of what, under the same conditions as search_catalog. Use it for how many, and to learn which values exist before you filter.",
    toolset: "search",
    scope: "catalog:read",
    input: Input,
    output: Schema.typeSchema(FacetReport),
    run: Effect.fnUntraced(function* ({ by, limit = STANDARD, ...conditions }) {
      const query = yield* Conditions.query(conditions);
      const { filter } = conditions;
      const {
        facets: counts,
        isApproximate,
        unevaluated,
      } = yield* facets.count(query, by.map(toFacet), { filter, limit });
      return {
        structured: {
          facets: counts.map((facet, i) => ({ by: by[i] ?? "", ...facet })),
          ...(isApproximate ? { approximate: true as const } : {}),
          ...(unevaluated === undefined ? {} : { unevaluated }),
        },
        text: [
          ...counts.map(
            ({ values, distinct, missing }, i) =>
              `${by[i]}: ${
                some(
                  values.map(({ value, count }) => `${value} ${count}`),
                  limit,
                ) || "no values"
              }${distinct > values.length ? ` (${distinct - values.length} more values)` : ""}${missing > 0 ? `; without one: ${missing}` : ""}`,
          ),
          ...(isApproximate ? ["Approximate: there were too many entities to evaluate the filter on all."] : []),
        ].join("\n"),
      };
    }),
  }),
);
