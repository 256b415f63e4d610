import type { Outcome } from "@cadastre/domain/Job";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { claim, EPOCH, job } from "@cadastre/testing/Fixtures";
import * as Memory from "@cadastre/testing/memory/Memory";
import { expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as TestClock from "effect/TestClock";
import * as Maintenance from "../src/Maintenance.ts";
import { jobs, turns } from "./support.ts";

const failed: Outcome = { _tag: "Failed", error: "no", retryAt: undefined };

/** More than go in one transaction. */
const MANY = 1200;

it.scoped(
  "what is finished goes when its time has passed, however much it is, and nothing else",
  () =>
    Effect.gen(function* () {
      const queue = yield* JobQueue;
      const board = yield* JobBoard;
      yield* TestClock.setTime(EPOCH);
      const ended = Effect.fnUntraced(function* (count: number, outcome: Outcome) {
        yield* queue.enqueue(Array.from({ length: count }, () => job()));
        const { jobs } = yield* queue.claim(claim({ limit: count }));
        yield* queue.finish(jobs.map(({ lease }) => ({ lease, outcome })));
        return jobs.map(({ id }) => id);
      });
      yield* ended(MANY, { _tag: "Done" });
      const [dead] = yield* ended(1, failed);
      const [discarded] = yield* queue.enqueue([job()]);
      yield* board.discard(discarded ?? -1);
      const [waiting] = yield* queue.enqueue([job({ runAt: EPOCH + Duration.toMillis("90 days") })]);

      yield* Layer.build(Maintenance.layer("w"));
      const prunings = Effect.map(jobs, (all) => all.filter(({ queue }) => queue === "maintenance"));
      const others = Effect.map(jobs, (all) => all.filter(({ queue }) => queue !== "maintenance").map(({ id }) => id));
      /** Lets the pruning that is due come to its end: it sleeps between its transactions. */
      const pruned = Effect.zipRight(turns, Effect.zipRight(TestClock.adjust("1 second"), turns));
      yield* pruned;
      expect(yield* prunings).toMatchObject([{ kind: "jobs.prune", state: "done" }]);
      expect(yield* others).toHaveLength(1000 - 1);

      yield* TestClock.setTime(EPOCH + Duration.toMillis(Maintenance.RETENTION.done));
      yield* pruned;
      yield* TestClock.adjust("1 hour");
      yield* pruned;
      expect(yield* others).toEqual([dead, discarded, waiting]);

      yield* TestClock.setTime(EPOCH + Duration.toMillis(Maintenance.RETENTION.dead));
      yield* pruned;
      yield* TestClock.adjust("1 hour");
      yield* pruned;
      expect(yield* others).toEqual([waiting]);
    }).pipe(Effect.provide(Layer.fresh(Memory.layer))),
  60_000,
);
