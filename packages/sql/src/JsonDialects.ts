/**
 * Looking into JSON, in the languages of both databases.
 */
import type { OrderOperator, Scalar, TextTest, ValueType } from "@cadastre/domain/Predicate";
import type { Constructor, Fragment } from "@effect/sql/Statement";
import type { JsonDialect, JsonPlace, TextColumn } from "./Predicates.ts";

/** A path as SQLite's functions take it; none of the keys is an index. */
export const sqlitePath = (keys: ReadonlyArray<string>): string =>
  `$${keys.map((key) => `.${JSON.stringify(key)}`).join("")}`;

/**
 * SQLite 3.45 or later: before it, keys with escapes in their paths were not found. `envelope`: a column of JSON, as text
 * or JSONB.
 */
export const sqlite = (sql: Constructor, envelope: Fragment): JsonDialect => {
  const path = (at: JsonPlace): string => sqlitePath(at.path);
  const item = (root: number, column: "type" | "value"): Fragment => sql.literal(`item_${root}.${column}`);
  // json_type and json_extract raise on the value of an item that is no container, for it is not JSON.
  const container = (root: number): Fragment =>
    sql`CASE WHEN ${item(root, "type")} IN ('object', 'array') THEN ${item(root, "value")} END`;
  const read = (at: JsonPlace, call: "json_type" | "json_extract"): Fragment => {
    if (at.root === "envelope") return sql`${sql.literal(call)}(${envelope}, ${path(at)})`;
    if (at.path.length === 0) return item(at.root, call === "json_type" ? "type" : "value");
    return sql`${sql.literal(call)}(${container(at.root)}, ${path(at)})`;
  };
  const type = (at: JsonPlace): Fragment => read(at, "json_type");
  const value = (at: JsonPlace): Fragment => read(at, "json_extract");
  const isText = (at: JsonPlace): Fragment => sql`${type(at)} IS 'text'`;
  const isNumber = (at: JsonPlace): Fragment => sql`ifnull(${type(at)}, '') IN ('integer', 'real')`;

  const is = (at: JsonPlace, wanted: ValueType): Fragment => {
    switch (wanted) {
      case "null":
        return sql`${type(at)} IS 'null'`;
      case "boolean":
        return sql`ifnull(${type(at)}, '') IN ('true', 'false')`;
      case "number":
        return isNumber(at);
      case "string":
        return isText(at);
      case "list":
        return sql`${type(at)} IS 'array'`;
      case "map":
        return sql`${type(at)} IS 'object'`;
    }
  };

  const textColumn: TextColumn = {
    order: (column, op, wanted) => sql`${column} ${sql.literal(op)} ${wanted}`,
    // Not LIKE, which has wildcards and takes no notice of case.
    text: (column, test, part) => {
      switch (test) {
        case "startsWith":
          return sql`substr(${column}, 1, length(${part})) = ${part}`;
        case "endsWith":
          return sql`substr(${column}, -length(${part})) = ${part}`;
        case "contains":
          return sql`instr(${column}, ${part}) > 0`;
      }
    },
  };

  return {
    is,
    textColumn,
    present: (at) => sql`${type(at)} IS NOT NULL`,
    // Numbers are compared apart: json_extract gives true as 1, and a list as its text.
    oneOf: (at, values) => {
      const texts = values.filter((wanted) => typeof wanted === "string");
      const numbers = values.filter((wanted) => typeof wanted === "number");
      const others = values.filter((wanted) => wanted === null || typeof wanted === "boolean").map(String);
      return sql.or([
        ...(texts.length === 0 ? [] : [sql`(${isText(at)} AND ${value(at)} IN ${sql.in(texts)})`]),
        ...(numbers.length === 0 ? [] : [sql`(${isNumber(at)} AND ${value(at)} IN ${sql.in(numbers)})`]),
        ...(others.length === 0 ? [] : [sql`ifnull(${type(at)}, '') IN ${sql.in(others)}`]),
      ]);
    },
    order: (at, op, wanted) =>
      typeof wanted === "string"
        ? sql`(${isText(at)} AND ${textColumn.order(value(at), op, wanted)})`
        : sql`(${isNumber(at)} AND ${value(at)} ${sql.literal(op)} ${wanted})`,
    text: (at, test, part) => sql`(${isText(at)} AND ${textColumn.text(value(at), test, part)})`,
    // json_each gives a scalar as its only row, hence the guard; CASE, because AND may look at both of its sides.
    some: (at, depth, holds) => {
      const [from, within] = at.root === "envelope" ? [envelope, path(at)] : [container(at.root), path(at)];
      const isMap = sql`${type(at)} IS 'object'`;
      return sql`CASE WHEN ifnull(${type(at)}, '') IN ('array', 'object') THEN EXISTS (
        SELECT 1 FROM (
          SELECT CASE WHEN ${isMap} THEN entry.key ELSE entry.value END AS value,
            CASE WHEN ${isMap} THEN 'text' ELSE entry.type END AS type
          FROM json_each(${from}, ${within}) entry
        ) ${sql.literal(`item_${depth}`)} WHERE ${holds}) ELSE 0 END`;
    },
  };
};

