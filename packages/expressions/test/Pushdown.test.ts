import * as JsonDialects from "@cadastre/sql/JsonDialects";
import { create } from "@cadastre/testing/PostgresDatabase";
import * as Statement from "@effect/sql/Statement";
import * as PgClient from "@effect/sql-pg/PgClient";
import Database from "better-sqlite3";
import * as Effect from "effect/Effect";
import pg from "pg";
import { afterAll } from "vitest";
import { pushdown } from "./pushdown.ts";

const compiling = (compiler: Statement.Compiler) =>
  Statement.make(Effect.die("only compiled"), compiler, [], undefined);

pushdown("SQLite", async () => {
  const sql = compiling(Statement.makeCompilerSqlite());
  const db = new Database(":memory:");
  db.exec("CREATE TABLE entities (id INTEGER PRIMARY KEY, envelope TEXT NOT NULL, owner TEXT)");
  const insert = db.prepare("INSERT INTO entities VALUES (?, ?, ?)");
  return {
    sql,
    dialect: JsonDialects.sqlite(sql, sql.literal("e.envelope")),
    fill: async (rows) => {
      db.exec("DELETE FROM entities");
      for (const { id, envelope, owner } of rows) insert.run(id, envelope, owner);
    },
    ids: async (text, values) =>
      db
        .prepare<Array<unknown>, number>(text)
        .pluck()
        .all(...values),
  };
});

for (const version of ["16", "18"]) {
  pushdown(`Postgres ${version}`, async () => {
    const sql = compiling(PgClient.makeCompiler());
    const client = new pg.Client({ connectionString: await Effect.runPromise(create(version)) });
    await client.connect();
    afterAll(() => client.end());
    await client.query(`CREATE TABLE entities (id integer PRIMARY KEY, envelope text NOT NULL, owner text COLLATE "C",
      document jsonb GENERATED ALWAYS AS (envelope::jsonb) STORED)`);
    return {
      sql,
      dialect: JsonDialects.postgres(sql, sql.literal("e.document")),
      fill: async (rows) => {
        await client.query("TRUNCATE entities");
        await client.query(
          "INSERT INTO entities (id, envelope, owner) SELECT id, envelope, owner FROM json_populate_recordset(NULL::entities, $1)",
          [JSON.stringify(rows)],
        );
      },
      ids: async (text, values) => (await client.query<{ id: number }>(text, [...values])).rows.map(({ id }) => id),
    };
  });
}
