/**
 * A worker over the queue in memory, or another, and jobs that do what a test says.
 */
import * as Kinds from "@cadastre/domain/JobKind";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";

export const kind = Kinds.make({ queue: "q", name: "k", payload: Schema.Struct({ n: Schema.Number }), maxAttempts: 3 });

export const enqueue = (...payloads: ReadonlyArray<number>) => enqueueAll(payloads.map((n) => Kinds.job(kind, { n })));

/** Enqueues, and wakes the workers as a use case does. */
export const enqueueAll = Effect.fnUntraced(function* (jobs: Parameters<JobQueue["Type"]["enqueue"]>[0]) {
  const ids = yield* (yield* JobQueue).enqueue(jobs);
  yield* (yield* Wakeups).notify("jobs");
  return ids;
});

export const jobs = Effect.flatMap(JobBoard, (board) =>
  Effect.map(board.list({ limit: 1000 }), (all) => all.toSorted((a, b) => a.id - b.id)),
);

/** Lets the other fibers have many turns, without time going by. */
export const turns = Effect.repeatN(Effect.yieldNow(), 200);
