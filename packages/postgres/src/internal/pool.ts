/**
 * Connections to a server: a bounded pool of them, each used by one fiber at a time.
 *
 * Not the stock client's: it prepares nothing by name (which costs a read of an entity more than the read itself), asks for a
 * further connection to cancel a statement, and gives back one on which a statement may still run.
 */
import type { Connection, Row } from "@effect/sql/SqlConnection";
import { SqlError } from "@effect/sql/SqlError";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import pg from "pg";
import * as failures from "./failures.ts";
import * as PoolMetrics from "./poolMetrics.ts";

export interface Options {
  /** `postgres://user:password@host:port/database?…`, with the parameters of libpq that the driver knows (`sslmode`, `options`, …). */
  readonly url: Redacted.Redacted;
  /** Connections at the most; 10 unless told. One more listens. */
  readonly poolSize?: number | undefined;
  /** Milliseconds after which an unused connection is closed; a minute unless told. */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds after which a connection is replaced; half an hour unless told. */
  readonly maxLifetime?: number | undefined;
  /** Milliseconds that a call waits for a connection, new or free; 5000 unless told. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds that a statement may take; 15,000 unless told, 0: any. */
  readonly statementTimeout?: number | undefined;
  /** Milliseconds that a transaction may do nothing; 30,000 unless told. */
  readonly idleInTransactionTimeout?: number | undefined;
}

interface Pool {
  /** A connection for one fiber, until the scope is closed. */
  readonly reserve: Effect.Effect<Connection, SqlError, Scope.Scope>;
  /** From now on this text is prepared, by name, on each connection that runs it. */
  readonly prepare: (text: string) => void;
}

/** Milliseconds that a statement waits for a lock: as long as one waits for the writer of an SQLite database. */
const LOCK_TIMEOUT = 5000;

/** Milliseconds beyond what the server allows a statement, after which the server itself is given up on. */
const SILENCE = 5000;

/** Waits two seconds for an end. Without it from then on: a finalizer is not interrupted, so a limit alone would wait as well. */
export const farewell = (end: () => Promise<void>): Effect.Effect<void> =>
  Effect.promise(end).pipe(Effect.interruptible, Effect.disconnect, Effect.timeout("2 seconds"), Effect.ignore);

/** What works for a client that has gone stops within a second, where the server's system can tell that it has. */
const CHECK_CLIENT = `DO $$ BEGIN
  PERFORM set_config('client_connection_check_interval', '1000', false);
EXCEPTION WHEN OTHERS THEN NULL; END $$`;

/** How any connection to the server is made. */
export const connecting = ({ url, connectTimeout = 5000, statementTimeout = 15_000 }: Options): pg.ClientConfig => ({
  connectionString: Redacted.value(url),
  application_name: "cadastre",
  connectionTimeoutMillis: connectTimeout,
  query_timeout: statementTimeout === 0 ? 0 : statementTimeout + SILENCE,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  types: { getTypeParser },
});

export const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Pool, never, Scope.Scope> {
  const { poolSize = 10, idleTimeout = 60_000, maxLifetime = 1_800_000 } = options;
  const { statementTimeout = 15_000, idleInTransactionTimeout = 30_000 } = options;
  const settings = [
    `SET statement_timeout = ${statementTimeout}`,
    `SET idle_in_transaction_session_timeout = ${idleInTransactionTimeout}`,
    `SET lock_timeout = ${LOCK_TIMEOUT}`,
    // Whatever the database has for others: a statement that waited must see what it waited for.
    "SET default_transaction_isolation = 'read committed'",
    CHECK_CLIENT,
    // Compiling a plan takes longer than running any of ours.
    "SET jit = off",
  ].join("; ");
  const pool = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new pg.Pool({
          ...connecting(options),
          max: poolSize,
          idleTimeoutMillis: idleTimeout,
          maxLifetimeSeconds: maxLifetime / 1000,
          onConnect: async (client) => {
            await client.query(settings);
          },
        }),
    ),
    (opened) => farewell(() => opened.end()),
  );
  // A connection that breaks while nobody uses it is replaced; without a listener the process would end.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
  });
  yield* PoolMetrics.watch(pool, poolSize);

  const names = new Map<string, string>();
  return {
    // Who gives up while waiting gives up the place in the queue as well.
    reserve: Effect.uninterruptibleMask((restore) =>
      Effect.map(
        Effect.tap(restore(checkOut(pool)), (held) => Effect.addFinalizer(() => release(held))),
        ({ run }) => connection(run, names),
      ),
    ),
    prepare: (text) => {
      if (!names.has(text)) names.set(text, `s${names.size}`);
    },
  };
});

type Run = (query: pg.QueryConfig) => Effect.Effect<pg.QueryResult<Row>, SqlError>;

interface Held {
  readonly client: pg.PoolClient;
  readonly run: Run;
  /** Why the connection is not to be used again. */
  broken: Error | undefined;
}

const checkOut = (pool: pg.Pool): Effect.Effect<Held, SqlError> =>
  Effect.async<Held, SqlError>((resume) => {
    let isWanted = true;
    const fail = (cause: unknown) => resume(Effect.fail(new SqlError({ cause, message: "no connection" })));
    try {
      pool.connect((error, client) => {
        if (client === undefined) fail(error);
        else if (isWanted) resume(Effect.succeed(hold(client)));
        else client.release();
      });
    } catch (cause) {
      // The driver reads the files that the URL names for TLS as it makes a client.
      fail(cause);
    }
    return Effect.sync(() => {
      isWanted = false;
    });
  });

const release = ({ client, broken }: Held) => Effect.sync(() => client.release(broken));

const hold = (client: pg.PoolClient): Held => {
  const held: Held = {
    client,
    broken: undefined,
    run: (query) =>
      Effect.async((resume) => {
        if (held.broken !== undefined) {
          return resume(Effect.fail(new SqlError({ cause: held.broken, message: "the connection is gone" })));
        }
        client.query<Row>(query, (error, result) => {
          if (error === null || error === undefined) return resume(Effect.succeed(result));
          if (failures.isFatal(error) || failures.isStale(error)) held.broken = error;
          resume(Effect.fail(new SqlError({ cause: error, message: "the statement failed" })));
        });
        // The statement still runs: what comes next on this connection would wait for it, so nothing does.
        return Effect.sync(() => {
          held.broken = new Error("a statement was interrupted");
        });
      }),
  };
  return held;
};

const connection = (run: Run, names: ReadonlyMap<string, string>): Connection => {
  const execute: Connection["execute"] = (text, values, transform) => {
    const name = names.get(text);
    const query = { text, values: [...values], ...(name === undefined ? {} : { name }) };
    return Effect.map(run(query), ({ rows }) => (transform === undefined ? rows : transform(rows)));
  };
  return {
    execute,
    executeRaw: (text, values) => run({ text, values: [...values] }),
    executeValues: (text, values) =>
      Effect.map(execute(text, values, undefined), (rows) => rows.map((row) => Object.values(row))),
    executeUnprepared: (text, values, transform) =>
      Effect.map(run({ text, values: [...values] }), ({ rows }) => (transform === undefined ? rows : transform(rows))),
    executeStream: () => Stream.dieMessage("streams are paged here"),
  };
};

/** The type of 64-bit integers, which the driver gives as text. Ours are times, counts and ids, far below 2⁵³. */
const INT8 = 20;

const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format);
