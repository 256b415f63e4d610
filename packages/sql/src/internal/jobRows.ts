import { type ClaimedJob, type CompleteJob, type Job, JobState } from "@cadastre/domain/Job";
import type { Json } from "@cadastre/domain/Json";
import type { Row } from "@effect/sql/SqlConnection";
import * as Schema from "effect/Schema";
import type { Insertion } from "../Engine.ts";

/** A job with the dedupe key of one that waits becomes that one. */
export const INSERTION: Insertion = {
  into: "jobs",
  columns: [
    "queue",
    "kind",
    "payload",
    "state",
    "priority",
    "run_at",
    "max_attempts",
    "dedupe_key",
    "ordering_key",
    "group_key",
    "traceparent",
    "created_at",
    "updated_at",
  ],
  ending: `ON CONFLICT (queue, dedupe_key) WHERE dedupe_key IS NOT NULL DO UPDATE
    SET run_at = CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END,
      state = CASE WHEN jobs.state = 'scheduled' AND excluded.run_at <= excluded.updated_at THEN 'ready' ELSE jobs.state END,
      updated_at = excluded.updated_at
    RETURNING id`,
};

/** The values of {@link INSERTION}'s columns. One with an ordering key is blocked until it is found to be the first. */
export const valuesOf = (job: CompleteJob, now: number): ReadonlyArray<unknown> => [
  job.queue,
  job.kind,
  job.payload,
  job.orderingKey !== undefined ? "blocked" : job.runAt > now ? "scheduled" : "ready",
  job.priority,
  job.runAt,
  job.maxAttempts,
  job.dedupeKey ?? null,
  job.orderingKey ?? null,
  job.groupKey ?? null,
  job.traceparent ?? null,
  now,
  now,
];

const JobRow = Schema.Struct({
  id: Schema.Number,
  queue: Schema.String,
  kind: Schema.String,
  payload: Schema.String,
  state: JobState,
  priority: Schema.Number,
  run_at: Schema.Number,
  attempts: Schema.Number,
  max_attempts: Schema.Number,
  lease_until: Schema.NullOr(Schema.Number),
  leased_by: Schema.NullOr(Schema.String),
  dedupe_key: Schema.NullOr(Schema.String),
  ordering_key: Schema.NullOr(Schema.String),
  group_key: Schema.NullOr(Schema.String),
  traceparent: Schema.NullOr(Schema.String),
  created_at: Schema.Number,
  updated_at: Schema.Number,
  finished_at: Schema.NullOr(Schema.Number),
  last_error: Schema.NullOr(Schema.String),
});

const decodeRow = Schema.decodeUnknownSync(JobRow);

export const decode = (found: unknown): Job => {
  const row = decodeRow(found);
  return {
    id: row.id,
    queue: row.queue,
    kind: row.kind,
    payload: payloadOf(row.payload),
    state: row.state,
    priority: row.priority,
    runAt: row.run_at,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    dedupeKey: row.dedupe_key ?? undefined,
    orderingKey: row.ordering_key ?? undefined,
    groupKey: row.group_key ?? undefined,
    traceparent: row.traceparent ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    finishedAt: row.finished_at ?? undefined,
    leaseUntil: row.lease_until ?? undefined,
    leasedBy: row.leased_by ?? undefined,
    lastError: row.last_error ?? undefined,
  };
};

export const CLAIMED =
  "id, queue, kind, payload, priority, run_at, attempts, max_attempts, lease_seq, group_key, traceparent, created_at";

/** The columns of {@link CLAIMED}, trusted: a schema would take as long as claiming the job does. */
export const claimed = (row: Row): ClaimedJob => ({
  id: Number(row["id"]),
  queue: String(row["queue"]),
  kind: String(row["kind"]),
  payload: payloadOf(String(row["payload"])),
  priority: Number(row["priority"]),
  runAt: Number(row["run_at"]),
  attempts: Number(row["attempts"]),
  maxAttempts: Number(row["max_attempts"]),
  groupKey: textOf(row["group_key"]),
  traceparent: textOf(row["traceparent"]),
  createdAt: Number(row["created_at"]),
  lease: { id: Number(row["id"]), seq: Number(row["lease_seq"]) },
});

const textOf = (value: unknown): string | undefined => (value === null ? undefined : String(value));

/** The cast is the store's trust in its own text. */
const payloadOf = (text: string): Json => JSON.parse(text) as Json;
