import * as fs from "node:fs";
import * as path from "node:path";
import type { ArchiveRecord } from "@cadastre/domain/Archive";
import { byUid, EntityStore } from "@cadastre/domain/EntityStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import * as Archives from "@cadastre/sql/Archive";
import * as UnitsOfWork from "@cadastre/sql/UnitOfWork";
import { temporaryDirectory } from "@cadastre/testing/Backends";
import { entity, save } from "@cadastre/testing/Fixtures";
import { TransactionConnection } from "@effect/sql/SqlClient";
import { SqlError } from "@effect/sql/SqlError";
import { describe, expect, it } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import * as TestClock from "effect/TestClock";
import * as engines from "../src/internal/engine.ts";
import * as Sqlite from "../src/Sqlite.ts";

const temporaryFile = Effect.map(temporaryDirectory, (directory) => path.join(directory, "state", "catalog.db"));

/** Another process, that holds the database's write lock until it lets go. */
const lock = Effect.fnUntraced(function* (filename: string) {
  const other = yield* (yield* engines.make({ filename })).client.reserve;
  const run = (text: string) => other.executeUnprepared(text, [], undefined);
  yield* run("BEGIN IMMEDIATE");
  return run("ROLLBACK");
});

/** Fails with an error that SQLite gives when the disk does. */
const ioError = Effect.fail(
  new SqlError({ cause: Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR" }) }),
);

describe("Sqlite", () => {
  it.scoped("makes the file and its directory for their owner alone, and keeps what was written", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      const write = entity();
      yield* Effect.provide(save(write), Sqlite.layer({ filename }));
      expect(fs.statSync(filename).mode & 0o777).toBe(0o600);
      expect(fs.statSync(path.dirname(filename)).mode & 0o777).toBe(0o700);
      const found = Effect.flatMap(EntityStore, (store) => store.find(byUid(write.record.uid)));
      expect(yield* Effect.provide(found, Sqlite.layer({ filename }))).toEqual(Option.some(write.record));
      expect(fs.readdirSync(path.dirname(filename))).toEqual(["catalog.db"]);
    }),
  );

  it.scoped("says in one sentence why a file cannot be used", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory;
      const file = path.join(directory, "notes.txt");
      fs.writeFileSync(file, "not a database at all");
      const reasons = {
        [directory]: "it is a directory; give the path of a file",
        [file]: "it is not an SQLite database",
        [path.join(file, "catalog.db")]: "a part of its path is a file, not a directory",
        [path.join(file, "state", "catalog.db")]: "a part of its path is a file, not a directory",
        ...(process.platform === "linux" ? { "/proc/cadastre/state/catalog.db": "its directory cannot be made" } : {}),
      };
      for (const [filename, reason] of Object.entries(reasons)) {
        const error = yield* Effect.flip(Sqlite.migrate({ filename }));
        expect(error).toMatchObject({ _tag: "StoreUnavailable" });
        if (typeof reason === "string")
          expect(error.message).toBe(`the database ${filename} cannot be used: ${reason}`);
      }
      const damaged = path.join(directory, "damaged.db");
      fs.writeFileSync(damaged, Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(4096, 7)]));
      expect((yield* Effect.flip(Sqlite.migrate({ filename: damaged }))).message).toMatch(
        /not an SQLite database|damaged/,
      );
      expect(fs.readFileSync(file, "utf8")).toBe("not a database at all");
    }),
  );

  it.scoped("survives a power cut by default, and less for speed on request", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      yield* Sqlite.migrate({ filename });
      const setting = (synchronous?: "full" | "normal") =>
        Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* (yield* engines.make({ filename, synchronous })).client.reserve;
            return yield* connection.executeUnprepared("PRAGMA synchronous", [], undefined);
          }),
        );
      expect(yield* setting()).toEqual([{ synchronous: 2 }]);
      expect(yield* setting("normal")).toEqual([{ synchronous: 1 }]);
    }),
  );

  it.scoped("work is handed out without waiting for the disk, and whatever becomes of that, the next write waits", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      yield* Sqlite.migrate({ filename });
      const engine = yield* engines.make({ filename });
      const { transact } = UnitsOfWork.make(engine);
      const setting = Effect.serviceOption(TransactionConnection).pipe(
        Effect.flatMap((found) => Option.getOrThrow(found)[0].executeUnprepared("PRAGMA synchronous", [], undefined)),
        Effect.map(([row]) => row?.["synchronous"]),
      );
      const handOut = UnitsOfWork.handOut(engine);
      expect(yield* handOut(setting)).toBe(1);
      expect(yield* transact(setting)).toBe(2);
      yield* Effect.flip(handOut(Effect.fail("no")));
      expect(yield* transact(setting)).toBe(2);
      yield* Effect.exit(handOut(Effect.die("a defect")));
      expect(yield* transact(setting)).toBe(2);
      const begun = yield* Deferred.make<void>();
      const interrupted = yield* Effect.fork(
        handOut(Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)),
      );
      yield* Deferred.await(begun);
      yield* Fiber.interrupt(interrupted);
      expect(yield* transact(setting)).toBe(2);
      expect(yield* transact(handOut(setting))).toBe(2);
    }),
  );

  it.scoped("readers neither wait for a transaction nor see into it", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      const write = entity();
      yield* Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const store = yield* EntityStore;
        const written = yield* Deferred.make<void>();
        const transaction = yield* Effect.fork(
          transact(
            store
              .save([write])
              .pipe(Effect.zipRight(Deferred.succeed(written, undefined)), Effect.zipRight(Effect.never)),
          ),
        );
        yield* Deferred.await(written);
        expect(yield* store.read(byUid(write.record.uid))).toEqual(Option.none());
        yield* Fiber.interrupt(transaction);
      }).pipe(Effect.provide(Sqlite.layer({ filename })));
    }),
  );

  it.scoped("waits while another process writes, and lets everything else go on", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      const write = entity();
      yield* Effect.gen(function* () {
        const store = yield* EntityStore;
        const release = yield* lock(filename);
        const saving = yield* Effect.fork(save(write));
        yield* TestClock.adjust("1 second");
        expect(yield* Fiber.poll(saving)).toEqual(Option.none());
        expect(yield* store.read(byUid(write.record.uid))).toEqual(Option.none());
        yield* release;
        yield* TestClock.adjust("1 second");
        yield* Fiber.join(saving);
        expect(Option.isSome(yield* store.read(byUid(write.record.uid)))).toBe(true);
      }).pipe(Effect.provide(Sqlite.layer({ filename })));
    }),
  );

  it.scoped("gives up on a lock after five seconds", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      yield* Effect.gen(function* () {
        yield* Effect.asVoid(lock(filename));
        const saving = yield* Effect.fork(Effect.flip(save(entity())));
        yield* Effect.repeatN(TestClock.adjust("2 seconds"), 4);
        expect(yield* Fiber.join(saving)).toMatchObject({
          _tag: "StoreUnavailable",
          message: "another process is writing to the database",
        });
      }).pipe(Effect.provide(Sqlite.layer({ filename })));
    }),
  );

  it.scoped("a full disk is an error that passes", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      yield* Sqlite.migrate({ filename });
      const engine = yield* engines.make({ filename });
      const { transact } = UnitsOfWork.make(engine);
      const insert = transact(
        engine.client`INSERT INTO tokens VALUES ('a', ${"x".repeat(100_000)}, '', '', 0, 0, 0, 0)`,
      );
      const limit = (pages: number) => transact(engine.client.unsafe(`PRAGMA max_page_count = ${pages}`));
      yield* limit(1);
      expect(yield* Effect.exit(insert)).toMatchObject({ _tag: "Failure" });
      yield* limit(1_000_000);
      yield* insert;
    }),
  );

  it.scoped("a commit that fails is an error, and leaves nothing open or behind", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      yield* Sqlite.migrate({ filename });
      const engine = yield* engines.make({ filename });
      const failing = new Proxy(engine.client, {
        get: (client, key) =>
          key === "reserve"
            ? Effect.map(client.reserve, (connection) => ({
                ...connection,
                executeUnprepared: (...call: Parameters<typeof connection.executeUnprepared>) =>
                  call[0] === "COMMIT" ? ioError : connection.executeUnprepared(...call),
              }))
            : Reflect.get(client, key),
      });
      const insert = engine.client`INSERT INTO tokens VALUES ('a', 'a', '', '', 0, 0, 0, 0)`;
      const error = yield* Effect.flip(UnitsOfWork.make({ ...engine, client: failing }).transact(insert));
      expect(error).toMatchObject({ _tag: "StoreUnavailable", message: "reading or writing the database file failed" });
      const { transact } = UnitsOfWork.make(engine);
      expect(yield* transact(engine.client`SELECT count(*) AS n FROM tokens`)).toEqual([{ n: 0 }]);
      yield* transact(insert);
    }),
  );

  it.scoped(
    "an archive that comes in once is not read again: waiting comes before, and after it a failure is the end",
    () =>
      Effect.gen(function* () {
        const filename = yield* temporaryFile;
        yield* Sqlite.migrate({ filename });
        const engine = yield* engines.make({ filename });
        let reads = 0;
        const records = Stream.suspend(() => {
          reads++;
          return Stream.succeed<ArchiveRecord>({ type: "catalog", version: 1, exportedAt: "2026-01-01" });
        });

        const busy = new SqlError({ cause: Object.assign(new Error("busy"), { code: "SQLITE_BUSY" }) });
        const failing = Archives.make({ ...engine, insert: () => () => Effect.fail(busy) });
        expect(yield* Effect.flip(failing.load(records))).toMatchObject({ _tag: "StoreUnavailable" });
        expect(reads).toBe(1);

        const release = yield* lock(filename);
        const loading = yield* Effect.fork(Archives.make(engine).load(records));
        yield* TestClock.adjust("1 second");
        expect(reads).toBe(1);
        yield* release;
        yield* TestClock.adjust("1 second");
        expect(yield* Fiber.join(loading)).toMatchObject({ catalog: 1 });
        expect(reads).toBe(2);
      }),
  );
});
