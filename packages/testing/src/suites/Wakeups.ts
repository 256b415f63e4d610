import { Wakeups } from "@cadastre/domain/Wakeups";
import { describe, expect } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Stream from "effect/Stream";
import type { Backend } from "../Backends.ts";
import { tester } from "../internal/tester.ts";

/** `Wakeups`. */
export const wakeups = (backend: Backend): void => {
  const { test } = tester(backend);

  describe(`Wakeups on ${backend.name}`, () => {
    test("all who listen are woken", () =>
      Effect.gen(function* () {
        const { listen, notify } = yield* Wakeups;
        const listeners = yield* Effect.forEach([1, 2, 3], () => Effect.fork(Stream.runHead(listen("events"))));
        const woken = Effect.forEach(listeners, Fiber.await);
        // Until they are: a wake-up may be lost, as those are that come before anyone listens.
        const waking = Effect.forever(Effect.zipRight(notify("events"), Effect.yieldNow()));
        yield* Effect.raceFirst(woken, waking);
      }));

    test("notifying does not wait for those who are slow, and they find several wake-ups as one", () =>
      Effect.gen(function* () {
        const { listen, notify } = yield* Wakeups;
        const woken = yield* Deferred.make<void>();
        const goOn = yield* Deferred.make<void>();
        let count = 0;
        const slow = yield* listen("events").pipe(
          Stream.runForEach(() => {
            count += 1;
            return Effect.zipRight(Deferred.succeed(woken, undefined), Deferred.await(goOn));
          }),
          Effect.fork,
        );
        const waking = Effect.forever(Effect.zipRight(notify("events"), Effect.yieldNow()));
        yield* Effect.raceFirst(Deferred.await(woken), waking);
        yield* Effect.repeatN(notify("events"), 10_000);
        yield* Deferred.succeed(goOn, undefined);
        yield* Effect.repeatN(Effect.yieldNow(), 1000);
        expect(count).toBeGreaterThan(1);
        expect(count).toBeLessThan(10);
        yield* Fiber.interrupt(slow);
      }));
  });
};
