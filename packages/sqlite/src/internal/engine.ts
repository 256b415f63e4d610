import { type Dialect, Engine, type Insertion } from "@cadastre/sql/Engine";
import * as JsonDialects from "@cadastre/sql/JsonDialects";
import * as Spans from "@cadastre/sql/Spans";
import * as Reactivity from "@effect/experimental/Reactivity";
import * as SqlClient from "@effect/sql/SqlClient";
import type { Connection, Row } from "@effect/sql/SqlConnection";
import { SqlError } from "@effect/sql/SqlError";
import * as Statement from "@effect/sql/Statement";
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Scope from "effect/Scope";
import * as failures from "./failures.ts";
import * as search from "./search.ts";

export interface Options {
  /** A path, or `:memory:` for a database that ends with the program. */
  readonly filename: string;
  /** `full` (the default): what was acknowledged survives a power cut. `normal`: only a crash of the process. */
  readonly synchronous?: "full" | "normal" | undefined;
}

type Build = Effect.Effect<Context.Tag.Service<Engine>, SqlError, Scope.Scope>;

/**
 * One connection that writes, for one transaction at a time, and one that reads: under WAL a reader neither waits for the
 * writer nor sees what it has not committed. A database in memory has one connection for both, which take turns.
 */
export const make = (options: Options): Build =>
  options.filename === MEMORY ? makeInMemory(options) : makeOnFile(options);

export const MEMORY = ":memory:";

const makeOnFile: (options: Options) => Build = Effect.fnUntraced(function* (options) {
  const writer = yield* open(options);
  const reader = yield* open({ ...options, readonly: true });
  const turns = yield* Effect.makeSemaphore(1);
  return yield* assemble({
    reader: Effect.succeed(reader),
    writer: Effect.as(takeTurn(turns), writer),
    withReader: (use) => use(reader),
    snapshot: Effect.tap(open({ ...options, readonly: true }), beginRead),
    unsynced: options.synchronous === "normal" ? undefined : UNSYNCED,
  });
});

const makeInMemory: (options: Options) => Build = Effect.fnUntraced(function* (options) {
  const connection = yield* open(options);
  const turns = yield* Effect.makeSemaphore(1);
  const inTurn = Effect.as(takeTurn(turns), connection);
  return yield* assemble({
    reader: inTurn,
    writer: inTurn,
    withReader: (use) => turns.withPermits(1)(Effect.suspend(() => use(connection))),
    snapshot: Effect.acquireRelease(Effect.tap(inTurn, beginRead), () => Effect.ignore(run(connection, "ROLLBACK"))),
    unsynced: undefined,
  });
});

interface Connections {
  readonly reader: Connection.Acquirer;
  readonly writer: Connection.Acquirer;
  readonly withReader: Context.Tag.Service<Engine>["withReader"];
  readonly snapshot: Connection.Acquirer;
  readonly unsynced: Context.Tag.Service<Engine>["unsynced"];
}

/** Without the sync a power cut may take back what was written last; a write that is synced takes what was before it along. */
const UNSYNCED = { before: "PRAGMA synchronous = NORMAL", after: "PRAGMA synchronous = FULL" };

const assemble = ({ reader, writer, withReader, snapshot, unsynced }: Connections): Build =>
  SqlClient.make({
    acquirer: reader,
    transactionAcquirer: writer,
    beginTransaction: BEGIN,
    compiler: Statement.makeCompilerSqlite(),
    spanAttributes: [["db.system.name", "sqlite"]],
  }).pipe(
    Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make),
    Effect.zipWith(Spans.make("sqlite"), (client, spans) =>
      Engine.of({
        dialect: dialectOf(client),
        client,
        withReader,
        snapshot,
        unsynced,
        prepare: (text) => (connection, values) => connection.execute(text, values, undefined),
        insert,
        spans,
        classify: failures.classify,
        describe: failures.describe,
      }),
    ),
  );

/** Deferred, a transaction that reads before it writes can fail where no waiting helps. */
const BEGIN = "BEGIN IMMEDIATE";

