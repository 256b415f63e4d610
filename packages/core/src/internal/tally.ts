/**
 * Counts of a facet over entities that only evaluation could choose; the same as `FacetStore` counts.
 */
import type { Envelope } from "@cadastre/domain/Entity";
import type { Facet, FacetCount, FacetCounts } from "@cadastre/domain/Facets";
import { isObject, type Json } from "@cadastre/domain/Json";
import { ownerOf } from "@cadastre/domain/Relation";

export interface Tally {
  readonly add: (entity: Envelope) => void;
  readonly counts: (limit: number) => FacetCounts;
}

export const make = (facet: Facet): Tally => {
  /** What is held to be the same → each of its spellings → how often. */
  const spellings = new Map<string, Map<string, number>>();
  let missing = 0;

  return {
    add: (entity) => {
      const values = new Set(valuesOf(facet, entity));
      if (values.size === 0) missing += 1;
      for (const value of values) {
        const same = facet._tag === "Field" && facet.field === "kind" ? value.toLowerCase() : value;
        const counts = spellings.get(same) ?? new Map<string, number>();
        spellings.set(same, counts.set(value, (counts.get(value) ?? 0) + 1));
      }
    },

    counts: (limit) => ({
      values: [...spellings.values()].map(commonest).sort(byCount).slice(0, limit),
      distinct: spellings.size,
      missing,
    }),
  };
};

const commonest = (spellings: ReadonlyMap<string, number>): FacetCount => {
  const counts = [...spellings].map(([value, count]) => ({ value, count })).sort(byCount);
  return { value: counts[0]?.value ?? "", count: counts.reduce((sum, { count }) => sum + count, 0) };
};

const byCount = (a: FacetCount, b: FacetCount): number => b.count - a.count || compareTexts(a.value, b.value);

/** By code point, as databases compare UTF-8: surrogates stand for code points above all others. */
const compareTexts = (a: string, b: string): number => {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
};

const valuesOf = (facet: Facet, entity: Envelope): ReadonlyArray<string> => {
  switch (facet._tag) {
    case "Field":
      return FIELDS[facet.field](entity);
    case "Tag":
      return entity.metadata.tags ?? [];
    case "Label":
      return textsOf(memberOf(entity.metadata.labels ?? null, facet.label));
    case "Spec":
      return textsOf(facet.path.reduce(memberOf, entity.spec ?? null));
  }
};

type Field = Extract<Facet, { readonly _tag: "Field" }>["field"];

const FIELDS: { readonly [Name in Field]: (entity: Envelope) => ReadonlyArray<string> } = {
  kind: ({ kind }) => [kind],
  namespace: ({ metadata }) => [metadata.namespace.toLowerCase()],
  owner: (entity) => textsOf(ownerOf(entity) ?? null),
  state: ({ status }) => [status.state],
};

const memberOf = (value: Json, key: string): Json =>
  isObject(value) && Object.hasOwn(value, key) ? (value[key] ?? null) : null;

/** Lists stand for their items; what is neither text, number nor boolean has no text to be counted by. */
const textsOf = (value: Json): ReadonlyArray<string> =>
  [value].flat().flatMap((one: Json) => (one === null || typeof one === "object" ? [] : String(one)));
