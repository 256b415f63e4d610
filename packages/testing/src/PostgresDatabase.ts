/**
 * Databases on the servers that `PostgresSetup.ts` starts.
 */
import * as Postgres from "@cadastre/postgres/Postgres";
import type { Stores } from "@cadastre/sql/Stores";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Scope from "effect/Scope";
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

/** With tables and connections, of this process. */
interface Opened {
  readonly url: string;
  readonly stores: Context.Context<Stores>;
  /** Deletes every row. */
  readonly empty: Effect.Effect<void>;
}

/** Those not in use, by version. */
const free = new Map<string, Array<Opened>>();

/**
 * A database with empty tables, for the scope. One that an earlier scope has left is emptied, with the connections that it
 * has: what takes long is a new server process for each of them, which knows nothing of the tables yet.
 */
export const empty = (version: string): Effect.Effect<Opened, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const left = free.get(version)?.pop();
      return left === undefined ? opened(version) : Effect.as(left.empty, left);
    }),
    (it) => Effect.sync(() => void free.set(version, [...(free.get(version) ?? []), it])),
  );

const opened = (version: string): Effect.Effect<Opened> =>
  Effect.gen(function* () {
    const url = yield* create(version);
    // Outlives the test, so neither its clock nor its scope: the connections end with the process.
    const stores = yield* Effect.promise(() =>
      Effect.runPromise(
        Effect.flatMap(Scope.make(), (scope) =>
          Layer.buildWithScope(Layer.fresh(Postgres.layer({ url: Redacted.make(url), ...PATIENT })), scope),
        ),
      ),
    );
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    yield* Effect.promise(() => client.connect());
    return { url, stores, empty: Effect.promise(() => client.query(EMPTY)) };
  });

/** No test is about how long something takes. */
const PATIENT = { statementTimeout: 60_000, idleInTransactionTimeout: 60_000 };

/** Row by row: a TRUNCATE makes new files, of which there are forty. */
const EMPTY = `DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'cadastre_schema' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$`;
