import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import type { Facet, FacetCount, FacetStore } from "@cadastre/domain/Facets";
import * as SearchText from "@cadastre/domain/SearchText";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment, Statement } from "@effect/sql/Statement";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "./Engine.ts";
import { breathe } from "./internal/breathe.ts";
import * as conditions from "./internal/conditions.ts";
import * as Statements from "./internal/statements.ts";

/** Entities of one statement where documents are looked into, at about 5 µs each. */
const SLICE = 4000;

export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<FacetStore> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);

  /** Counts as rows of `value`, `spelling` and `count`; a value may be in several rows, and NULL counts who has none. */
  const grouped = (facet: Facet, met: Fragment): ReadonlyArray<Statement<Row>> => {
    switch (facet._tag) {
      case "Field": {
        const column = sql.literal(facet.field === "kind" ? "e.kind, e.spelling" : `e.${facet.field}`);
        const [value, spelling] = facet.field === "kind" ? ["kind", "spelling"] : [facet.field, facet.field];
        return [
          sql`SELECT e.${sql.literal(value)} AS value, e.${sql.literal(spelling)} AS spelling, count(*) AS count
            FROM entities e WHERE ${met} GROUP BY ${column}`,
        ];
      }
      case "Tag":
        return hanging(sql`entity_tags h`, sql`h.tag`, sql`1 = 1`, met);
      case "Label":
        return hanging(sql`entity_labels h`, sql`h.value`, sql`h.label = ${facet.label}`, met);
      case "Spec": {
        const { join, text } = dialect.scalars(sql`e.envelope`, ["spec", ...facet.path]);
        return [
          sql`SELECT value, value AS spelling, count(*) AS count
            FROM (SELECT DISTINCT e.id, ${text} AS value FROM entities e ${join} WHERE ${met}) s GROUP BY value`,
        ];
      }
    }
  };

  const hanging = (table: Fragment, value: Fragment, which: Fragment, met: Fragment): ReadonlyArray<Statement<Row>> => [
    sql`SELECT ${value} AS value, ${value} AS spelling, count(*) AS count
      FROM ${table} JOIN entities e ON e.id = h.entity_id WHERE ${which} AND ${met} GROUP BY ${value}`,
    sql`SELECT NULL AS value, NULL AS spelling, count(*) AS count FROM entities e
      WHERE ${met} AND NOT EXISTS (SELECT 1 FROM ${table} WHERE h.entity_id = e.id AND ${which})`,
  ];

  const last = statements.prepare(sql`SELECT coalesce(max(id), 0) AS id FROM entities`);

  /** Ranges of ids, so that no statement looks into more documents than it should; one without bounds where none does. */
  const slices = Effect.fnUntraced(function* (query: EntityQuery, facet: Facet) {
    if (query.where === undefined && facet._tag !== "Spec") return [sql`1 = 1`];
    const [row] = yield* last({});
    const count = Math.ceil(Number(row?.["id"]) / SLICE);
    return Array.from({ length: count }, (_, i) => sql`e.id BETWEEN ${i * SLICE + 1} AND ${(i + 1) * SLICE}`);
  });

  return {
    count: Effect.fnUntraced(function* (query, facet, limit) {
      const met = [
        ...conditions.all(sql, dialect, query),
        ...(query.text === undefined ? [] : [sql`e.id IN (${dialect.matching(SearchText.parse(query.text))})`]),
      ];
      const values = new Map<string, Map<string, number>>();
      let missing = 0;
      for (const slice of yield* slices(query, facet)) {
        for (const statement of grouped(facet, sql.and([...met, slice]))) {
          for (const { value, spelling, count } of yield* statements.run(statement)) {
            if (value === null) missing += Number(count);
            else add(values, String(value), String(spelling), Number(count));
          }
        }
        yield* breathe;
      }
      const counted = [...values.values()].map(
        (spellings): FacetCount => ({
          value: [...spellings].sort(byFrequency)[0]?.[0] ?? "",
          count: [...spellings.values()].reduce((sum, count) => sum + count, 0),
        }),
      );
      counted.sort((a, b) => byFrequency([a.value, a.count], [b.value, b.count]));
      return { values: counted.slice(0, limit), distinct: counted.length, missing };
    }),
  };
};

const add = (values: Map<string, Map<string, number>>, value: string, spelling: string, count: number): void => {
  const spellings = values.get(value);
  if (spellings === undefined) values.set(value, new Map([[spelling, count]]));
  else spellings.set(spelling, count + (spellings.get(spelling) ?? 0));
};

/** The most frequent first, then by code point: bytes of UTF-8 are in its order. */
const byFrequency = ([a, n]: readonly [string, number], [b, m]: readonly [string, number]): number =>
  m - n || Buffer.compare(Buffer.from(a), Buffer.from(b));
