/**
 * Settings that are paths.
 */
import { homedir } from "node:os";
import { resolve } from "node:path";
import * as PostgresUrl from "./postgresUrl.ts";

const PATHS: ReadonlyArray<string> = ["database", "tokenFile", "vaultKeyFile"];

/** The filename of a database in SQLite's terms, and paths made absolute against the place they were written in. */
export const located = (key: string, value: unknown, base: string | undefined): unknown => {
  if (typeof value !== "string" || !PATHS.includes(key)) return value;
  if (key === "database" && PostgresUrl.isMeant(value)) return value;
  const path = key === "database" ? value.replace(/^sqlite:/, "") : value;
  if (path === ":memory:") return path;
  return resolve(base ?? "", path.replace(/^~(?=\/)/, homedir()));
};
