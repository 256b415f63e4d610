import { it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type * as fc from "effect/FastCheck";
import type * as TestServices from "effect/TestServices";
import type { Backend, Stores } from "../Backends.ts";

type Test = Effect.Effect<unknown, unknown, Stores | TestServices.TestServices>;

/** Tests that each run on an empty database, properties on one for each example. */
export const tester = ({ layer, examples }: Backend) => ({
  test: (fact: string, body: () => Test): void => it.effect(fact, () => Effect.provide(body(), layer), TIMEOUT),

  property: <T>(fact: string, arbitrary: fc.Arbitrary<T>, body: (value: T) => Test): void =>
    it.effect.prop(fact, [arbitrary], ([value]) => Effect.provide(body(value), layer), {
      timeout: TIMEOUT,
      fastCheck: { numRuns: examples },
    }),
});

/** Milliseconds; for a machine with much else to do, no test depends on it. */
const TIMEOUT = 60_000;
