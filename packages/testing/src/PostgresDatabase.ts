/**
 * Databases on the servers that `PostgresSetup.ts` starts.
 */
import * as Postgres from "@cadastre/postgres/Postgres";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import pg from "pg";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** URLs of the servers, without a database, by version. */
    readonly postgres: { readonly [version: string]: string };
  }
}

/** Runs statements as another program would. */
export const execute = (url: string, ...texts: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<object>> =>
  Effect.promise(async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      let rows: ReadonlyArray<object> = [];
      for (const text of texts) ({ rows } = await client.query(text));
      return rows;
    } finally {
      await client.end();
    }
  });

let count = 0;

/** Makes a new database without tables; gives its URL. It goes with the server. */
export const create = (version: string): Effect.Effect<string> =>
  Effect.gen(function* () {
    const server = inject("postgres")[version];
    if (server === undefined) return yield* Effect.dieMessage(`no server of version ${version} was started`);
    count += 1;
    const name = `test_${process.pid}_${count}_${Date.now()}`;
    yield* execute(`${server}postgres`, `CREATE DATABASE ${name}`);
    return `${server}${name}`;
  });

/** Of this process, with tables, by version; not in use. */
const free = new Map<string, Array<string>>();

/** A database with empty tables, for the scope: one that an earlier scope has left is emptied, which is faster than a new one. */
export const empty = (version: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const left = free.get(version)?.pop();
      return left === undefined ? createWithTables(version) : Effect.as(execute(left, EMPTY), left);
    }),
    (url) => Effect.sync(() => void free.set(version, [...(free.get(version) ?? []), url])),
  );

const createWithTables = (version: string) =>
  Effect.tap(create(version), (url) => Effect.orDie(Postgres.migrate({ url: Redacted.make(url) })));

/** Row by row: a TRUNCATE makes new files, of which there are forty. */
const EMPTY = `DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'cadastre_schema' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$`;
