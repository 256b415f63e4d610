import { MAX_RELATIONS } from "@cadastre/domain/EntityStore";
import { INVERSES } from "@cadastre/domain/Relation";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Fragment } from "@effect/sql/Statement";
import type { Dialect } from "../Engine.ts";

/**
 * The relations of the entity `e` of the statement around, as the items of a JSON array without its brackets; null where
 * there are none. UNION drops what both ends declared. One more than is shown tells that there are more.
 */
export const relationsOf = (sql: SqlClient, dialect: Dialect): Fragment => sql`(
  SELECT string_agg(item, ',') FROM (
    SELECT '{"type":"' || r.type || '","targetRef":' || ${dialect.quoted(sql`r.target`)}
      || CASE WHEN t.id IS NULL THEN ',"dangling":true}' ELSE '}' END AS item
    FROM (
      SELECT type, to_key AS target FROM edges WHERE from_key = e.key
      UNION
      SELECT ${sql.literal(inverse)} AS type, from_key AS target FROM edges WHERE to_key = e.key
    ) r
    LEFT JOIN entities t ON t.key = r.target
    ORDER BY r.type, r.target
    LIMIT ${sql.literal(String(MAX_RELATIONS + 1))}
  ) items
)`;

const inverse = `CASE type ${Object.entries(INVERSES)
  .map(([type, inverted]) => `WHEN '${type}' THEN '${inverted}'`)
  .join(" ")} END`;

/** An envelope with its relations, put together as text: decoding and encoding would cost more than all the rest. */
export const withRelations = (envelope: string, relations: string | null): string => {
  const items = relations ?? "";
  return items.length >= MAX_RELATIONS * SHORTEST_ITEM
    ? truncate(envelope, items)
    : `${envelope.slice(0, -1)},"relations":[${items}]}`;
};

const SHORTEST_ITEM = '{"type":"","targetRef":""}'.length;

const truncate = (envelope: string, items: string): string => {
  const relations: ReadonlyArray<unknown> = JSON.parse(`[${items}]`);
  const stored = JSON.parse(envelope);
  const status = relations.length > MAX_RELATIONS ? { ...stored.status, relationsTruncated: true } : stored.status;
  return JSON.stringify({ ...stored, status, relations: relations.slice(0, MAX_RELATIONS) });
};
