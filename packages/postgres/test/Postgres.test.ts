import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { Wakeups } from "@cadastre/domain/Wakeups";
import { entity, event, keyOf, revised, save, token } from "@cadastre/testing/Fixtures";
import { create, execute } from "@cadastre/testing/PostgresDatabase";
import { describe, expect, it } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import * as engines from "../src/internal/engine.ts";
import * as Postgres from "../src/Postgres.ts";

const withDatabase = <A, E>(
  use: (url: string) => Effect.Effect<A, E, Postgres.Stores | Scope.Scope>,
  options: Omit<Postgres.Options, "url"> = {},
) =>
  Effect.scoped(
    Effect.flatMap(create("18"), (url) =>
      Effect.provide(use(url), Postgres.layer({ ...options, url: Redacted.make(url) })),
    ),
  );

/** Another replica on the same database. */
const replica = (url: string) => Layer.build(Layer.fresh(Postgres.layer({ url: Redacted.make(url) })));

/** Ends every other connection of the database, as an administrator would. */
const terminate = (url: string, which = "true") =>
  execute(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND (${which})`,
  );

describe("Postgres", () => {
  it.live("says in one sentence why a server cannot be used, without the password", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const url = yield* create("18");
        const changed = (change: (url: URL) => void) => {
          const other = new URL(url);
          other.password = "hunter2";
          change(other);
          return { url: Redacted.make(other.href), connectTimeout: 1000 };
        };
        const reasons: ReadonlyArray<readonly [string, (url: URL) => void]> = [
          ["the database server cannot be reached: nothing listens there", (it) => (it.port = "1")],
          [
            "the database server cannot be reached: there is no host of that name",
            (it) => (it.hostname = "no.invalid"),
          ],
          ["there is no such database on the server", (it) => (it.pathname = "/none")],
          ["the database server refused the user or the password", (it) => (it.username = "nobody")],
          [
            "the database server cannot be reached: there is no such socket, or a file that its URL names is missing",
            (it) => {
              it.search = "?sslmode=verify-full&sslrootcert=/missing.pem";
            },
          ],
        ];
        for (const [reason, change] of reasons) {
          const error = yield* Effect.flip(Postgres.status(changed(change)));
          expect(error.message).toBe(reason);
          expect(String(error)).not.toContain("hunter2");
        }
      }),
    ),
  );

  it.live("transactions see what others commit, whatever the database has as its default", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const url = yield* create("18");
        yield* execute(
          url,
          `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_isolation = 'serializable'`,
        );
        const engine = yield* engines.make({ url: Redacted.make(url) });
        const shown = engine.withReader((it) => it.execute("SHOW transaction_isolation", [], undefined));
        expect(yield* shown).toEqual([{ transaction_isolation: "read committed" }]);
      }),
    ),
  );

  it.live("nobody reads past an event whose transaction is under way", () =>
    withDatabase((url) =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const log = yield* EventLog;
        const [slow, fast] = [event(entity()), event(entity())];
        const appended = yield* Deferred.make<void>();
        const goOn = yield* Deferred.make<void>();
        const first = yield* Effect.fork(
          transact(
            log
              .append([slow])
              .pipe(Effect.zipRight(Deferred.succeed(appended, undefined)), Effect.zipRight(Deferred.await(goOn))),
          ),
        );
        yield* Deferred.await(appended);
        const other = yield* replica(url);
        const read = Effect.provide(
          Effect.flatMap(EventLog, (reader) => Effect.all([reader.since(0, 10), reader.head])),
          other,
        );
        yield* Effect.provide(
          Effect.flatMap(Effect.all([UnitOfWork, EventLog]), ([unit, mine]) => unit.transact(mine.append([fast]))),
          other,
        );
        expect(yield* read).toEqual([[], 0]);
        yield* Deferred.succeed(goOn, undefined);
        yield* Fiber.join(first);
        const [events, head] = yield* read;
        expect(events.map(({ id }) => id)).toEqual([slow.id, fast.id]);
        expect(head).toBe(events[1]?.sequence);
      }),
    ),
  );

  it.live("what a transaction took and rolled back keeps nobody waiting", () =>
    withDatabase(() =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const log = yield* EventLog;
        yield* Effect.flip(transact(Effect.zipRight(log.append([event(entity())]), Effect.fail("no"))));
        const kept = event(entity());
        yield* transact(log.append([kept]));
        expect((yield* log.since(0, 10)).map(({ id }) => id)).toEqual([kept.id]);
      }),
    ),
  );

  it.live("writers of different entities do not wait for each other, and reading locks nothing", () =>
    withDatabase(() =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const store = yield* EntityStore;
        const [mine, yours] = [entity(), entity()];
        yield* save(mine, yours);
        const second = revised(mine, { spec: { n: 1 } });
        function* others() {
          yield* save(revised(yours, { spec: { n: 2 } }));
          const found = yield* store.findMany([keyOf(mine), keyOf(yours)]);
          expect([...found.values()].map(({ revision }) => revision).toSorted()).toEqual([1, 2]);
        }
        const outside: Effect.Effect<void, unknown> = Effect.provideService(
          Effect.provideService(Effect.gen(others), UnitOfWork, { transact }),
          EntityStore,
          store,
        );
        yield* transact(
          Effect.gen(function* () {
            yield* store.save([second]);
            // A fiber of its own, outside of the transaction.
            yield* Effect.promise(() => Effect.runPromise(outside));
          }),
        );
        expect((yield* store.findMany([keyOf(mine)])).get(keyOf(mine))?.revision).toBe(2);
      }),
    ),
  );

  it.live("transactions that wait for each other are run again", () =>
    withDatabase(() =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const tokens = yield* TokenStore;
        const [a, b] = [token(), token()];
        yield* tokens.insert(a);
        yield* tokens.insert(b);
        const arrived = yield* Effect.makeSemaphore(0);
        const both = (first: typeof a, second: typeof a) =>
          transact(
            Effect.gen(function* () {
              yield* tokens.touch(first.id, 1);
              yield* arrived.release(1);
              // Until the other has its first as well; who runs again finds that it was so.
              yield* arrived.withPermits(2)(Effect.void);
              yield* tokens.touch(second.id, 2);
            }),
          );
        yield* Effect.all([both(a, b), both(b, a)], { concurrency: "unbounded" });
        expect((yield* tokens.list).map(({ lastUsedAt }) => lastUsedAt)).toHaveLength(2);
      }),
    ),
  );

  it.live("connections that the server ends fail what uses them, and nothing after", () =>
    withDatabase((url) =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const store = yield* EntityStore;
        const { ping } = yield* HealthCheck;
        yield* Effect.all(
          Array.from({ length: 5 }, () => ping),
          { concurrency: "unbounded" },
        );
        yield* terminate(url);
        // What was idle is replaced unseen; what arrives just as it ends may fail, once.
        yield* Effect.retry(ping, { times: 10 });
        const write = entity();
        const error = yield* Effect.flip(
          transact(Effect.zipRight(store.save([write]), Effect.zipRight(terminate(url), store.save([entity()])))),
        );
        expect(error).toMatchObject({ _tag: "StoreUnavailable" });
        yield* save(write);
      }),
    ),
  );

  it.live("a call that finds no free connection gives up, and the next one gets one", () =>
    withDatabase(
      () =>
        Effect.gen(function* () {
          const { transact } = yield* UnitOfWork;
          const { ping } = yield* HealthCheck;
          const held = yield* Deferred.make<void>();
          const holding = yield* Effect.fork(
            transact(Effect.zipRight(Deferred.succeed(held, undefined), Effect.never)),
          );
          yield* Deferred.await(held);
          expect(yield* Effect.flip(ping)).toMatchObject({
            message: "the database server does not answer, or has no connection left for this program",
          });
          // Who gives up is not waited for.
          yield* Fiber.interrupt(yield* Effect.fork(ping));
          yield* Fiber.interrupt(holding);
          yield* ping;
        }),
      { poolSize: 1, connectTimeout: 2000 },
    ),
  );

  it.live("a statement that takes too long fails, and one that is interrupted holds nothing up", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const url = Redacted.make(yield* create("18"));
        const engine = yield* engines.make({ url, poolSize: 1, statementTimeout: 200 });
        const sleep = (seconds: number) =>
          engine.withReader((it) => it.execute(`SELECT pg_sleep(${seconds})`, [], undefined));
        const error = yield* Effect.flip(sleep(60));
        expect([engine.classify(error), engine.describe(error)]).toEqual(["unavailable", "the database took too long"]);
        const patient = yield* engines.make({ url, poolSize: 1, statementTimeout: 60_000 });
        const sleeping = yield* Effect.fork(
          patient.withReader((it) => it.execute("SELECT pg_sleep(60)", [], undefined)),
        );
        yield* Effect.sleep("50 millis");
        yield* Fiber.interrupt(sleeping);
        expect(yield* patient.withReader((it) => it.execute("SELECT 1 AS n", [], undefined))).toEqual([{ n: 1 }]);
      }),
    ),
  );

  it.live("replicas wake each other, also after their connections were lost", () =>
    withDatabase((url) =>
      Effect.gen(function* () {
        const { listen } = yield* Wakeups;
        const other = yield* replica(url);
        const woken = yield* Effect.fork(Stream.runHead(listen("events")));
        const notify = Effect.provide(
          Effect.flatMap(Wakeups, (wakeups) => wakeups.notify("events")),
          other,
        );
        const until = (fiber: Fiber.Fiber<unknown, unknown>) =>
          Effect.raceFirst(Fiber.await(fiber), Effect.forever(Effect.zipRight(notify, Effect.sleep("5 millis"))));
        yield* until(woken);
        yield* terminate(url, "query LIKE '%LISTEN%' OR query LIKE '%notify%'");
        yield* until(yield* Effect.fork(Stream.runHead(Stream.drop(listen("events"), 2))));
      }),
    ),
  );

  it.live("a title, an owner and a description of any length are kept, found and sorted", () =>
    withDatabase(() =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const words = Array.from({ length: 60_000 }, (_, i) => `w${(i * 7919).toString(36)}`).join(" ");
        const long = entity({ title: words, description: words, spec: { owner: `group:default/${"ö".repeat(490)}` } });
        yield* save(long, entity({ title: "a" }));
        const query = { kinds: [], namespaces: [], owners: [], tags: [], labels: [], states: [], limit: 1 } as const;
        const order = { field: "title", descending: true } as const;
        const first = yield* store.list({ ...query, order, after: undefined });
        expect(first.items.map(({ uid }) => uid)).toEqual([long.record.uid]);
        expect(String(first.next?.value)).toHaveLength(255);
        const text = {
          ...query,
          text: "w0",
          order: { field: "relevance", descending: false },
          after: undefined,
        } as const;
        expect((yield* store.list(text)).items).toHaveLength(1);
      }),
    ),
  );
});
