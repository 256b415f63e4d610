import { DeliveryLog, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import { done } from "@cadastre/domain/Job";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { claim, delivery, EPOCH, job, subscription } from "@cadastre/testing/Fixtures";
import * as Memory from "@cadastre/testing/memory/Memory";
import { expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as TestClock from "effect/TestClock";
import * as Maintenance from "../src/Maintenance.ts";

/** More than one transaction deletes. */
const MANY = 1100;

/** Jobs of others by state, and the deliveries of a subscription. */
const counts = (of: ReturnType<typeof subscription>) =>
  Effect.gen(function* () {
    const board = yield* JobBoard;
    const log = yield* DeliveryLog;
    const jobs = (state: "done" | "dead" | "discarded") =>
      Effect.map(board.list({ limit: 9999, state, queue: "q" }), ({ length }) => length);
    const query = { subscription: of.id, types: [], limit: 9999 };
    return {
      done: yield* jobs("done"),
      dead: yield* jobs("dead"),
      discarded: yield* jobs("discarded"),
      delivered: (yield* log.list({ ...query, states: ["delivered"] })).length,
      undelivered: (yield* log.list({ ...query, states: ["dead", "pending"] })).length,
    };
  });

/** A daemon that starts so many days after everything was finished, and what it leaves. Between starts time costs nothing. */
const leftAfter = (days: number, of: ReturnType<typeof subscription>) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* TestClock.setTime(EPOCH + Duration.toMillis(Duration.days(days)) + 1);
      yield* Layer.build(Layer.fresh(Maintenance.layer("test")));
      yield* TestClock.adjust("10 seconds");
      return yield* counts(of);
    }),
  );

it.scoped(
  "what is finished is deleted when its time has passed, in however many transactions, and nothing else",
  () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(EPOCH);
      const queue = yield* JobQueue;
      const store = yield* DeliveryStore;
      const one = subscription();
      const [unwanted = 0] = yield* queue.enqueue([job({ runAt: EPOCH + 1 })]);
      yield* (yield* JobBoard).discard(unwanted);
      yield* queue.enqueue(Array.from({ length: MANY + 1 }, () => job({ maxAttempts: 1 })));
      const { jobs: claimed } = yield* queue.claim(claim({ limit: MANY + 1, lease: 1000 }));
      yield* queue.finish(
        claimed.map(({ lease }, i) => ({
          lease,
          outcome: i === 0 ? { _tag: "Failed", error: "no", retryAt: undefined } : done,
        })),
      );
      const finished = { finishedAt: EPOCH };
      yield* store.insert([
        ...Array.from({ length: MANY }, () => delivery(one, { state: "delivered", ...finished })),
        delivery(one, { state: "dead", ...finished }),
        delivery(one),
      ]);

      expect(yield* leftAfter(0, one)).toEqual({ done: MANY, dead: 1, discarded: 1, delivered: MANY, undelivered: 2 });
      expect(yield* leftAfter(1, one)).toEqual({ done: 0, dead: 1, discarded: 1, delivered: MANY, undelivered: 2 });
      expect(yield* leftAfter(7, one)).toEqual({ done: 0, dead: 1, discarded: 1, delivered: 0, undelivered: 2 });
      expect(yield* leftAfter(30, one)).toEqual({ done: 0, dead: 0, discarded: 0, delivered: 0, undelivered: 1 });
    }).pipe(Effect.provide(Layer.fresh(Memory.layer))),
  60_000,
);
