import type { Job } from "@cadastre/domain/Job";

export interface JobRow extends Omit<Job, "payload"> {
  readonly payload: string;
  readonly leaseSeq: number;
  readonly releases: number;
}
