/**
 * What is ready, by group: a claim takes from each group what it has room for, and does not look at the rest.
 */
import type { Migration } from "@cadastre/sql/Migrations";

export default [
  "DROP INDEX jobs_ready",
  "CREATE INDEX jobs_ready ON jobs (queue, group_key, priority DESC, run_at, id, kind) WHERE state = 'ready'",
] satisfies Migration;
