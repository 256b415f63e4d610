/**
 * The endpoint that counts.
 */
import { toQuery } from "@cadastre/api/Conditions";
import { DEFAULT_VALUES, type FacetReport, toFacet } from "@cadastre/api/Facets";
import { Facets } from "@cadastre/core/Facets";
import type { Fault } from "@cadastre/domain/Fault";
import * as Effect from "effect/Effect";
import { json } from "./internal/answer.ts";
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
