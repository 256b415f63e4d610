/**
 * The endpoints of jobs, for people who look after them.
 */
import { MAX_LIMIT } from "@cadastre/domain/EntityQuery";
import { InvalidInput, NotFound, PermissionDenied, StoreUnavailable, WrongState } from "@cadastre/domain/Errors";
import { JobState } from "@cadastre/domain/Job";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { instant } from "./Entity.ts";
import { Integer, integer, one, optional, ordinal, required, text, word } from "./Parameters.ts";
import { wire } from "./Problem.ts";

/** Jobs of a page where none are asked for. */
export const DEFAULT_JOBS = 50;

const maybe = <A, I>(schema: Schema.Schema<A, I>, description: string) => optional(schema.annotations({ description }));

export const Job = Schema.Struct({
  id: Integer.annotations({ description: "In the order of creation." }),
  queue: Schema.String.annotations({ examples: ["maintenance"] }),
  kind: Schema.String.annotations({ description: "What is to be done.", examples: ["jobs.prune"] }),
  payload: Schema.Unknown.annotations({
    description: "What it is to be done with; as its kind has it.",
    jsonSchema: {},
  }),
  state: JobState.annotations({
    description:
      "`scheduled`: waits for its time. `blocked`: waits for an earlier job of its ordering key. `ready`, `running`, `done`. `dead`: given up. `discarded`: taken out by a person.",
  }),
  priority: Integer.annotations({ description: "-10 to 10, higher first." }),
  runAt: instant.annotations({ description: "Not before this." }),
  attempts: Integer.annotations({ description: "Attempts that count, the one under way included." }),
  maxAttempts: Integer,
  dedupeKey: maybe(Schema.String, "Of the jobs of a queue that wait for their first attempt one has this."),
  orderingKey: maybe(Schema.String, "The jobs of a queue that share this are done one after the other."),
  groupKey: maybe(Schema.String, "Of the jobs that share this, a limited number is done at once."),
  traceparent: maybe(Schema.String, "W3C trace context of the call that asked for it."),
  createdAt: instant,
  updatedAt: instant,
  finishedAt: maybe(instant, "When it was done, given up or discarded."),
  leaseUntil: maybe(instant, "While it runs: when another may take it if nothing is heard of its worker."),
  leasedBy: maybe(Schema.String, "While it runs: its worker."),
  lastError: maybe(Schema.String, "Why the last attempt failed."),
}).annotations({ identifier: "Job", description: "Work that was written down with the change that calls for it." });

export const JobPage = Schema.Struct({
  items: Schema.Array(Job).annotations({ description: "The latest first." }),
  next: optional(Integer.annotations({ description: "Give it as `before` for the next page; absent on the last." })),
}).annotations({ identifier: "JobPage" });

export const JobListQuery = Schema.Struct({
  state: one(word(...JobState.literals), { description: "Only jobs in this state.", example: "dead" }),
  queue: one(text(100), { description: "Only jobs of this queue.", example: "maintenance" }),
  kind: one(text(100), { description: "Only jobs of this kind.", example: "jobs.prune" }),
  before: one(ordinal(1), { description: "Only jobs with a lower id; `next` of the page before.", example: 1000 }),
  limit: one(integer(1, MAX_LIMIT, DEFAULT_JOBS), { description: "Jobs of one page.", example: 10 }),
});

const byId = Schema.Struct({
  id: required(ordinal(1), { description: "`id` of the job in the list.", example: 1 }),
});

const list = HttpApiEndpoint.get("list", "/v1/jobs")
  .setUrlParams(JobListQuery)
  .addSuccess(JobPage)
  .annotateContext(
    operation(
      "callbacks:manage",
      "List jobs",
      "Jobs that are done are kept for a day, those that are dead or discarded for thirty.",
    ),
  );

const get = HttpApiEndpoint.get("get", "/v1/jobs/:id")
  .setPath(byId)
  .addSuccess(Job)
  .addError(wire(NotFound))
  .annotateContext(operation("callbacks:manage", "One job"));

const retry = HttpApiEndpoint.post("retry", "/v1/jobs/:id/retry")
  .setPath(byId)
  .addSuccess(Job)
  .addError(wire(NotFound))
  .addError(wire(WrongState))
  .annotateContext(
    operation(
      "callbacks:manage",
      "Let a job run now",
      "With all its attempts before it. It has to be scheduled, dead or discarded; one that is ready stays as it is.",
    ),
  );

const discard = HttpApiEndpoint.post("discard", "/v1/jobs/:id/discard")
  .setPath(byId)
  .addSuccess(Job)
  .addError(wire(NotFound))
  .addError(wire(WrongState))
  .annotateContext(
    operation(
      "callbacks:manage",
      "Take out a job",
      "It must not be done. One that runs is interrupted within a quarter of its lease, and may have done its work by then.",
    ),
  );

export const JobsGroup = HttpApiGroup.make("jobs")
  .add(list)
  .add(get)
  .add(retry)
  .add(discard)
  .addError(wire(InvalidInput))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(
    OpenApi.annotations({ title: "Jobs", description: "What is to be done, is done, or was given up." }),
  );
