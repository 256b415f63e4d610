import { type Dialect, Engine, type Insertion } from "@cadastre/sql/Engine";
import * as JsonDialects from "@cadastre/sql/JsonDialects";
import * as Spans from "@cadastre/sql/Spans";
import * as Reactivity from "@effect/experimental/Reactivity";
import * as SqlClient from "@effect/sql/SqlClient";
import type { Connection, Row } from "@effect/sql/SqlConnection";
import type { SqlError } from "@effect/sql/SqlError";
import * as PgClient from "@effect/sql-pg/PgClient";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import * as failures from "./failures.ts";
import * as pools from "./pool.ts";
import * as search from "./search.ts";

export const make = Effect.fnUntraced(function* (
  options: pools.Options,
): Effect.fn.Return<Context.Tag.Service<Engine>, never, Scope.Scope> {
  const { reserve, prepare } = yield* pools.make(options);
  const client = yield* SqlClient.make({
    acquirer: reserve,
    transactionAcquirer: reserve,
    beginTransaction: BEGIN,
    compiler: PgClient.makeCompiler(),
    spanAttributes: [["db.system.name", "postgresql"]],
  }).pipe(Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make));

  const prepared = (text: string) => {
    prepare(text);
    return (connection: Connection, values: ReadonlyArray<unknown>) => connection.execute(text, values, undefined);
  };

  return Engine.of({
    dialect: dialectOf(client),
    client,
    withReader: (use) => Effect.scoped(Effect.flatMap(reserve, use)),
    snapshot: Effect.acquireRelease(Effect.tap(reserve, beginRead), (connection) =>
      Effect.ignore(run(connection, "ROLLBACK")),
    ),
    unsynced: undefined,
    prepare: prepared,
    insert: inserting(prepared),
    spans: yield* Spans.make("postgresql"),
    classify: failures.classify,
    describe: failures.describe,
  });
});

/**
 * Read committed: rows that a decision rests on are locked as they are read, and a unique key decides who was first. So
 * writers of different entities never fail because of each other, as they would where transactions are serializable.
 */
const BEGIN = "BEGIN";

const run = (connection: Connection, text: string) => connection.executeUnprepared(text, [], undefined);

/** Who reads a dump may be slow, and sees one moment all the same. */
const beginRead = (connection: Connection): Effect.Effect<void, SqlError> =>
  Effect.forEach(
    ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL idle_in_transaction_session_timeout = 0"],
    (text) => run(connection, text),
    { discard: true },
  );

const dialectOf = (sql: SqlClient.SqlClient): Dialect => ({
  begin: BEGIN,
  lock: (tables) => `LOCK TABLE ${tables.join(", ")} IN SHARE ROW EXCLUSIVE MODE`,
  // In one order, so that two who want the same rows wait for each other at the first of them.
  forUpdate: sql`ORDER BY key FOR UPDATE`,
  lockRow: sql.literal("FOR UPDATE"),
  skipLocked: sql`FOR UPDATE SKIP LOCKED`,
  jobsOfEach: (rows, found) => sql`${rows} CROSS JOIN LATERAL (SELECT * FROM jobs WHERE ${found}) j`,
  lockTexts: (json) =>
    sql`SELECT pg_advisory_xact_lock(hashtextextended(text, 0)) FROM json_array_elements_text(${json}::json) text`,
  indexed: () => sql.literal(""),
  records: (json, columns) => {
    const values = Object.entries(columns).map(([name, type], i) =>
      sql.literal(`(value ->> ${i})${type === "integer" ? "::bigint" : ""} AS ${name}`),
    );
    // As an array, of which the planner expects ten elements, not a hundred: for those it reads small tables from end to end.
    return sql`SELECT ${sql.csv(values)} FROM unnest(ARRAY(SELECT json_array_elements(${json}::json))) value`;
  },
  texts: (json) => sql`SELECT json_array_elements_text(${json}::json)`,
  codePoints: (text) => sql`(${text}::text COLLATE "C")`,
  // It counts what there is, and knows when an index does not pay.
  residual: (column) => column,
  // As an array, so that they are looked up: the planner expects more of many a query than there are.
  isAmong: (column, values) => sql`${column} = ANY (ARRAY(${values}))`,
  quoted: (column) => sql`to_json(${column})::text`,
  json: JsonDialects.postgres(sql, sql.literal("e.document")),
  text: (path) => sql`(${at(sql, sql`e.document`, path)} #>> '{}')`,
  scalars: (path) => {
    // Not jsonb, which writes numbers in another way than they were written.
    const value = at(sql, sql`e.envelope::json`, path);
    return {
      join: sql`LEFT JOIN LATERAL (
        SELECT item FROM (SELECT ${value} AS value) found, LATERAL json_array_elements(
          CASE json_typeof(found.value) WHEN 'array' THEN found.value ELSE json_build_array(found.value) END
        ) item
        WHERE json_typeof(item) IN ('string', 'number', 'boolean')
      ) v ON true`,
      text: sql`(v.item #>> '{}') COLLATE "C"`,
    };
  },
  feed: {
    since: (after, limit) => sql`events_since(${after}, ${limit})`,
    head: sql`event_head()`,
  },
  // Statistics would come by themselves, a minute later: until then a search may be planned as if there was nothing.
  afterLoad: [
    "SELECT setval('event_sequence', max(sequence)) FROM events HAVING count(*) > 0",
    ...["entities", "edges", "entity_tags", "entity_labels", "entity_search", "events", "deliveries"].map(
      (table) => `ANALYZE ${table}`, // each in the time that a statement may take
    ),
  ],
  places: (patch) => sql`
    SELECT field.value #>> '{}' AS place FROM jsonb_array_elements(${patch}::jsonb) operation, jsonb_each(operation) field
    WHERE field.key IN ('path', 'from')`,
  matching: (text) => search.matching(sql, text),
  ranked: (text, page) => search.ranked(sql, text, page),
});

/** Key by key: in `#>` a key that looks like a number is an index. */
const at = (sql: SqlClient.SqlClient, document: ReturnType<typeof sql.literal>, path: ReadonlyArray<string>) =>
  path.reduce((parent, key) => sql`(${parent} -> ${key}::text)`, document);

/** One row as parameters, of which the server knows the types; many as one document, in the form of the table's rows. */
const inserting =
  (prepared: Context.Tag.Service<Engine>["prepare"]) =>
  ({ into, columns, ending = "" }: Insertion) => {
    const names = columns.join(", ");
    const places = columns.map((_, i) => `$${i + 1}`).join(", ");
    const insertOne = prepared(`INSERT INTO ${into} (${names}) VALUES (${places}) ${ending}`);
    const insertMany = prepared(
      `INSERT INTO ${into} (${names}) SELECT ${names} FROM json_populate_recordset(NULL::${into}, $1) ${ending}`,
    );
    const asObject = (row: ReadonlyArray<unknown>) => Object.fromEntries(columns.map((column, i) => [column, row[i]]));
    return (
      connection: Connection,
      rows: ReadonlyArray<ReadonlyArray<unknown>>,
    ): Effect.Effect<ReadonlyArray<Row>, SqlError> => {
      const [first, ...more] = rows;
      if (first === undefined) return Effect.succeed([]);
      return more.length === 0
        ? insertOne(connection, first)
        : insertMany(connection, [JSON.stringify(rows.map(asObject))]);
    };
  };
