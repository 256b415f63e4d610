/**
 * The endpoint that counts.
 */
import { DEFAULT_VALUES, type FacetReport } from "@cadastre/api/Facets";
import { Facets } from "@cadastre/core/Facets";
import type { Facet } from "@cadastre/domain/Facets";
import type { Fault } from "@cadastre/domain/Fault";
import * as Effect from "effect/Effect";
import { json } from "./internal/answer.ts";
import { toQuery } from "./internal/conditions.ts";
import { invalidParameters } from "./internal/parameters.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"facets">, never, Facets> = Effect.map(Facets, (facets) => ({
  count: ({ query: { by, limit = DEFAULT_VALUES, ...conditions } }) => {
    const faults: Array<Fault> = [];
    const query = toQuery(conditions, faults);
    if (faults.length > 0) return Effect.fail(invalidParameters(faults));
    return Effect.map(
      facets.count(query, by.map(toFacet), { filter: conditions.filter, limit }),
      ({ facets, isApproximate, unevaluated }) => {
        const report: typeof FacetReport.Type = {
          facets: facets.map((counts, i) => ({ by: by[i] ?? "", ...counts })),
          ...(isApproximate ? { approximate: true } : {}),
          ...(unevaluated === undefined ? {} : { unevaluated }),
        };
        return json(JSON.stringify(report));
      },
    );
  },
}));

/** The declaration lets no other texts through. */
const toFacet = (text: string): Facet => {
  if (text === "tag") return { _tag: "Tag" };
  if (text.startsWith("label:")) return { _tag: "Label", label: text.slice("label:".length) };
  if (text.startsWith("spec.")) return { _tag: "Spec", path: text.split(".").slice(1) };
  return { _tag: "Field", field: text as "kind" | "namespace" | "owner" | "state" };
};