const dialectOf = (sql: SqlClient.SqlClient): Dialect => ({
  begin: BEGIN,
  // BEGIN IMMEDIATE has locked the whole database.
  lock: () => undefined,
  forUpdate: sql.literal(""),
  lockRow: sql.literal(""),
  skipLocked: sql.literal(""),
  jobsOfEach: (rows, found) => sql`${rows} JOIN jobs j ON j.id IN (SELECT id FROM jobs WHERE ${found})`,
  lockTexts: undefined,
  indexed: (index) => sql.literal(`INDEXED BY ${index}`),
  records: (json, columns) => {
    const values = Object.keys(columns).map((name, i) => sql.literal(`value ->> ${i} AS ${name}`));
    return sql`SELECT ${sql.csv(values)} FROM json_each(${json})`;
  },
  texts: (json) => sql`SELECT value FROM json_each(${json})`,
  codePoints: (text) => sql`CAST(${text} AS TEXT)`,
  residual: (column) => sql`+${column}`,
  isAmong: (column, values) => sql`${column} IN (${values})`,
  quoted: (column) => sql`json_quote(${column})`,
  json: JsonDialects.sqlite(sql, sql.literal("e.envelope")),
  text: (path) => sql`(e.envelope ->> ${JsonDialects.sqlitePath(path)})`,
  scalars: (path) => ({
    // json_each takes maps apart too, into rows with keys of text, and gives a scalar as its only row.
    join: sql`LEFT JOIN json_each(e.envelope, ${JsonDialects.sqlitePath(path)}) v
      ON v.type IN ('text', 'integer', 'real', 'true', 'false') AND typeof(v.key) <> 'text'`,
    // Numbers as they are written: 1e21 is not 1.0e+21.
    text: sql`CASE v.type WHEN 'text' THEN v.value WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'
      ELSE e.envelope -> v.fullkey END`,
  }),
  // One transaction writes at a time, and sequences never come back.
  feed: {
    since: (after, limit) => sql`events WHERE sequence > ${after} ORDER BY sequence LIMIT ${limit}`,
    head: sql`(SELECT coalesce(max(sequence), 0) FROM events)`,
  },
  afterLoad: [],
  matching: (text) => search.matching(sql, text),
  ranked: (text, page) => search.ranked(sql, text, page),
  places: (patch) => sql`
    SELECT field.value AS place FROM json_each(${patch}) operation, json_each(operation.value) field
    WHERE field.key IN ('path', 'from')`,
});

/** One row at a time: a prepared statement run in a loop took 80 µs per new entity, many rows in one statement 110 µs. */
const insert = ({ into, columns, ending = "" }: Insertion) => {
  const text = `INSERT INTO ${into} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")}) ${ending}`;
  return (connection: Connection, rows: ReadonlyArray<ReadonlyArray<unknown>>) =>
    Effect.map(
      Effect.forEach(rows, (row) => connection.execute(text, row, undefined)),
      (returned): ReadonlyArray<Row> => returned.flat(),
    );
};

const run = (connection: Connection, text: string) => connection.executeUnprepared(text, [], undefined);

const beginRead = (connection: Connection) => run(connection, "BEGIN");

const takeTurn = (turns: Effect.Semaphore): Effect.Effect<void, never, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.zipRight(
      restore(turns.take(1)),
      Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, turns.release(1))),
    ),
  );

/**
 * The stock client's one connection, taken for good. Of the client only its statement cache and its translation of errors
 * are used: it begins transactions deferred, and lets readers wait for the writer.
 */
const open = Effect.fnUntraced(function* (options: Options & { readonly readonly?: boolean }) {
  const { filename, readonly = false, synchronous = "full" } = options;
  const client = yield* SqliteClient.make({ filename, readonly, disableWAL: readonly }).pipe(
    Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make),
    // The client dies where the driver throws on opening.
    Effect.catchAllDefect((cause) =>
      failures.codeOf(cause) === "" ? Effect.die(cause) : Effect.fail(new SqlError({ cause })),
    ),
  );
  const connection = yield* client.reserve;
  for (const pragma of readonly ? [BUSY_TIMEOUT] : [BUSY_TIMEOUT, `synchronous = ${synchronous}`, ...WRITER]) {
    yield* run(connection, `PRAGMA ${pragma}`);
  }
  return connection;
});

/** Milliseconds in which nothing else in the process runs; the waiting proper is done between attempts. */
const BUSY_TIMEOUT = "busy_timeout = 20";

/** Pages of 4 KiB between checkpoints: four times the default makes a new entity cheaper by 15 µs for 16 MB of disk. */
const WRITER = ["foreign_keys = ON", "wal_autocheckpoint = 4000"];
