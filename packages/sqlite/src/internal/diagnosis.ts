/**
 * What can ail an SQLite database beside its tables' contents.
 */
import * as fs from "node:fs";
import type { Diagnosis, Finding } from "@cadastre/domain/Diagnosis";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as SqlDiagnosis from "@cadastre/sql/Diagnosis";
import { type Engine, unavailable } from "@cadastre/sql/Engine";
import type { Row } from "@effect/sql/SqlConnection";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { MEMORY, type Options } from "./engine.ts";

const { good, note, bad } = SqlDiagnosis;

export const make = (engine: Context.Tag.Service<Engine>, options: Options): Context.Tag.Service<Diagnosis> => {
  const ask = (text: string): Effect.Effect<ReadonlyArray<Row>, StoreUnavailable> =>
    Effect.catchAll(
      engine.withReader((connection) => connection.executeUnprepared(text, [], undefined)),
      (error) => unavailable(engine, error),
    );

  const integrity = Effect.map(ask("PRAGMA integrity_check(10)"), (rows): Finding => {
    const faults = rows.map((row) => String(row["integrity_check"])).filter((fault) => fault !== "ok");
    return faults.length === 0
      ? good("integrity", "every page, index and constraint is whole")
      : bad("integrity", `the file is damaged: ${faults.join("; ")}`, DAMAGED);
  });

  const foreignKeys = Effect.map(ask("PRAGMA foreign_key_check"), (rows) => {
    const tables = [...new Set(rows.map((row) => String(row["table"])))];
    return rows.length === 0
      ? good("foreign-keys", "every foreign key leads to a row")
      : bad("foreign-keys", `${rows.length} rows of ${tables.join(", ")} lead to no row`, REBUILT);
  });

  const journal = Effect.map(ask("PRAGMA journal_mode"), ([row]) => {
    const mode = String(row?.["journal_mode"]);
    return mode === "wal"
      ? good("journal", "readers and the writer do not wait for each other (WAL)")
      : bad(
          "journal",
          `the journal mode is ${mode}, and WAL could not be set: readers and writers wait for each other`,
          "Keep the database on a local disk, in a directory that this user may write.",
        );
  });

  const { filename, synchronous = "full" } = options;
  const durability = Effect.succeed(
    synchronous === "full"
      ? good("durability", "what was acknowledged survives a power cut")
      : note(
          "durability",
          "a power cut may lose the last few writes (synchronous is normal)",
          "Set sqliteSynchronous to full if that matters.",
        ),
  );

  return SqlDiagnosis.make(
    engine,
    filename === MEMORY
      ? [integrity, foreignKeys]
      : [
          integrity,
          foreignKeys,
          journal,
          durability,
          ...[walSize, fileSystem, mode].map((check) => onFile(check, filename)),
        ],
  );
};

const DAMAGED =
  "Stop the daemon, keep a copy of the file, and take the catalog back from a backup. Without one, try `cadastre admin export`: what it can read can be imported into a new database.";

const REBUILT =
  "Write the catalog out with `cadastre admin export --output all.ndjson` and read it into a new database with `cadastre admin import all.ndjson --db NEW`.";

/** A check of the file itself; what cannot be looked at is told as such. */
const onFile = (check: (filename: string) => Finding, filename: string): Effect.Effect<Finding> =>
  Effect.orElseSucceed(
    Effect.try(() => check(fs.realpathSync(filename))),
    () => note("file", `${filename} cannot be looked at`),
  );

/** Bytes; it is copied back at a thousandth of this, unless a reader never lets go. */
const HUGE = 256 * 2 ** 20;

const walSize = (filename: string): Finding => {
  const wal = `${filename}-wal`;
  const size = fs.existsSync(wal) ? fs.statSync(wal).size : 0;
  return size <= HUGE
    ? good("wal", "the write-ahead log is of a usual size")
    : bad(
        "wal",
        `the write-ahead log ${wal} has grown to ${Math.round(size / 2 ** 20)} MB, which slows every reader`,
        "End what has the database open for long, such as an export that nobody reads on; restarting the daemon empties the log.",
      );
};

/** By the magic numbers of statfs(2). */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x00c36400, "Ceph"],
  [0x5346414f, "AFS"],
  [0x01021997, "9P"],
  [0x65735546, "FUSE"],
]);

const fileSystem = (filename: string): Finding => {
  // Some are negative where the number is read as one with a sign.
  const kind = REMOTE.get(Number(fs.statfsSync(filename).type) >>> 0);
  return kind === undefined
    ? good("file-system", "the database is on a local file system")
    : bad(
        "file-system",
        `the database is on a file system of the kind ${kind}, where SQLite's locks may not hold`,
        "Move it to a local disk, or move the catalog to Postgres.",
      );
};

const mode = (filename: string): Finding => {
  const bits = fs.statSync(filename).mode & 0o077;
  return bits === 0
    ? good("file-mode", "the database file is its owner's alone")
    : bad("file-mode", `other users may open the database file ${filename}`, `chmod 600 ${filename}`);
};
