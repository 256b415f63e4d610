/**
 * Subscriptions, what they are told, and every attempt to.
 *
 * Nothing refers from deliveries to their subscription: it may be deleted while others are being told.
 */
import type { Migration } from "@cadastre/sql/Migrations";

export default [
  `CREATE TABLE subscriptions (
    id                   TEXT PRIMARY KEY,
    name                 TEXT NOT NULL,
    channel              TEXT NOT NULL,
    sealed               TEXT NOT NULL,
    types                TEXT NOT NULL,
    filter               TEXT,
    retry                TEXT NOT NULL,
    rate_limit           INTEGER NOT NULL CHECK (rate_limit > 0),
    ordered              INTEGER NOT NULL CHECK (ordered IN (0, 1)),
    disabled_reason      TEXT,
    disabled_at          INTEGER,
    revision             INTEGER NOT NULL CHECK (revision > 0),
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    since                INTEGER NOT NULL,
    until                INTEGER,
    failing_since        INTEGER,
    unevaluated          INTEGER NOT NULL DEFAULT 0,
    unevaluated_sample   TEXT,
    CHECK ((disabled_reason IS NULL) = (disabled_at IS NULL))
  ) STRICT, WITHOUT ROWID`,
  "CREATE UNIQUE INDEX subscriptions_by_name ON subscriptions (lower(name))",

  `CREATE TABLE dispatch (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
  ) STRICT`,

  `CREATE TABLE deliveries (
    id              TEXT PRIMARY KEY,
    subscription_id TEXT NOT NULL,
    type            TEXT NOT NULL,
    sequence        INTEGER,
    uid             TEXT,
    reference       TEXT,
    state           TEXT NOT NULL CHECK (state IN ('pending', 'held', 'delivered', 'dead')),
    attempts        INTEGER NOT NULL,
    tries           INTEGER NOT NULL,
    job             INTEGER,
    created_at      INTEGER NOT NULL,
    next_at         INTEGER,
    finished_at     INTEGER,
    reason          TEXT,
    CHECK ((state IN ('delivered', 'dead')) = (finished_at IS NOT NULL)),
    CHECK ((sequence IS NULL) = (uid IS NULL) AND (sequence IS NULL) = (reference IS NULL))
  ) STRICT, WITHOUT ROWID`,
  // An event is told to a subscription once, whatever happens to who gives them out.
  "CREATE UNIQUE INDEX deliveries_by_event ON deliveries (subscription_id, sequence) WHERE sequence IS NOT NULL",
  "CREATE INDEX deliveries_by_subscription ON deliveries (subscription_id, id)",
  "CREATE INDEX deliveries_by_reference ON deliveries (subscription_id, reference, id)",
  "CREATE INDEX deliveries_undelivered ON deliveries (subscription_id, state, id) WHERE state <> 'delivered'",
  `CREATE INDEX deliveries_waiting ON deliveries (subscription_id, uid, sequence)
    WHERE state IN ('pending', 'held') AND sequence IS NOT NULL`,
  "CREATE INDEX deliveries_held ON deliveries (subscription_id, sequence) WHERE state = 'held'",
  "CREATE INDEX deliveries_finished ON deliveries (state, finished_at) WHERE finished_at IS NOT NULL",

  `CREATE TABLE attempts (
    delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL CHECK (number > 0),
    at          INTEGER NOT NULL,
    attempt     TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
  ) STRICT, WITHOUT ROWID`,
] satisfies Migration;
