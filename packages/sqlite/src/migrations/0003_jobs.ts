/**
 * Jobs. Each state that workers ask for has an index of its own, so that a claim costs the same however many jobs wait for
 * their time, are finished, or stand behind others.
 */
import type { Migration } from "@cadastre/sql/Migrations";

export default [
  // AUTOINCREMENT: a late worker's lease never meets another job of the same id.
  `CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    queue        TEXT NOT NULL,
    kind         TEXT NOT NULL,
    payload      TEXT NOT NULL,
    state        TEXT NOT NULL
                 CHECK (state IN ('scheduled', 'blocked', 'ready', 'running', 'done', 'dead', 'discarded')),
    priority     INTEGER NOT NULL CHECK (priority BETWEEN -10 AND 10),
    run_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    releases     INTEGER NOT NULL DEFAULT 0,
    lease_seq    INTEGER NOT NULL DEFAULT 0,
    lease_until  INTEGER,
    leased_by    TEXT,
    dedupe_key   TEXT,
    ordering_key TEXT,
    group_key    TEXT,
    traceparent  TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    last_error   TEXT,
    CHECK (attempts BETWEEN 0 AND max_attempts),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('done', 'dead', 'discarded')) = (finished_at IS NOT NULL))
  ) STRICT`,

  // In the order of claims; kind and group, so that those that are not wanted now are passed over in the index alone.
  "CREATE INDEX jobs_ready ON jobs (queue, priority DESC, run_at, id, kind, group_key) WHERE state = 'ready'",
  "CREATE INDEX jobs_scheduled ON jobs (queue, run_at) WHERE state = 'scheduled'",
  "CREATE INDEX jobs_running ON jobs (queue, lease_until) WHERE state = 'running'",
  "CREATE INDEX jobs_finished ON jobs (state, finished_at) WHERE finished_at IS NOT NULL",
  // For people, of what is there for them to look at. What comes and goes has no more indexes than it needs.
  "CREATE INDEX jobs_dead ON jobs (id) WHERE state = 'dead'",
  "CREATE INDEX jobs_discarded ON jobs (id) WHERE state = 'discarded'",

  "CREATE UNIQUE INDEX jobs_dedupe ON jobs (queue, dedupe_key) WHERE dedupe_key IS NOT NULL",
  // Of each ordering key one job at the most is not blocked.
  `CREATE UNIQUE INDEX jobs_first ON jobs (queue, ordering_key)
    WHERE ordering_key IS NOT NULL AND state IN ('scheduled', 'ready', 'running')`,
  "CREATE INDEX jobs_blocked ON jobs (queue, ordering_key, id) WHERE ordering_key IS NOT NULL AND state = 'blocked'",

  // The last period for which each periodic job was enqueued.
  `CREATE TABLE job_periods (
    name   TEXT PRIMARY KEY,
    period INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
] satisfies Migration;
