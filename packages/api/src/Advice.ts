/**
 * What a caller can do about each failure.
 */
import type { DOMAIN, TRANSPORT } from "./Problem.ts";

type Rows = typeof DOMAIN & typeof TRANSPORT;

/** By the code of the problem. */
export const ADVICE: { readonly [Code in Rows[keyof Rows]["code"]]: string } = {
  "invalid-input": "`errors` has every fault with its path and how to mend it. The same request again changes nothing.",
  unauthenticated:
    "Send `Authorization: Bearer …` with a token that is neither expired nor revoked; `cadastre admin token create` makes one.",
  "permission-denied": "`scope` is what the token lacks: ask with one that has it.",
  "not-found": "Check the uid or the reference. The history of what was deleted stays under its uid.",
  "already-exists": "`reference` is taken: take another name, or replace what is there with PUT.",
  "has-dependencies": "`dependents` tells which: change or retire them first, or delete with `force=true`.",
  "managed-elsewhere": "`managedBy` keeps it: change it there, or write it here with `force=true`.",
  "wrong-state": "Read it again: `state` is the one that it is in.",
  "revision-conflict": "Read it again, make the change on what is there now, and send that revision as `If-Match`.",
  "payload-too-large": "`limit` is the most that is taken, in bytes. Many documents go to `/v1/entities/batch`.",
  "store-unavailable":
    "Try again after `Retry-After`. Where it stays so, `cadastre admin doctor` examines the database.",
  "secrets-unavailable":
    "The operator has to give back the key that sealed them: `vaultKeyFile` or `CADASTRE_VAULT_KEY`.",
  "identity-unavailable":
    "The token's issuer does not answer: try again after `Retry-After`. The catalog's own tokens work meanwhile.",
  "bad-request": "The request line or a header is malformed: mend the client.",
  "host-refused":
    "Ask by an address of the daemon, or have the operator enter the name in `hostnames`. Pages of other origins are not let in unless their host is in `hostnames`.",
  "route-unknown": "`/docs` has every path.",
  "method-not-allowed": "`Allow` tells which it takes.",
  "request-timeout":
    "The header has to come within 5 s, the whole request within 15 s, a stream without a pause of 30 s: send it again.",
  "unsupported-media-type": "`detail` tells which it takes.",
  "expectation-failed": "Leave out `Expect`, or ask for `100-continue`.",
  "headers-too-large": "All headers together may have 16 KiB.",
  "rate-limited": "Wait as long as `Retry-After` says. Larger pages, batches and the feed need fewer requests.",
  internal: "Report it with the `requestId`: the log has the cause under it.",
  timeout: "Ask for less at a time. A write may have been made: look before it is sent again.",
  "too-many-streams": "Try again later, or read the feed page by page meanwhile.",
  overloaded: "Nothing was done: try again after `Retry-After`.",
};
