import { Metrics } from "@cadastre/core/Metrics";
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import type { Reading } from "@cadastre/domain/Meter";
import { Caller } from "@cadastre/domain/Principal";
import { backend } from "@cadastre/testing/Backends";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as TestClock from "effect/TestClock";
import { layer } from "../src/Metrics.ts";
import { caller, layerOver, onEachStore } from "./support.ts";

/** The value of a gauge whose labels are these; undefined: it is not told. */
const valueOf = (readings: ReadonlyArray<Reading>, name: string, ...labels: ReadonlyArray<string>) => {
  const series = readings.find(({ family }) => family.name === name)?.series;
  const state = series?.find((one) => one.labels.map(({ value }) => value).join() === labels.join())?.state;
  return state === undefined ? undefined : (state as unknown as { readonly value: number }).value;
};

onEachStore("metrics", (test) => {
  test("tell how many jobs wait and for how long, and ask the store every five seconds at the most", () =>
    Effect.gen(function* () {
      const { read } = yield* Metrics;
      const { enqueue } = yield* JobQueue;
      yield* TestClock.adjust("1 hour");
      yield* enqueue([{ queue: "mail", kind: "send", payload: {} }]);
      yield* TestClock.adjust("90 seconds");
      const first = yield* read;
      expect(valueOf(first, "cadastre_queue_jobs", "mail", "ready")).toBe(1);
      expect(valueOf(first, "cadastre_queue_lateness_seconds", "mail")).toBe(90);
      expect(valueOf(first, "cadastre_store_up")).toBe(1);

      yield* enqueue([{ queue: "mail", kind: "send", payload: {} }]);
      yield* TestClock.adjust("4 seconds");
      expect(valueOf(yield* read, "cadastre_queue_jobs", "mail", "ready")).toBe(1);
      yield* TestClock.adjust("1 second");
      expect(valueOf(yield* read, "cadastre_queue_jobs", "mail", "ready")).toBe(2);
    }));

  test("are for those who hold the scope", () =>
    Effect.gen(function* () {
      const { read } = yield* Metrics;
      const denied = yield* Effect.flip(Effect.provideService(read, Caller, caller(["catalog:read"])));
      expect(denied.scope).toBe("metrics:read");
      yield* Effect.provideService(read, Caller, caller(["metrics:read"]));
    }));
});

it.scoped("are told without the store, which is then said to be down", () =>
  Effect.gen(function* () {
    const services = yield* Layer.build(layerOver(backend("memory").layer));
    let isDown = false;
    const broken = Layer.effect(
      JobBoard,
      Effect.map(JobBoard, (board) => ({
        ...board,
        counts: Effect.suspend(() => (isDown ? Effect.fail(new StoreUnavailable({ message: "gone" })) : board.counts)),
      })),
    );
    const { read } = yield* Effect.provide(
      Metrics,
      layer.pipe(Layer.provide(broken), Layer.provide(Layer.succeedContext(services))),
    );
    const readings = Effect.provide(read, services);
    yield* Effect.provide(
      Effect.flatMap(JobQueue, ({ enqueue }) => enqueue([{ queue: "post", kind: "send", payload: {} }])),
      services,
    );
    expect(valueOf(yield* readings, "cadastre_queue_jobs", "post", "ready")).toBe(1);
    isDown = true;
    yield* TestClock.adjust("5 seconds");
    const without = yield* readings;
    expect(valueOf(without, "cadastre_store_up")).toBe(0);
    expect(valueOf(without, "cadastre_queue_jobs", "post", "ready")).toBeUndefined();
  }),
);
