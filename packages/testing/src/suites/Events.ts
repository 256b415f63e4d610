import { EventLog } from "@cadastre/domain/EventLog";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Ref from "effect/Ref";
import type { Backend } from "../Backends.ts";
import { entity, event, revised } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `EventLog`. */
export const events = (backend: Backend): void => {
  const { test } = tester(backend);

  const append = (...all: Parameters<EventLog["Type"]["append"]>[0]) =>
    Effect.flatMap(Effect.all([UnitOfWork, EventLog]), ([{ transact }, log]) => transact(log.append(all)));

  describe(`EventLog on ${backend.name}`, () => {
    test("events come back as they were appended, with their sequence", () =>
      Effect.gen(function* () {
        const log = yield* EventLog;
        const first = entity({ title: "😀 \u2028 'quoted'" });
        const second = revised(first);
        const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        const patch = [{ op: "replace" as const, path: "/spec/~1", value: { "": [null, 1.5, "é"] } }];
        const appended = [
          event(first),
          { ...event(second, "entity.updated"), traceparent, patch, via: "import" as const },
          event(revised(second), "entity.deleted"),
        ];
        yield* append(...appended);
        const found = yield* log.since(0, 10);
        expect(found.map(({ sequence: _, ...rest }) => rest)).toEqual(appended);
        expect(found.map(({ envelope }) => envelope)).toEqual(appended.map(({ envelope }) => envelope));
      }));

    test("since gives what comes after a sequence, in order, up to the limit", () =>
      Effect.gen(function* () {
        const log = yield* EventLog;
        expect(yield* log.since(0, 10)).toEqual([]);
        yield* append();
        yield* append(...Array.from({ length: 5 }, () => event(entity())));
        const all = yield* log.since(0, 10);
        const sequences = all.map(({ sequence }) => sequence);
        expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
        expect(new Set(sequences).size).toBe(5);
        const [, second] = all;
        expect(yield* log.since(second?.sequence ?? 0, 2)).toEqual(all.slice(2, 4));
        expect(yield* log.since(sequences.at(-1) ?? 0, 10)).toEqual([]);
        expect(yield* log.since(-1, 10)).toEqual(all);
      }));

    test("events of a transaction that is rolled back never appear", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const log = yield* EventLog;
        yield* append(event(entity()));
        yield* Effect.flip(transact(Effect.zipRight(log.append([event(entity())]), Effect.fail("no"))));
        const kept = event(entity());
        yield* append(kept);
        const ids = (yield* log.since(0, 10)).map(({ id }) => id);
        expect(ids).toHaveLength(2);
        expect(ids.at(-1)).toBe(kept.id);
      }));

    test("who reads on from the last sequence misses nothing and sees nothing twice, while 8 write", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const log = yield* EventLog;
        const [writers, transactions] = [8, 25];
        const running = yield* Ref.make(writers);
        const write = Effect.gen(function* () {
          for (let i = 0; i < transactions; i++) {
            const created = entity();
            const one = log.append([event(created)]);
            const other = log.append([event(revised(created), "entity.updated")]);
            yield* transact(Effect.zipRight(Effect.zipLeft(one, Effect.yieldNow()), other));
            yield* Effect.yieldNow();
          }
          yield* Ref.update(running, (n) => n - 1);
        });
        const seen: Array<string> = [];
        const read = Effect.gen(function* () {
          let last = 0;
          for (;;) {
            const done = (yield* Ref.get(running)) === 0;
            const page = yield* log.since(last, 7);
            seen.push(...page.map(({ id }) => id));
            last = page.at(-1)?.sequence ?? last;
            if (done && page.length === 0) return;
            yield* Effect.yieldNow();
          }
        });
        yield* Effect.all([read, ...Array.from({ length: writers }, () => write)], { concurrency: "unbounded" });
        const all = yield* log.since(0, 1000);
        expect(all).toHaveLength(writers * transactions * 2);
        expect(seen).toEqual(all.map(({ id }) => id));
      }));
  });
};
