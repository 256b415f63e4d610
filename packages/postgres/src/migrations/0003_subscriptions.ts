/**
 * Subscriptions, what they are told, and every attempt to.
 *
 * Nothing refers from deliveries to their subscription: it may be deleted while others are being told.
 */
import type { Migration } from "@cadastre/sql/Migrations";

export default [
  `CREATE TABLE subscriptions (
    id                   text COLLATE "C" PRIMARY KEY,
    name                 text COLLATE "C" NOT NULL,
    channel              text COLLATE "C" NOT NULL,
    sealed               text COLLATE "C" NOT NULL,
    types                text COLLATE "C" NOT NULL,
    filter               text COLLATE "C",
    retry                text COLLATE "C" NOT NULL,
    rate_limit           bigint NOT NULL CHECK (rate_limit > 0),
    ordered              bigint NOT NULL CHECK (ordered IN (0, 1)),
    disabled_reason      text COLLATE "C",
    disabled_at          bigint,
    revision             bigint NOT NULL CHECK (revision > 0),
    created_at           bigint NOT NULL,
    updated_at           bigint NOT NULL,
    since                bigint NOT NULL,
    until                bigint,
    failing_since        bigint,
    unevaluated          bigint NOT NULL DEFAULT 0,
    unevaluated_sample   text COLLATE "C",
    CHECK ((disabled_reason IS NULL) = (disabled_at IS NULL))
  )`,
  "CREATE UNIQUE INDEX subscriptions_by_name ON subscriptions (lower(name))",

  `CREATE TABLE dispatch (
    id       bigint PRIMARY KEY CHECK (id = 1),
    sequence bigint NOT NULL
  )`,

  `CREATE TABLE deliveries (
    id              text COLLATE "C" PRIMARY KEY,
    subscription_id text COLLATE "C" NOT NULL,
    type            text COLLATE "C" NOT NULL,
    sequence        bigint,
    uid             text COLLATE "C",
    reference       text COLLATE "C",
    state           text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'held', 'delivered', 'dead')),
    attempts        bigint NOT NULL,
    tries           bigint NOT NULL,
    job             bigint,
    created_at      bigint NOT NULL,
    next_at         bigint,
    finished_at     bigint,
    reason          text COLLATE "C",
    CHECK ((state IN ('delivered', 'dead')) = (finished_at IS NOT NULL)),
    CHECK ((sequence IS NULL) = (uid IS NULL) AND (sequence IS NULL) = (reference IS NULL))
  )`,
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
    delivery_id text COLLATE "C" NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number      bigint NOT NULL CHECK (number > 0),
    at          bigint NOT NULL,
    attempt     text COLLATE "C" NOT NULL,
    PRIMARY KEY (delivery_id, number)
  )`,
] satisfies Migration;
