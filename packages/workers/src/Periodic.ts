/**
 * Jobs that come round. There is no leader: every replica asks for the job of each period, and the store gives it to one.
 */
import type { NewJob } from "@cadastre/domain/Job";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { persistently } from "./internal/persistence.ts";

export interface Periodic {
  /** Unique among all periodic jobs, and the same in all replicas and releases. */
  readonly name: string;
  readonly every: Duration.Duration;
  readonly job: NewJob;
}

/** Enqueues each job once in each period, counted from the epoch: at the start, if nobody has yet, and as each begins. */
export const layer = (all: ReadonlyArray<Periodic>): Layer.Layer<never, never, JobQueue | Wakeups> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { enqueueOnce } = yield* JobQueue;
      const { notify } = yield* Wakeups;
      for (const { name, every, job } of all) {
        const length = Duration.toMillis(every);
        const begin = Effect.gen(function* () {
          const period = Math.floor((yield* Clock.currentTimeMillis) / length);
          const id = yield* persistently(`enqueueing ${name}`, enqueueOnce(name, period, job));
          if (Option.isSome(id)) yield* notify("jobs");
          yield* Effect.sleep((period + 1) * length - (yield* Clock.currentTimeMillis));
        });
        yield* Effect.forkScoped(Effect.forever(begin));
      }
    }),
  );
