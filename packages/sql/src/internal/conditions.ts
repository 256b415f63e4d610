/**
 * What a query asks of the entity `e`, as SQL.
 */
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import * as Narrowing from "@cadastre/domain/Narrowing";
import { always } from "@cadastre/domain/Predicate";
import * as SearchText from "@cadastre/domain/SearchText";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Fragment } from "@effect/sql/Statement";
import type { Dialect } from "../Engine.ts";
import { render } from "../Predicates.ts";

/** True of an entity or not, in forms that mean the same. */
export interface Condition {
  /** That an index may serve. */
  readonly direct: Fragment;
  /** That is tested on entities which something else has selected. */
  readonly test: Fragment;
  /** The ids of all that meet it, as a query of one column that an index answers alone; undefined where none does. */
  readonly ids: Fragment | undefined;
  /** True if an index has those who meet it in the order of their names. */
  readonly isSortedByName?: boolean;
}

/** All but the predicate, the states, the text and the cursor; and what the predicate implies. */
export const selective = (sql: SqlClient, dialect: Dialect, query: EntityQuery): ReadonlyArray<Condition> => {
  const { kinds, namespaces, owners, names, tags, labels } = narrow(query);
  const column = (name: string, values: ReadonlyArray<string>, isSorted = false): ReadonlyArray<Condition> => {
    if (values.length === 0) return [];
    const isAny = sql`IN ${sql.in(values.map((value) => value.toLowerCase()))}`;
    const [own, plain] = [sql.literal(`e.${name}`), sql.literal(name)];
    return [
      {
        direct: sql`${own} ${isAny}`,
        test: sql`${dialect.residual(own)} ${isAny}`,
        ids: sql`SELECT id FROM entities WHERE ${plain} ${isAny}`,
        isSortedByName: isSorted && values.length === 1,
      },
    ];
  };
  const hanging = (table: string, meets: Fragment): Condition => {
    const ids = sql`SELECT entity_id FROM ${sql.literal(table)} WHERE ${meets}`;
    return { direct: sql`e.id IN (${ids})`, test: sql`EXISTS (${ids} AND entity_id = e.id)`, ids };
  };
  return [
    ...column("kind", kinds, true),
    ...column("namespace", namespaces, true),
    ...column("owner", owners),
    ...column("name", names),
    ...tags.map((tag) => hanging("entity_tags", sql`tag = ${tag}`)),
    ...labels.map(({ key, value }) =>
      hanging("entity_labels", sql.and([sql`label = ${key}`, ...(value === undefined ? [] : [sql`value = ${value}`])])),
    ),
  ];
};

export const states = (sql: SqlClient, dialect: Dialect, query: EntityQuery): ReadonlyArray<Condition> => {
  const wanted = narrow(query).states;
  const [only, ...more] = wanted;
  if (only === undefined) return [];
  const isAny = sql`IN ${sql.in(wanted)}`;
  return [
    {
      direct: sql`e.state ${isAny}`,
      test: sql`${dialect.residual(sql`e.state`)} ${isAny}`,
      // Few are inactive, and these have an index, which is found by its own words.
      ids: only === "inactive" && more.length === 0 ? sql`SELECT id FROM entities WHERE state = 'inactive'` : undefined,
    },
  ];
};

export const text = (sql: SqlClient, dialect: Dialect, query: EntityQuery): ReadonlyArray<Condition> => {
  if (query.text === undefined) return [];
  const ids = dialect.matching(SearchText.parse(query.text));
  const isIn = sql`e.id IN (${ids})`;
  return [{ direct: isIn, test: isIn, ids }];
};

export const where = (sql: SqlClient, dialect: Dialect, query: EntityQuery): ReadonlyArray<Fragment> =>
  query.where === undefined || query.where._tag === "Always"
    ? []
    : [render(sql, dialect.json, sql`e.owner`, query.where)];

/** True where there is nothing to be met. */
export const all = (sql: SqlClient, conditions: ReadonlyArray<Fragment>): Fragment =>
  sql.and([...conditions, sql`1 = 1`]);

/** With what the predicate implies said in terms that indexes serve. */
const narrow = (query: EntityQuery): EntityQuery & { readonly names: ReadonlyArray<string> } => {
  const by = Narrowing.narrowing(query.where ?? always);
  return { ...Narrowing.narrow(query, by), names: by.names };
};