/** PostgreSQL 14 or later. `envelope`: an expression of type jsonb. */
export const postgres = (sql: Constructor, envelope: Fragment): JsonDialect => {
  // Key by key: in `#>` a key that looks like a number is an index.
  const value = (at: JsonPlace): Fragment =>
    at.path.reduce<Fragment>(
      (parent, key) => sql`(${parent} -> ${key}::text)`,
      at.root === "envelope" ? envelope : sql.literal(`item_${at.root}.value`),
    );
  const is = (at: JsonPlace, type: ValueType): Fragment =>
    sql`coalesce(jsonb_typeof(${value(at)}) = ${type === "list" ? "array" : type === "map" ? "object" : type}, false)`;
  const text = (at: JsonPlace): Fragment => sql`(${value(at)} #>> '{}')`;

  const textColumn: TextColumn = {
    order: (column, op, wanted) => sql`${column} COLLATE "C" ${sql.literal(op)} ${wanted}`,
    text: (column, test: TextTest, part) => {
      switch (test) {
        case "startsWith":
          return sql`starts_with(${column}, ${part}::text)`;
        case "endsWith":
          return sql`right(${column}, length(${part}::text)) = ${part}::text`;
        case "contains":
          return sql`strpos(${column}, ${part}::text) > 0`;
      }
    },
  };
  // CASE: a cast or a function may run before the test of the type that AND puts before it.
  const when = (condition: Fragment, then: Fragment): Fragment =>
    sql`CASE WHEN ${condition} THEN ${then} ELSE false END`;

  return {
    is,
    textColumn,
    present: (at) => sql`${value(at)} IS NOT NULL`,
    oneOf: (at, values: ReadonlyArray<Scalar>) =>
      sql`coalesce(${value(at)} IN (${csv(
        sql,
        values.map((wanted) => sql`${JSON.stringify(wanted)}::jsonb`),
      )}), false)`,
    order: (at, op: OrderOperator, wanted) =>
      typeof wanted === "string"
        ? when(is(at, "string"), textColumn.order(text(at), op, wanted))
        : when(is(at, "number"), sql`${value(at)} ${sql.literal(op)} ${JSON.stringify(wanted)}::jsonb`),
    text: (at, test, part) => when(is(at, "string"), textColumn.text(text(at), test, part)),
    some: (at, depth, holds) => sql`EXISTS (
      SELECT 1 FROM (
        SELECT value FROM jsonb_array_elements(CASE WHEN ${is(at, "list")} THEN ${value(at)} ELSE '[]' END)
        UNION ALL
        SELECT to_jsonb(key) FROM jsonb_object_keys(CASE WHEN ${is(at, "map")} THEN ${value(at)} ELSE '{}' END) key
      ) ${sql.literal(`item_${depth}`)} WHERE ${holds})`,
  };
};

const csv = (sql: Constructor, parts: ReadonlyArray<Fragment>): Fragment => sql.csv([...parts]);
