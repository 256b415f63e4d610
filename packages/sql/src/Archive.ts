import type { Archive, ArchiveRecord } from "@cadastre/domain/Archive";
import { InvalidInput, type StoreUnavailable } from "@cadastre/domain/Errors";
import { TransactionConnection } from "@effect/sql/SqlClient";
import type { Row } from "@effect/sql/SqlConnection";
import * as Chunk from "effect/Chunk";
import * as Clock from "effect/Clock";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import { type Engine, unavailable } from "./Engine.ts";
import * as records from "./internal/archiveRecords.ts";
import * as deliveryRows from "./internal/deliveryRows.ts";
import * as entityRows from "./internal/entityRows.ts";
import * as eventRows from "./internal/eventRows.ts";
import * as Statements from "./internal/statements.ts";
import * as subscriptionRows from "./internal/subscriptionRows.ts";
import * as tokenRows from "./internal/tokenRows.ts";
import { transactOnce } from "./UnitOfWork.ts";

/** Records that are read or written at once. */
const PAGE = 500;

export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<Archive> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);

  const pageOfEntities = statements.prepare(
    sql`SELECT uid, envelope FROM entities WHERE uid > ${"after"} ORDER BY uid LIMIT ${"limit"}`,
  );
  const pageOfEvents = statements.prepare(
    sql`SELECT * FROM events WHERE sequence > ${"after"} ORDER BY sequence LIMIT ${"limit"}`,
  );
  const pageOfTokens = statements.prepare(sql`SELECT * FROM tokens WHERE id > ${"after"} ORDER BY id LIMIT ${"limit"}`);
  const pageOfSubscriptions = statements.prepare(
    sql`SELECT * FROM subscriptions WHERE id > ${"after"} ORDER BY id LIMIT ${"limit"}`,
  );
  const pageOfDeliveries = statements.prepare(sql`
    SELECT * FROM deliveries
    WHERE id > ${"after"} AND state IN ('pending', 'held') AND sequence IS NOT NULL
    ORDER BY id LIMIT ${"limit"}`);
  const dispatched = statements.prepare(sql`SELECT sequence FROM dispatch`);

  const header = Stream.fromEffect(
    Effect.map(
      Clock.currentTimeMillis,
      (now): ArchiveRecord => ({ type: "catalog", version: 1, exportedAt: new Date(now).toISOString() }),
    ),
  );

  const insertEntities = entityRows.inserter(statements, entityRows.INSERTION);
  const insertEvents = statements.insert(eventRows.insertion("sequence"));
  const insertTokens = statements.insert(tokenRows.INSERTION);
  const insertSubscriptions = statements.insert(subscriptionRows.WHOLE);
  const insertDeliveries = statements.insert(deliveryRows.INSERTION);

  const command = (text: string) => statements.run(sql.unsafe(text));
  const locking = dialect.lock(["entities", "events", "tokens"]);
  const lock = locking === undefined ? Effect.void : command(locking);
  const isUsed = statements.prepare(sql`
    SELECT 1 AS used WHERE EXISTS (SELECT 1 FROM entities) OR EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM tokens)
      OR EXISTS (SELECT 1 FROM subscriptions)`);
  const strayEntity = statements.prepare(sql`
    SELECT e.key FROM entities e
    WHERE e.revision IS DISTINCT FROM (SELECT max(v.revision) FROM events v WHERE v.uid = e.uid)
    LIMIT 1`);

  const store = Effect.fnUntraced(function* (page: ReadonlyArray<ArchiveRecord>, first: number) {
    const writes = yield* Effect.forEach(page.entries(), ([i, record]) =>
      record.type === "entity"
        ? Effect.mapBoth(records.toWrite(record), {
            onFailure: (message) => refusal(`/${first + i}`, message),
            onSuccess: Option.some,
          })
        : Effect.succeedNone,
    );
    yield* insertEntities(writes.flatMap(Option.toArray));
    yield* insertEvents(
      page
        .filter((record) => record.type === "event")
        .map(records.toEvent)
        .map((event) => [event.sequence, ...eventRows.valuesOf(event)]),
    );
    yield* insertTokens(
      page
        .filter((record) => record.type === "token")
        .map(records.toToken)
        .map(tokenRows.valuesOf),
    );
    yield* insertSubscriptions(
      page
        .filter((record) => record.type === "subscription")
        .map(records.toSubscription)
        .map(subscriptionRows.wholeOf),
    );
    yield* insertDeliveries(
      page
        .filter((record) => record.type === "delivery")
        .map(records.toDelivery)
        .map(deliveryRows.valuesOf),
    );
  });

  return {
    dump: Stream.unwrapScoped(
      Effect.map(
        Effect.catchAll(engine.snapshot, (error) => unavailable(engine, error)),
        (connection) =>
          header.pipe(
            Stream.concat(paged("", pageOfEntities, "uid", records.entityRecord)),
            Stream.concat(paged(0, pageOfEvents, "sequence", records.eventRecord)),
            Stream.concat(paged("", pageOfTokens, "id", records.tokenRecord)),
            Stream.concat(
              Stream.unwrap(
                Effect.map(dispatched({}), ([row]) =>
                  paged("", pageOfSubscriptions, "id", records.subscriptionRecord(Number(row?.["sequence"] ?? 0))),
                ),
              ),
            ),
            Stream.concat(paged("", pageOfDeliveries, "id", records.deliveryRecord)),
            Stream.provideService(TransactionConnection, [connection, 0]),
          ),
      ),
    ),

    load: (incoming) =>
      transactOnce(engine)(
        Effect.gen(function* () {
          yield* lock;
          if ((yield* isUsed({})).length > 0) return yield* refusal("", "the catalog is not empty");
          const counts = { catalog: 0, entity: 0, event: 0, token: 0, subscription: 0, delivery: 0 };
          yield* incoming.pipe(
            Stream.grouped(PAGE),
            Stream.runForEach((group) => {
              const page = Chunk.toReadonlyArray(group);
              const first = Object.values(counts).reduce((sum, count) => sum + count, 0);
              for (const { type } of page) counts[type] += 1;
              return Effect.catchTag(store(page, first), "Conflict", () =>
                refusal(
                  `/${first}`,
                  `a uid, reference, revision, sequence, token, subscription or delivery of the records ${first} to ${first + page.length - 1} occurs twice`,
                ),
              );
            }),
          );
          const [stray] = yield* strayEntity({});
          if (stray !== undefined) {
            return yield* refusal("", `the last event of ${String(stray["key"])} is not of the revision it is at`);
          }
          yield* Effect.forEach(dialect.afterLoad, command);
          return counts;
        }),
      ),
  };
};

const refusal = (path: string, message: string): InvalidInput =>
  new InvalidInput({ message: `the archive cannot be loaded: ${message}`, faults: [{ path, message }] });

/** Pages that follow each other by the last row's key, so that memory is bounded. */
const paged = <Key extends string | number>(
  start: Key,
  read: (page: { readonly after: Key; readonly limit: number }) => Effect.Effect<ReadonlyArray<Row>, StoreUnavailable>,
  key: string,
  decode: (row: Row) => ArchiveRecord,
): Stream.Stream<ArchiveRecord, StoreUnavailable> =>
  Stream.paginateChunkEffect(start, (after) =>
    Effect.map(read({ after, limit: PAGE }), (rows) => [
      Chunk.fromIterable(rows.map(decode)),
      // The cast is the store's trust in its own key column.
      rows.length < PAGE ? Option.none() : Option.some(rows.at(-1)?.[key] as Key),
    ]),
  );
