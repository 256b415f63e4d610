/**
 * The endpoints of jobs.
 */
import { DEFAULT_JOBS, type Job as Wire } from "@cadastre/api/Jobs";
import { Jobs } from "@cadastre/core/Jobs";
import type { Job } from "@cadastre/domain/Job";
import * as Effect from "effect/Effect";
import { json } from "./internal/answer.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"jobs">, never, Jobs> = Effect.map(Jobs, (jobs) => ({
  list: ({ query: { limit = DEFAULT_JOBS, ...query } }) =>
    Effect.map(jobs.list({ ...query, limit }), (page) =>
      json(JSON.stringify({ items: page.jobs.map(toWire), next: page.next })),
    ),

  get: ({ path }) => Effect.map(jobs.get(path.id), answer),
  retry: ({ path }) => Effect.map(jobs.retry(path.id), answer),
  discard: ({ path }) => Effect.map(jobs.discard(path.id), answer),
}));

const answer = (job: Job) => json(JSON.stringify(toWire(job)));

/** JSON leaves out what is undefined. */
const toWire = (job: Job): { readonly [Key in keyof typeof Wire.Encoded]: unknown } => ({
  ...job,
  runAt: toIso(job.runAt),
  createdAt: toIso(job.createdAt),
  updatedAt: toIso(job.updatedAt),
  finishedAt: toIso(job.finishedAt),
  leaseUntil: toIso(job.leaseUntil),
});

const toIso = (millis: number | undefined) => (millis === undefined ? undefined : new Date(millis).toISOString());
