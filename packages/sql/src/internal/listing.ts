/**
 * The places of a list: which entities come first after the cursor, as rows of `id`, `sort` and `uid`.
 */
import { EntityUid } from "@cadastre/domain/Entity";
import type { Cursor, EntityQuery, SortField } from "@cadastre/domain/EntityQuery";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment } from "@effect/sql/Statement";
import type { Dialect } from "../Engine.ts";
import * as conditions from "./conditions.ts";

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

interface Asked {
  readonly order: EntityQuery["order"];
  readonly after: Cursor | undefined;
  readonly limit: number;
  readonly met: ReadonlyArray<Fragment>;
  /** True if what is met selects few, which are then sorted; else the index of the order is read until there are enough. */
  readonly isFew: boolean;
}

/** Entities with and without a value are two parts, so that an index serves each. */
export const places = (sql: SqlClient, dialect: Dialect, { order, after, limit, met, isFew }: Asked): Fragment => {
  const own = sql.literal(`e.${COLUMNS[order.field]}`);
  const column = isFew ? dialect.residual(own) : own;
  const direction = directionOf(sql, order);
  const isBeyond = sql.literal(order.descending ? "<" : ">");

  const part = (by: Fragment, ...more: ReadonlyArray<Fragment>): Fragment => sql`
    SELECT e.id, ${own} AS sort, e.uid FROM entities e
    WHERE ${conditions.all(sql, [...met, ...more])}
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
    ORDER BY ${inOrder(sql, order, "b")} LIMIT ${limit}`;
  return !hasNulls(order.field) ? withValue() : after?.value === null ? withoutValue() : both();
};

/** How rows of {@link places} are sorted. */
export const inOrder = (sql: SqlClient, order: EntityQuery["order"], relation: string): Fragment => {
  const direction = directionOf(sql, order);
  const [value, uid] = [sql.literal(`${relation}.sort`), sql.literal(`${relation}.uid`)];
  return sql`${value} IS NULL, ${value} ${direction}, ${uid} ${direction}`;
};

export const placeOf = (row: Row): Cursor => ({
  value: row["sort"] as string | number | null, // of one of the columns above, or a rank
  uid: EntityUid.make(String(row["uid"])),
});

const directionOf = (sql: SqlClient, { descending }: EntityQuery["order"]): Fragment =>
  sql.literal(descending ? "DESC" : "ASC");
