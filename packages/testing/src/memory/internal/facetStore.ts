import type { Facet, FacetStore } from "@cadastre/domain/Facets";
import { isObject, type Json } from "@cadastre/domain/Json";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Database } from "./database.ts";
import * as EntityRow from "./entityRow.ts";

export const make = ({ entities, statement }: Database): Context.Tag.Service<FacetStore> => ({
  count: (query, facet, limit) =>
    statement(
      Effect.sync(() => {
        const spellings = new Map<string, Map<string, number>>();
        let missing = 0;
        for (const row of entities.values().filter((row) => EntityRow.matches(row, query))) {
          const values = new Set(valuesOf(row, facet));
          if (values.size === 0) missing += 1;
          for (const value of values) {
            const same = facet._tag === "Field" && facet.field === "kind" ? value.toLowerCase() : value;
            const counts = spellings.get(same) ?? new Map<string, number>();
            spellings.set(same, counts.set(value, (counts.get(value) ?? 0) + 1));
          }
        }
        const values = [...spellings.values()].map((counts) => ({
          value: mostFrequent(counts),
          count: [...counts.values()].reduce((sum, count) => sum + count, 0),
        }));
        values.sort((a, b) => b.count - a.count || EntityRow.compareTexts(a.value, b.value));
        return { values: values.slice(0, limit), distinct: values.length, missing };
      }),
    ),
});

/** The first by code point of those that are as frequent as any. */
const mostFrequent = (counts: ReadonlyMap<string, number>): string =>
  [...counts].sort(([a, n], [b, m]) => m - n || EntityRow.compareTexts(a, b)).map(([value]) => value)[0] ?? "";

const valuesOf = (row: EntityRow.EntityRow, facet: Facet): ReadonlyArray<string> => {
  switch (facet._tag) {
    case "Field": {
      if (facet.field === "kind") return [EntityRow.parse(row.envelope).kind];
      const value = facet.field === "state" ? row.state : row.sort[facet.field];
      return value === null ? [] : [String(value)];
    }
    case "Tag":
      return row.tags;
    case "Label":
      return Object.hasOwn(row.labels, facet.label) ? [String(row.labels[facet.label])] : [];
    case "Spec": {
      const value = facet.path.reduce<Json | undefined>(
        (parent, key) => (isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined),
        EntityRow.parse(row.envelope).spec,
      );
      return [value].flat().flatMap((item) => (isScalar(item) ? [String(item)] : []));
    }
  }
};

const isScalar = (value: Json | undefined): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";
