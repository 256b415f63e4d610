import type { Failure } from "@cadastre/sql/Engine";
import type { SqlError } from "@effect/sql/SqlError";

/**
 * The SQLSTATE that the server gave (https://www.postgresql.org/docs/current/errcodes-appendix.html); "" if it gave none. The
 * driver gives none itself where it was asked for a password and has none: its words are all there is to go by.
 */
export const stateOf = (cause: unknown): string =>
  cause instanceof Error && cause.message.startsWith("SASL: ") ? "28P01" : serverState(cause);

const serverState = (cause: unknown): string =>
  cause instanceof Error && "severity" in cause && "code" in cause && typeof cause.code === "string" ? cause.code : "";

/** True if a connection cannot be used after this: it is lost, or the server ends it. */
export const isFatal = (cause: unknown): boolean =>
  stateOf(cause) === "" || (cause instanceof Error && "severity" in cause && cause.severity !== "ERROR");

/** A statement that was prepared before the tables changed; it can be prepared again on another connection. */
export const isStale = (cause: unknown): boolean => stateOf(cause) === "0A000" || stateOf(cause) === "26000";

/** By class, the first two characters, or by the whole state where that says more. */
const SENTENCES: { readonly [state: string]: string } = {
  "08": "the connection to the database server broke",
  "25006": "the database server takes no writes: it is a standby",
  "25P03": "the database server ended a transaction that was idle for too long",
  "28": "the database server refused the user or the password",
  "3D000": "there is no such database on the server",
  "3F000": "there is no such schema in the database",
  "42501": "the user may not use the tables of the database",
  "53": "the database server has no room left: connections, memory or disk",
  "53100": "the disk of the database server is full",
  "53300": "the database server has no connection left",
  "55P03": "another transaction kept a lock for too long",
  "57": "the database server ended the statement",
  "57014": "the database took too long",
  "57P01": "the database server is shutting down",
  "57P03": "the database server is starting up",
  "58": "the database server cannot use its files",
  XX: "the database server failed",
};

/** Serialization failures and deadlocks: the same transaction may succeed at once. */
const TRANSIENT: ReadonlySet<string> = new Set(["40001", "40P01"]);

const sentenceOf = (state: string): string | undefined => SENTENCES[state] ?? SENTENCES[state.slice(0, 2)];

export const classify = ({ cause }: SqlError): Failure => {
  const state = stateOf(cause);
  if (state === "23505") return "conflict";
  if (TRANSIENT.has(state) || isStale(cause)) return "transient";
  return state === "" || sentenceOf(state) !== undefined ? "unavailable" : "defect";
};

export const describe = ({ cause }: SqlError): string => {
  const state = stateOf(cause);
  if (state === "") return unreachable(cause);
  return sentenceOf(state) ?? "the database refused a statement";
};

/** What Node says of a connection that cannot be made. */
const REASONS: { readonly [code: string]: string } = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the host's name could not be looked up",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "there is no way to its address",
  ENOENT: "there is no such socket, or a file that its URL names is missing",
};

const unreachable = (cause: unknown): string => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = REASONS[code];
  return reason === undefined
    ? "the database server does not answer, or has no connection left for this program"
    : `the database server cannot be reached: ${reason}`;
};
