import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import type { Facet, FacetCount, FacetStore } from "@cadastre/domain/Facets";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment, Statement } from "@effect/sql/Statement";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "./Engine.ts";
import { breathe } from "./internal/breathe.ts";
import { byCodePoint } from "./internal/codePoints.ts";
import * as conditions from "./internal/conditions.ts";
import * as Statements from "./internal/statements.ts";

/** Entities of one statement where documents are looked into, at about 5 µs each. */
const SLICE = 4000;

export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<FacetStore> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);

  /** Counts as rows of `value`, `spelling` and `count`; a value may be in several rows, and NULL counts who has none. */
  const grouped = (facet: Facet, met: Fragment, among: Fragment): ReadonlyArray<Statement<Row>> => {
    switch (facet._tag) {
      case "Field": {
        const [value, spelling] = facet.field === "kind" ? ["kind", "spelling"] : [facet.field, facet.field];
        const [group, member] = [sql.literal(`e.${value}`), sql.literal(`e.${spelling}`)];
        // One index has all the fields. In the order of another one, each state would be looked up in its entity.
        return [
          sql`SELECT ${group} AS value, ${member} AS spelling, count(*) AS count FROM entities e WHERE ${met}
            GROUP BY ${dialect.residual(group)}, ${dialect.residual(member)}`,
        ];
      }
      case "Tag":
        return hanging(sql`entity_tags h`, sql`h.tag`, sql`1 = 1`, met, among);
      case "Label":
        return hanging(sql`entity_labels h`, sql`h.value`, sql`h.label = ${facet.label}`, met, among);
      case "Spec": {
        const { join, text } = dialect.scalars(["spec", ...facet.path]);
        return [
          sql`SELECT value, value AS spelling, count(*) AS count
            FROM (SELECT DISTINCT e.id, ${text} AS value FROM entities e ${join} WHERE ${met}) s GROUP BY value`,
        ];
      }
    }
  };

  const hanging = (
    table: Fragment,
    value: Fragment,
    which: Fragment,
    met: Fragment,
    among: Fragment,
  ): ReadonlyArray<Statement<Row>> => [
    sql`SELECT ${value} AS value, ${value} AS spelling, count(*) AS count
      FROM ${table} WHERE ${which} AND h.entity_id ${among} GROUP BY ${value}`,
    sql`SELECT NULL AS value, NULL AS spelling, count(*) AS count FROM entities e
      WHERE ${met} AND NOT EXISTS (SELECT 1 FROM ${table} WHERE h.entity_id = e.id AND ${which})`,
  ];

  const bound = statements.prepare(
    sql`SELECT id FROM entities WHERE id > ${"after"} ORDER BY id LIMIT 1 OFFSET ${sql.literal(String(SLICE - 1))}`,
  );

  /** Ranges of ids, so that no statement looks into more documents than it should; one without bounds where none does. */
  const slices = Effect.fnUntraced(function* (query: EntityQuery, facet: Facet) {
    if (query.where === undefined && facet._tag !== "Spec") return [[]];
    // By what is there: ids have gaps of any width.
    const found: Array<ReadonlyArray<Fragment>> = [];
    for (let after = 0; ; ) {
      const [row] = yield* bound({ after });
      const to = row === undefined ? Number.MAX_SAFE_INTEGER : Number(row["id"]);
      found.push([sql`e.id BETWEEN ${after + 1} AND ${to}`]);
      if (row === undefined) return found;
      after = to;
    }
  });

  return {
    count: Effect.fnUntraced(function* (query, facet, limit) {
      const states = conditions.states(sql, dialect, query).map(({ direct }) => direct);
      const others = [
        ...[...conditions.selective(sql, dialect, query), ...conditions.text(sql, dialect, query)].map(
          ({ direct }) => direct,
        ),
        ...conditions.where(sql, dialect, query),
      ];
      const values = new Map<string, Map<string, number>>();
      let missing = 0;
      for (const slice of yield* slices(query, facet)) {
        const met = conditions.all(sql, [...others, ...states, ...slice]);
        // Most are in the state that is wanted: to leave the others out is less work than to pick these.
        const among =
          others.length + slice.length === 0
            ? sql`NOT IN (SELECT e.id FROM entities e WHERE NOT ${conditions.all(sql, states)})`
            : sql`IN (SELECT e.id FROM entities e WHERE ${met})`;
        for (const statement of grouped(facet, met, among)) {
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

/** The most frequent first, then by code point. */
const byFrequency = ([a, n]: readonly [string, number], [b, m]: readonly [string, number]): number =>
  m - n || byCodePoint(a, b);
