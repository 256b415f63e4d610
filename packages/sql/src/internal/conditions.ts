/**
 * What a query asks of the entity `e`, as SQL.
 */
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import * as Narrowing from "@cadastre/domain/Narrowing";
import { always } from "@cadastre/domain/Predicate";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Fragment } from "@effect/sql/Statement";
import type { Dialect } from "../Engine.ts";
import { render } from "../Predicates.ts";

/** Everything but the text and the cursor, in no order: for queries that look at all that there is. */
export const all = (sql: SqlClient, dialect: Dialect, query: EntityQuery): ReadonlyArray<Fragment> => {
  const narrowed = narrow(query);
  return [
    ...anyOf(sql, sql`e.kind`, narrowed.kinds),
    ...anyOf(sql, sql`e.namespace`, narrowed.namespaces),
    ...others(sql, narrowed),
    ...where(sql, dialect, query),
  ];
};

/**
 * Everything but the text, the predicate and the cursor, so that the index of the order serves, or one that selects few.
 * `isNarrow`: something else already selects few.
 */
export const ordered = (
  sql: SqlClient,
  dialect: Dialect,
  query: EntityQuery,
  isNarrow: boolean,
): ReadonlyArray<Fragment> => {
  const narrowed = narrow(query);
  const { kinds, namespaces, owners, tags, labels, names } = narrowed;
  // Owners, tags and labels select few entities, which are then sorted. A kind or a namespace may select half of the
  // catalog: only an index that also has the order may serve them, else the index of the order does and they are tested.
  const few = isNarrow || owners.length + tags.length + labels.length + names.length > 0;
  const serves = (values: ReadonlyArray<string>) => !few && values.length === 1 && query.order.field === "name";
  const kind = sql`e.kind`;
  const namespace = sql`e.namespace`;
  return [
    ...anyOf(sql, serves(kinds) ? kind : dialect.residual(kind), kinds),
    ...anyOf(sql, serves(namespaces) && !serves(kinds) ? namespace : dialect.residual(namespace), namespaces),
    ...others(sql, narrowed),
  ];
};

export const where = (sql: SqlClient, dialect: Dialect, query: EntityQuery): ReadonlyArray<Fragment> =>
  query.where === undefined ? [] : [render(sql, dialect.json(sql`e.envelope`), sql`e.owner`, query.where)];

interface Narrowed extends EntityQuery {
  readonly names: ReadonlyArray<string>;
}

/** With what the predicate implies said in terms that indexes serve. */
const narrow = (query: EntityQuery): Narrowed => {
  const by = Narrowing.narrowing(query.where ?? always);
  return { ...Narrowing.narrow(query, by), names: by.names };
};

const others = (sql: SqlClient, { names, owners, tags, labels, states }: Narrowed): ReadonlyArray<Fragment> => [
  ...anyOf(sql, sql`e.name`, names),
  ...anyOf(sql, sql`e.owner`, owners),
  ...tags.map((tag) => sql`e.id IN (SELECT entity_id FROM entity_tags WHERE tag = ${tag})`),
  ...labels.map(
    ({ key, value }) =>
      sql`e.id IN (SELECT entity_id FROM entity_labels WHERE ${sql.and([
        sql`label = ${key}`,
        ...(value === undefined ? [] : [sql`value = ${value}`]),
      ])})`,
  ),
  ...anyOf(sql, sql`e.state`, states),
];

const anyOf = (sql: SqlClient, column: Fragment, values: ReadonlyArray<string>): ReadonlyArray<Fragment> =>
  values.length === 0 ? [] : [sql`${column} IN ${sql.in(values.map((value) => value.toLowerCase()))}`];
