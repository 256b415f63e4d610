/**
 * One daemon a database: wake-ups and caches know of one process only.
 *
 * The claim is SQLite's own lock on an almost empty database beside the real one. The operating system takes it back with
 * the process, however that ends; a file with a process id in it would outlive `kill -9`, and its id would come again.
 */
import * as fs from "node:fs";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Reactivity from "@effect/experimental/Reactivity";
import type { Connection } from "@effect/sql/SqlConnection";
import { SqlError } from "@effect/sql/SqlError";
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import * as failures from "./failures.ts";
import * as file from "./file.ts";

export const claim = (filename: string): Effect.Effect<void, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    yield* file.prepare(filename);
    const lock = `${fs.realpathSync(filename)}.lock`;
    yield* Effect.catchAll(take(lock), (error) =>
      // A power cut may have left half a file; whoever held the claim is gone with it.
      UNREADABLE.has(failures.codeOf(error.cause))
        ? Effect.zipRight(
            Effect.sync(() => fs.rmSync(lock, { force: true })),
            take(lock),
          )
        : Effect.fail(error),
    ).pipe(
      Effect.catchAll((error) =>
        failures.classify(error) === "transient"
          ? Effect.flatMap(holder(lock), (pid) => refusal(`the database ${filename} has a daemon already${pid}`))
          : new StoreUnavailable({
              message: `the database ${filename} cannot be claimed: ${failures.describe(error)} (${lock})`,
              cause: error,
            }),
      ),
    );
  });

const UNREADABLE: ReadonlySet<string> = new Set(["SQLITE_NOTADB", "SQLITE_CORRUPT"]);

const refusal = (message: string) =>
  new StoreUnavailable({ message: `${message}: stop that one, or give this one a database of its own` });

const open = (lock: string) =>
  Effect.gen(function* () {
    // Not opened where it is there: closing it would give back what this process itself may have claimed.
    if (!fs.existsSync(lock)) fs.closeSync(fs.openSync(lock, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600));
    const client = yield* SqliteClient.make({ filename: lock, disableWAL: true }).pipe(
      Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make),
    );
    const connection = yield* client.reserve;
    // Nothing in it is worth a disk's time, and nobody waits for it.
    for (const pragma of ["busy_timeout = 0", "synchronous = OFF"]) yield* run(connection, `PRAGMA ${pragma}`);
    return connection;
  }).pipe(Effect.catchAllDefect((cause) => new SqlError({ cause })));

const run = (connection: Connection, text: string) => connection.executeUnprepared(text, [], undefined);

/** Tells the process id to whoever comes too late, then holds a lock under which that can be read. */
const take = (lock: string): Effect.Effect<void, SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* open(lock);
    for (const text of ["BEGIN IMMEDIATE", `PRAGMA user_version = ${process.pid}`, "COMMIT", "BEGIN IMMEDIATE"]) {
      yield* run(connection, text);
    }
  });

/** ` (pid 123)`, or nothing where it cannot be told. */
const holder = (lock: string): Effect.Effect<string> =>
  Effect.scoped(Effect.flatMap(open(lock), (connection) => run(connection, "PRAGMA user_version"))).pipe(
    Effect.map(([row]) => ` (pid ${String(row?.["user_version"])})`),
    Effect.orElseSucceed(() => ""),
  );
