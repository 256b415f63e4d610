/**
 * What is measured of jobs that are done here.
 */
import type * as Job from "@cadastre/domain/Job";
import * as Meter from "@cadastre/domain/Meter";

const attempts = Meter.counter(
  "cadastre_job_attempts_total",
  "Attempts at jobs by how they ended: done, failed, postponed, released, lost, or settled by the handler itself.",
  ["queue", "kind", "outcome"],
);

const duration = Meter.histogram(
  "cadastre_job_duration_seconds",
  "Seconds that attempts at jobs took.",
  [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
  ["queue", "kind"],
);

const latency = Meter.histogram(
  "cadastre_job_wait_seconds",
  "Seconds between the time from which on a job could run and its claim.",
  [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600],
  ["queue"],
);

const running = Meter.gauge("cadastre_jobs_running", "Jobs that run in this process.", ["queue"]);

/** `settled`: the handler has ended it itself. `lost`: another worker has it. */
export type End = "done" | "failed" | "postponed" | "released" | "settled" | "lost";

/** A job was claimed at `now`. */
export const begun = ({ queue, runAt }: Job.ClaimedJob, now: number): void => {
  running.add(1, queue);
  latency.observe(Math.max(0, now - runAt) / 1000, queue);
};

/** It ended; `seconds` after it was claimed. */
export const ended = ({ queue, kind }: Job.ClaimedJob, end: End, seconds: number): void => {
  running.add(-1, queue);
  attempts.add(1, queue, kind, end);
  duration.observe(seconds, queue, kind);
};
