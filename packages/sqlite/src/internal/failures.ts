import type { Failure } from "@cadastre/sql/Engine";
import type { SqlError } from "@effect/sql/SqlError";

/** SQLite's result code as the driver gives it (`SQLITE_CONSTRAINT_UNIQUE`); "" for what did not come from SQLite. */
export const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";

/** Primary result codes (https://sqlite.org/rescode.html), less those that only a wrong statement can cause. */
const SENTENCES: { readonly [code: string]: string } = {
  SQLITE_BUSY: "another process is writing to the database",
  SQLITE_LOCKED: "another connection is using the database",
  SQLITE_CANTOPEN: "the database file cannot be opened",
  SQLITE_PERM: "the database file may not be accessed",
  SQLITE_AUTH: "the database file may not be accessed",
  SQLITE_READONLY: "the database file is read-only",
  SQLITE_IOERR: "reading or writing the database file failed",
  SQLITE_FULL: "the disk is full",
  SQLITE_NOMEM: "there is not enough memory",
  SQLITE_CORRUPT: "the database file is damaged",
  SQLITE_NOTADB: "the file is not an SQLite database",
  SQLITE_PROTOCOL: "the database file is locked",
  SQLITE_INTERRUPT: "the database was interrupted",
};

const primary = (code: string): string => code.split("_").slice(0, 2).join("_");

export const classify = ({ cause }: SqlError): Failure => {
  const code = codeOf(cause);
  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY") return "conflict";
  if (primary(code) === "SQLITE_BUSY" || primary(code) === "SQLITE_LOCKED") return "transient";
  return primary(code) in SENTENCES ? "unavailable" : "defect";
};

export const describe = ({ cause }: SqlError): string =>
  SENTENCES[primary(codeOf(cause))] ?? "the database refused a statement";
