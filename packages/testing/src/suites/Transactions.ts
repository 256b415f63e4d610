import { byKey, EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Option from "effect/Option";
import type { Backend } from "../Backends.ts";
import { entity, event, everything, keyOf, save, token } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

class Suffix extends Context.Tag("test/Suffix")<Suffix, string>() {}

/** `UnitOfWork` and `HealthCheck`. */
export const transactions = (backend: Backend): void => {
  const { test } = tester(backend);

  /** One write of each kind. */
  const writeAll = Effect.gen(function* () {
    const write = entity({ name: "x", tags: ["t"], spec: { owner: "o" } });
    yield* (yield* EntityStore).save([write]);
    yield* (yield* EventLog).append([event(write)]);
    yield* (yield* TokenStore).insert(token());
  });

  const counts = Effect.gen(function* () {
    const { items } = yield* (yield* EntityStore).list(everything);
    const events = yield* (yield* EventLog).since(0, 100);
    const tokens = yield* (yield* TokenStore).list;
    return [items.length, events.length, tokens.length];
  });

  describe(`UnitOfWork on ${backend.name}`, () => {
    test("gives the result of the effect, in its context, once it is committed", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const body = Effect.zipRight(
          writeAll,
          Effect.map(Suffix, (suffix) => `done${suffix}`),
        );
        expect(yield* Effect.provideService(transact(body), Suffix, "!")).toBe("done!");
        expect(yield* counts).toEqual([1, 1, 1]);
      }));

    test("a transaction sees what it has written itself", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        expect(yield* transact(Effect.zipRight(writeAll, counts))).toEqual([1, 1, 1]);
      }));

    test("writes of entities and events outside of a transaction die", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const log = yield* EventLog;
        const write = entity();
        for (const call of [store.save([write]), store.remove(write.record.uid), log.append([event(write)])]) {
          expect(Exit.isFailure(yield* Effect.exit(Effect.catchAll(call, () => Effect.void)))).toBe(true);
        }
        expect(yield* counts).toEqual([0, 0, 0]);
      }));

    test("what fails leaves nothing, and fails with its own error", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        expect(yield* Effect.flip(transact(Effect.zipRight(writeAll, Effect.fail("no"))))).toBe("no");
        expect(yield* counts).toEqual([0, 0, 0]);
      }));

    test("what dies leaves nothing, and dies with its own defect", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const exit = yield* Effect.exit(transact(Effect.zipRight(writeAll, Effect.die("bug"))));
        expect(exit).toEqual(Exit.die("bug"));
        expect(yield* counts).toEqual([0, 0, 0]);
      }));

    test("what is interrupted leaves nothing, and lets the next one in", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const written = yield* Deferred.make<void>();
        const fiber = yield* Effect.fork(
          transact(writeAll.pipe(Effect.zipRight(Deferred.succeed(written, undefined)), Effect.zipRight(Effect.never))),
        );
        yield* Deferred.await(written);
        const waiting = yield* Effect.fork(transact(Effect.void));
        yield* Effect.yieldNow();
        yield* Fiber.interrupt(waiting);
        yield* Fiber.interrupt(fiber);
        expect(yield* counts).toEqual([0, 0, 0]);
        yield* transact(writeAll);
        expect(yield* counts).toEqual([1, 1, 1]);
      }));

    test("nobody sees what is not committed", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const store = yield* EntityStore;
        const written = yield* Deferred.make<void>();
        const end = yield* Deferred.make<void>();
        const fiber = yield* Effect.fork(
          transact(
            writeAll.pipe(
              Effect.zipRight(Deferred.succeed(written, undefined)),
              Effect.zipRight(Deferred.await(end)),
              Effect.zipRight(Effect.fail("rolled back")),
            ),
          ),
        );
        yield* Deferred.await(written);
        // Whether readers wait for the transaction's end or read what was before, they never see what it wrote.
        const readers = yield* Effect.fork(
          Effect.all([store.read(byKey("component:default/x")), counts], { concurrency: "unbounded" }),
        );
        yield* Effect.yieldNow();
        yield* Deferred.succeed(end, undefined);
        expect(yield* Fiber.join(readers)).toEqual([Option.none(), [0, 0, 0]]);
        expect(yield* Effect.flip(Fiber.join(fiber))).toBe("rolled back");
      }));

    test("however many transactions are started, each is in the log as a whole and in its order", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const log = yield* EventLog;
        const writes = Array.from({ length: 30 }, () => [entity(), entity()]);
        yield* Effect.forEach(
          writes,
          (pair) =>
            transact(Effect.forEach(pair, (write) => Effect.zipRight(log.append([event(write)]), Effect.yieldNow()))),
          { concurrency: "unbounded" },
        );
        const references = (yield* log.since(0, 100)).map(({ reference }) => reference);
        expect(references.toSorted()).toEqual(writes.flat().map(keyOf).toSorted());
        for (const pair of writes.map((all) => all.map((write) => references.indexOf(keyOf(write))))) {
          expect(pair).toEqual(pair.toSorted((a, b) => a - b));
        }
      }));

    test("a failure inside that is caught does not undo the rest", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const store = yield* EntityStore;
        const taken = entity();
        yield* save(taken);
        const fresh = entity();
        yield* transact(
          Effect.zipRight(
            store.save([fresh]),
            Effect.either(store.save([entity({ name: taken.record.document.metadata.name })])),
          ),
        );
        expect((yield* store.findMany([keyOf(fresh)])).size).toBe(1);
      }));
  });

  describe(`HealthCheck on ${backend.name}`, () => {
    test("a store that can be used answers", () => Effect.flatMap(HealthCheck, ({ ping }) => ping));
  });
};
