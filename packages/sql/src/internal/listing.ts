import type { EntityText } from "@cadastre/domain/Entity";
import { EntityUid } from "@cadastre/domain/Entity";
import type { Cursor, EntityPage, EntityQuery, SortField } from "@cadastre/domain/EntityQuery";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment, Statement } from "@effect/sql/Statement";
import type { Dialect } from "../Engine.ts";
import { relationsOf } from "./relations.ts";

const COLUMNS: { readonly [Field in SortField]: string } = {
  name: "name",
  kind: "kind",
  namespace: "namespace",
  title: "title",
  owner: "owner",
  createdAt: "created_at",
  updatedAt: "updated_at",
};

const hasNulls = (field: SortField): boolean => field === "title" || field === "owner";

/**
 * One statement for a page and one entity more, which tells that there is another page. The page is chosen on narrow rows:
 * were envelopes and relations part of it, they would be made for every row that a sort has to see. Entities with and
 * without a value are two parts, so that an index serves each.
 */
export const statement = (sql: SqlClient, dialect: Dialect, query: EntityQuery): Statement<Row> => {
  const { order, after, limit } = query;
  const column = sql.literal(`e.${COLUMNS[order.field]}`);
  const direction = sql.literal(order.descending ? "DESC" : "ASC");
  const isBeyond = sql.literal(order.descending ? "<" : ">");
  const conditions = conditionsOf(sql, dialect, query);

  const part = (by: Fragment, ...more: ReadonlyArray<Fragment>): Fragment => sql`
    SELECT e.id, ${column} AS sort, e.uid FROM entities e
    WHERE ${sql.and([...conditions, ...more, sql`1 = 1`])}
    ORDER BY ${by} LIMIT ${limit + 1}`;
  const withValue = (...more: ReadonlyArray<Fragment>): Fragment =>
    part(
      sql`${column} ${direction}, e.uid ${direction}`,
      ...more,
      ...(after === undefined ? [] : [sql`(${column}, e.uid) ${isBeyond} (${after.value}, ${after.uid})`]),
    );
  const withoutValue = (): Fragment =>
    part(
      sql`e.uid ${direction}`,
      sql`${column} IS NULL`,
      ...(after?.value === null ? [sql`e.uid ${isBeyond} ${after.uid}`] : []),
    );
  const both = (): Fragment => sql`
    SELECT * FROM (SELECT * FROM (${withValue(sql`${column} IS NOT NULL`)}) v
      UNION ALL SELECT * FROM (${withoutValue()}) w) b
    ORDER BY b.sort IS NULL, b.sort ${direction}, b.uid ${direction} LIMIT ${limit + 1}`;
  const page = !hasNulls(order.field) ? withValue() : after?.value === null ? withoutValue() : both();

  return sql`
    WITH page AS (${page})
    SELECT e.uid, e.revision, e.envelope, page.sort, ${relationsOf(sql, dialect)} AS relations
    FROM page JOIN entities e ON e.id = page.id
    ORDER BY page.sort IS NULL, page.sort ${direction}, page.uid ${direction}`;
};

const conditionsOf = (sql: SqlClient, dialect: Dialect, query: EntityQuery): ReadonlyArray<Fragment> => {
  const { kinds, namespaces, owners, tags, labels, states } = query;
  const anyOf = (column: Fragment, values: ReadonlyArray<string>): ReadonlyArray<Fragment> =>
    values.length === 0 ? [] : [sql`${column} IN ${sql.in(values)}`];
  const lower = (values: ReadonlyArray<string>) => values.map((value) => value.toLowerCase());

  // Owners, tags and labels select few entities, which are then sorted. A kind or a namespace may select half of the
  // catalog: only an index that also has the order may serve them, else the index of the order does and they are tested.
  const isNarrow = owners.length + tags.length + labels.length > 0;
  const serves = (values: ReadonlyArray<string>) => !isNarrow && values.length === 1 && query.order.field === "name";
  const kind = sql`e.kind`;
  const namespace = sql`e.namespace`;
  return [
    ...anyOf(serves(kinds) ? kind : dialect.residual(kind), lower(kinds)),
    ...anyOf(serves(namespaces) && !serves(kinds) ? namespace : dialect.residual(namespace), lower(namespaces)),
    ...anyOf(sql`e.owner`, lower(owners)),
    ...tags.map((tag) => sql`e.id IN (SELECT entity_id FROM entity_tags WHERE tag = ${tag})`),
    ...labels.map(
      ({ key, value }) =>
        sql`e.id IN (SELECT entity_id FROM entity_labels WHERE ${sql.and([
          sql`label = ${key}`,
          ...(value === undefined ? [] : [sql`value = ${value}`]),
        ])})`,
    ),
    ...anyOf(sql`e.state`, states),
  ];
};

export const pageOf = (query: EntityQuery, rows: ReadonlyArray<Row>, toText: (row: Row) => EntityText): EntityPage => {
  const items = rows.slice(0, query.limit).map((row) => ({ ...toText(row), place: placeOf(row) }));
  return { items, next: rows.length > query.limit ? items.at(-1)?.place : undefined };
};

const placeOf = (row: Row): Cursor => ({
  value: row["sort"] as string | number | null, // of one of the columns above
  uid: EntityUid.make(String(row["uid"])),
});
