/**
 * What can ail a Postgres database beside its tables' contents.
 */
import type { Diagnosis, Finding } from "@cadastre/domain/Diagnosis";
import * as SqlDiagnosis from "@cadastre/sql/Diagnosis";
import { type Engine, unavailable } from "@cadastre/sql/Engine";
import type { Row } from "@effect/sql/SqlConnection";
import type { Statement } from "@effect/sql/Statement";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as pool from "./pool.ts";

const { good, note, bad } = SqlDiagnosis;

export const make = (
  engine: Context.Tag.Service<Engine>,
  { poolSize = 10 }: pool.Options,
): Context.Tag.Service<Diagnosis> => {
  const { client: sql } = engine;
  const ask = (question: Statement<Row>, judge: (rows: ReadonlyArray<Row>) => Finding): SqlDiagnosis.Check =>
    Effect.map(
      Effect.catchAll(question, (error) => unavailable(engine, error)),
      judge,
    );
  const setting = (name: string) => sql<Row>`SELECT current_setting(${name}) AS value`;
  const valueOf = ([row]: ReadonlyArray<Row>) => String(row?.["value"]);

  const version = ask(setting("server_version"), (rows) => {
    const value = valueOf(rows);
    return Number.parseInt(value, 10) > ENDING
      ? good("server", `the server is PostgreSQL ${value}`)
      : note(
          "server",
          `the server is PostgreSQL ${value}, which its makers end in November 2026`,
          "Plan the step to a newer one; the catalog can move by `cadastre admin export` and `import`.",
        );
  });

  const mustBeOn = (check: string, name: string, all: string, some: string, remedy: string) =>
    ask(setting(name), (rows) => (valueOf(rows) === "off" ? bad(check, some, remedy) : good(check, all)));

  const connections = ask(
    sql<Row>`
      SELECT current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS most,
        (SELECT count(*) FROM pg_stat_activity
          WHERE backend_type = 'client backend' AND application_name <> 'cadastre') AS others`,
    ([row]) => {
      const [most, others] = [Number(row?.["most"]), Number(row?.["others"])];
      const replicas = Math.floor((most - others) / (poolSize + 1));
      return replicas >= 1
        ? good(
            "connections",
            `${most} connections are allowed, and others hold ${others}: enough for ${replicas} replicas`,
          )
        : bad(
            "connections",
            `a replica takes up to ${poolSize + 1} connections; ${most} are allowed, and others hold ${others}`,
            "Lower postgresPoolSize, or raise max_connections on the server.",
          );
    },
  );

  const transactions = ask(
    sql<Row>`
      SELECT pid, floor(extract(epoch FROM now() - xact_start) / 60) AS minutes FROM pg_stat_activity
      WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND xact_start < now() - interval '5 minutes'
      ORDER BY xact_start`,
    (rows) =>
      rows.length === 0
        ? good("transactions", "no transaction is left open")
        : bad(
            "transactions",
            `${rows.length} transactions do nothing, the oldest for ${String(rows[0]?.["minutes"])} minutes (pid ${String(rows[0]?.["pid"])}): the tables cannot be tidied`,
            `End what holds them: SELECT pg_terminate_backend(${String(rows[0]?.["pid"])}).`,
          ),
  );

  const indexes = ask(
    sql<Row>`
      SELECT indexrelid::regclass::text AS name FROM pg_index
      WHERE NOT indisvalid AND indrelid IN (
        SELECT oid FROM pg_class WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('entities'))
      )
      ORDER BY 1`,
    (rows) => {
      const names = rows.map((row) => String(row["name"]));
      return names.length === 0
        ? good("indexes", "every index is valid")
        : bad(
            "indexes",
            `indexes are not valid: ${names.join(", ")}`,
            names.map((name) => `REINDEX INDEX CONCURRENTLY ${name};`).join(" "),
          );
    },
  );

  return SqlDiagnosis.make(engine, [
    version,
    mustBeOn(
      "fsync",
      "fsync",
      "what was acknowledged is on the server's disk",
      "the server writes nothing through to its disk (fsync is off): a crash of its machine can destroy the database",
      "Set fsync = on in postgresql.conf.",
    ),
    mustBeOn(
      "full-pages",
      "full_page_writes",
      "a power cut leaves no half pages",
      "a power cut can leave half pages (full_page_writes is off)",
      "Set full_page_writes = on in postgresql.conf.",
    ),
    mustBeOn(
      "durability",
      "synchronous_commit",
      "a commit is acknowledged when it is kept",
      "commits are acknowledged before they are kept (synchronous_commit is off): a crash of the server loses the last ones",
      "ALTER DATABASE … SET synchronous_commit = on, or the same for the user.",
    ),
    mustBeOn(
      "autovacuum",
      "autovacuum",
      "the tables are tidied",
      "nobody tidies the tables (autovacuum is off): they grow without end",
      "Set autovacuum = on in postgresql.conf.",
    ),
    connections,
    transactions,
    indexes,
  ]);
};

/** The major version whose end is near. */
const ENDING = 14;
