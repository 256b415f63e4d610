import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Tracer from "effect/Tracer";
import * as TraceContext from "../src/TraceContext.ts";

const GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("a traceparent", () => {
  it("is read as the standard has it, and anything else is dropped", () => {
    expect(TraceContext.read(GIVEN)).toBe(GIVEN);
    for (const wrong of [
      undefined,
      ["00"],
      "",
      GIVEN.toUpperCase(),
      `${GIVEN}-x`,
      GIVEN.replace("00-", "ff-"),
      `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
      `00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01`,
      `${GIVEN}\r\nx: y`,
    ]) {
      expect(TraceContext.read(wrong)).toBeUndefined();
    }
  });

  it("says whether the trace is kept", () => {
    expect(TraceContext.spanOf(GIVEN)).toMatchObject({ spanId: "b7ad6b7169203331", sampled: true });
    expect(TraceContext.spanOf(GIVEN.replace(/1$/, "0"))?.sampled).toBe(false);
    expect(TraceContext.spanOf("nonsense")).toBeUndefined();
  });

  it.effect("goes on unchanged where nobody traces, and as that of the span where somebody does", () =>
    Effect.gen(function* () {
      const inside = TraceContext.within("work", { kind: "consumer", traceparent: GIVEN })(TraceContext.current(GIVEN));
      expect(yield* Effect.withTracerEnabled(inside, false)).toBe(GIVEN);
      const made: Array<Tracer.Span> = [];
      const tracer = yield* Effect.tracer;
      const noting = Tracer.make({
        span: (...args) => {
          const span = tracer.span(...args);
          made.push(span);
          return span;
        },
        context: (run) => run(),
      });
      const traceparent = yield* Effect.withTracer(inside, noting);
      expect(traceparent).toBe(`00-0af7651916cd43dd8448eb211c80319c-${made[0]?.spanId}-01`);
    }),
  );
});
