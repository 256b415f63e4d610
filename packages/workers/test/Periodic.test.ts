import { StoreUnavailable } from "@cadastre/domain/Errors";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { Wakeups } from "@cadastre/domain/Wakeups";
import { EPOCH, job } from "@cadastre/testing/Fixtures";
import * as Memory from "@cadastre/testing/memory/Memory";
import { expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import * as TestClock from "effect/TestClock";
import * as Periodic from "../src/Periodic.ts";
import { jobs, turns } from "./support.ts";

const HOUR = Duration.toMillis("1 hour");

/** The first whole hour after the epoch of the tests, and a quarter. */
const QUARTER_PAST = Math.ceil(EPOCH / HOUR) * HOUR + HOUR / 4;

const hourly = (name: string) => ({ name, every: Duration.hours(1), job: job({ kind: name }) });

const replica = (...all: ReadonlyArray<Periodic.Periodic>) => Layer.build(Layer.fresh(Periodic.layer(all)));

const kinds = Effect.map(jobs, (all) => all.map(({ kind }) => kind));

/** On an empty store, a quarter past the hour. */
const test = (fact: string, body: Effect.Effect<void, unknown, Store | Scope.Scope>) =>
  it.effect(
    fact,
    () =>
      Effect.zipRight(TestClock.setTime(QUARTER_PAST), Effect.scoped(body)).pipe(
        Effect.provide(Layer.fresh(Memory.layer)),
      ),
    60_000,
  );

type Store = Layer.Layer.Success<typeof Memory.layer>;

test(
  "a job comes once in each period, however many replicas run and whenever they start",
  Effect.gen(function* () {
    yield* replica(hourly("a"));
    yield* replica(hourly("a"));
    yield* turns;
    expect(yield* kinds).toEqual(["a"]);
    yield* TestClock.adjust(HOUR * 0.75 - 1);
    yield* replica(hourly("a"));
    yield* turns;
    expect(yield* kinds).toEqual(["a"]);
    yield* TestClock.adjust(1);
    yield* turns;
    expect(yield* kinds).toEqual(["a", "a"]);
    yield* TestClock.adjust(HOUR);
    yield* turns;
    expect(yield* kinds).toEqual(["a", "a", "a"]);
  }),
);

test(
  "what was missed while nobody ran comes once, at the start, and another name has periods of its own",
  Effect.gen(function* () {
    yield* Effect.scoped(Effect.zipRight(replica(hourly("a")), turns));
    yield* TestClock.adjust(10 * HOUR);
    expect(yield* kinds).toEqual(["a"]);
    yield* replica(hourly("a"), hourly("b"));
    yield* turns;
    expect(yield* kinds).toEqual(["a", "a", "b"]);
  }),
);

test(
  "who enqueued it wakes the workers, and who did not, does not",
  Effect.gen(function* () {
    let woken = 0;
    const { listen } = yield* Wakeups;
    yield* Effect.forkScoped(Stream.runForEach(listen("jobs"), () => Effect.sync(() => void woken++)));
    yield* turns;
    yield* replica(hourly("a"));
    yield* turns;
    expect(woken).toBe(1);
    yield* replica(hourly("a"));
    yield* turns;
    expect(woken).toBe(1);
  }),
);

test(
  "while the store is away it asks again, and the job of the period comes when it is back",
  Effect.gen(function* () {
    const queue = yield* JobQueue;
    let isAway = true;
    let asked = 0;
    const enqueueOnce: typeof queue.enqueueOnce = (...all) =>
      Effect.suspend(() => {
        asked += 1;
        return isAway ? Effect.fail(new StoreUnavailable({ message: "away" })) : queue.enqueueOnce(...all);
      });
    yield* Effect.provideService(replica(hourly("a")), JobQueue, { ...queue, enqueueOnce });
    yield* turns;
    yield* TestClock.adjust("10 minutes");
    yield* turns;
    expect(asked).toBeGreaterThan(10);
    expect(yield* kinds).toEqual([]);
    isAway = false;
    yield* TestClock.adjust("10 seconds");
    yield* turns;
    expect(yield* kinds).toEqual(["a"]);
    yield* TestClock.adjust(HOUR);
    yield* turns;
    expect(yield* kinds).toEqual(["a", "a"]);
  }),
);
