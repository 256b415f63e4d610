import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as TestClock from "effect/TestClock";
import { columns } from "../src/internal/text.ts";
import { Output } from "../src/Output.ts";
import * as Progress from "../src/Progress.ts";
import { capture } from "./support.ts";

const applying = { verb: "Applying", noun: "documents", of: 100_000 } as const;

it("tells how much of how much, at what rate and for how long yet", () => {
  expect(Progress.line({ ...applying, done: 12_400, rate: 4100 }, 79)).toBe(
    "Applying ██░░░░░░░░░░░░░░░░░░░░ 12,400 of 100,000 documents, 4,100/s, 22 s left",
  );
  expect(Progress.line({ ...applying, done: 12_400, rate: 4100 }, 60)).toBe(
    "Applying 12,400 of 100,000 documents, 4,100/s, 22 s left",
  );
  expect(Progress.line({ verb: "Importing", noun: "bytes", done: 5e6, of: 9e9, rate: 1.5e6 }, 60)).toBe(
    "Importing 5.0 of 9,000.0 MB, 1.5 MB/s, 1 h 40 min left",
  );
  expect(Progress.line({ verb: "Listing", noun: "entities", done: 1500, of: undefined, rate: 900 }, 79)).toBe(
    "Listing 1,500 entities, 900/s",
  );
  for (const width of [40, 60, 79, 120]) {
    for (const rate of [0, 0.01, 7, 123_456]) {
      const text = Progress.line({ ...applying, done: 1, rate }, width);
      expect(columns(text) <= width || !text.includes("░"), text).toBe(true);
    }
  }
});

it.effect("waits before it appears, measures the last while, and is gone when all is done", () =>
  Effect.gen(function* () {
    const shown: Array<string> = [];
    const terminal = Layer.effect(
      Output,
      Effect.map(Effect.provide(Output, capture().layer), (output) => ({
        ...output,
        interactive: true,
        progress: (text: (width: number) => string) => Effect.sync(() => void shown.push(text(79))),
      })),
    );
    const bar = yield* Effect.provide(Progress.bar("Applying", "documents"), terminal);
    yield* bar(10, 1000);
    expect(shown).toEqual([]);
    for (const done of [100, 200, 300]) {
      yield* TestClock.adjust("1 second");
      yield* bar(done, 1000);
    }
    expect(shown.at(-1)).toContain("300 of 1,000 documents, 97/s, 8 s left");
    for (const done of [301, 302, 303, 304, 305, 306]) {
      yield* TestClock.adjust("1 second");
      yield* bar(done, 1000);
    }
    expect(shown.at(-1)).toContain("306 of 1,000 documents, 1/s, 12 min left");
    yield* bar(1000, 1000);
    expect(shown.at(-1)).toBe("");
  }),
);
