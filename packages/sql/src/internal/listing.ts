import type { EntityText } from "@cadastre/domain/Entity";
import { EntityUid } from "@cadastre/domain/Entity";
import type { Cursor, EntityPage, EntityQuery, SortField } from "@cadastre/domain/EntityQuery";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment, Statement } from "@effect/sql/Statement";
import type { Dialect } from "../Engine.ts";
import * as conditions from "./conditions.ts";
import { relationsOf } from "./relations.ts";

const COLUMNS: { readonly [Field in SortField]: string } = {
  name: "name",
  kind: "kind",
  namespace: "namespace",
  title: "title",
  owner: "owner",
  createdAt: "created_at",
  updatedAt: "updated_at",
  // Of what no text was searched for.
  relevance: "name",
};

const hasNulls = (field: SortField): boolean => field === "title" || field === "owner";

/**
 * One statement for a page and one entity more, which tells that there is another page. The page is chosen on narrow rows:
 * were envelopes and relations part of it, they would be made for every row that a sort has to see.
 */
export const statement = (sql: SqlClient, dialect: Dialect, query: EntityQuery): Statement<Row> => sql`
  WITH page AS (${places(sql, query, query.limit + 1, conditions.ordered(sql, dialect, query, false))})
  SELECT e.uid, e.revision, e.envelope, page.sort, ${relationsOf(sql, dialect)} AS relations
  FROM page JOIN entities e ON e.id = page.id
  ORDER BY ${inOrder(sql, query, "page")}`;

/**
 * The first entities after the cursor that meet the conditions, as a query of `id`, `sort` and `uid`. Entities with and
 * without a value are two parts, so that an index serves each.
 */
export const places = (
  sql: SqlClient,
  { order, after }: Pick<EntityQuery, "order" | "after">,
  limit: number,
  met: ReadonlyArray<Fragment>,
): Fragment => {
  const column = sql.literal(`e.${COLUMNS[order.field]}`);
  const direction = directionOf(sql, order);
  const isBeyond = sql.literal(order.descending ? "<" : ">");

  const part = (by: Fragment, ...more: ReadonlyArray<Fragment>): Fragment => sql`
    SELECT e.id, ${column} AS sort, e.uid FROM entities e
    WHERE ${sql.and([...met, ...more, sql`1 = 1`])}
    ORDER BY ${by} LIMIT ${limit}`;
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
    ORDER BY ${inOrder(sql, { order }, "b")} LIMIT ${limit}`;
  return !hasNulls(order.field) ? withValue() : after?.value === null ? withoutValue() : both();
};

/** How rows of {@link places} are sorted. */
export const inOrder = (sql: SqlClient, { order }: Pick<EntityQuery, "order">, relation: string): Fragment => {
  const direction = directionOf(sql, order);
  const [value, uid] = [sql.literal(`${relation}.sort`), sql.literal(`${relation}.uid`)];
  return sql`${value} IS NULL, ${value} ${direction}, ${uid} ${direction}`;
};

const directionOf = (sql: SqlClient, { descending }: EntityQuery["order"]): Fragment =>
  sql.literal(descending ? "DESC" : "ASC");

export const pageOf = (query: EntityQuery, rows: ReadonlyArray<Row>, toText: (row: Row) => EntityText): EntityPage => {
  const items = rows.slice(0, query.limit).map((row) => ({ ...toText(row), place: placeOf(row) }));
  return { items, next: rows.length > query.limit ? items.at(-1)?.place : undefined };
};

export const placeOf = (row: Row): Cursor => ({
  value: row["sort"] as string | number | null, // of one of the columns above
  uid: EntityUid.make(String(row["uid"])),
});
