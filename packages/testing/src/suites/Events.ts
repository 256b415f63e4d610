import type { PatchOperation } from "@cadastre/domain/Event";
import { EventLog } from "@cadastre/domain/EventLog";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
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

    test("an event is found in the transaction that appended it, with the sequence that it keeps", () =>
      Effect.gen(function* () {
        const log = yield* EventLog;
        const { transact } = yield* UnitOfWork;
        yield* append(event(entity()));
        const mine = event(entity());
        const within = yield* transact(Effect.zipRight(log.append([mine]), log.revision(mine.uid, mine.revision)));
        expect(yield* log.since(0, 10)).toHaveLength(2);
        expect(Option.getOrThrow(within)).toEqual((yield* log.since(0, 10)).at(-1));
      }));

    test("the head is the last sequence that since gives", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const log = yield* EventLog;
        expect(yield* log.head).toBe(0);
        yield* append(event(entity()), event(entity()));
        yield* Effect.flip(transact(Effect.zipRight(log.append([event(entity())]), Effect.fail("no"))));
        expect(yield* log.head).toBe((yield* log.since(0, 10)).at(-1)?.sequence);
      }));

    test("a history is an entity's events alone, the latest first, from a revision down, up to the limit", () =>
      Effect.gen(function* () {
        const log = yield* EventLog;
        const { mine, uid } = yield* story;
        expect(yield* log.history(uid, { limit: 100 })).toEqual(mine.toReversed());
        expect(yield* log.history(uid, { limit: 2 })).toEqual(mine.toReversed().slice(0, 2));
        expect(yield* log.history(uid, { limit: 2, before: 5 })).toEqual(mine.toReversed().slice(2, 4));
        expect(yield* log.history(uid, { limit: 100, before: 1 })).toEqual([]);
        expect(yield* log.history(entity().record.uid, { limit: 100 })).toEqual([]);
      }));

    test("a history of one place has what changed it, something in it, or what it is in, and the creation", () =>
      Effect.gen(function* () {
        const log = yield* EventLog;
        const { uid } = yield* story;
        const revisions = (path: string, limit = 100) =>
          Effect.map(log.history(uid, { path, limit }), (found) => found.map(({ revision }) => revision));
        expect(yield* revisions("/metadata/labels/a")).toEqual([4, 3, 2, 1]);
        expect(yield* revisions("/metadata/labels/ab")).toEqual([3, 1]);
        expect(yield* revisions("/metadata/labels")).toEqual([4, 3, 2, 1]);
        expect(yield* revisions("/metadata/labels", 2)).toEqual([4, 3]);
        expect(yield* revisions("/spec/100%_'x")).toEqual([5, 1]);
        expect(yield* revisions("/spec/100x_'x")).toEqual([1]);
        expect(yield* revisions("/metadata")).toEqual([4, 3, 2, 1]);
        expect(yield* revisions("")).toEqual([5, 4, 3, 2, 1]);
        expect(yield* revisions("/status/state")).toEqual([1]);
      }));

    test("the event of a revision is found, or none", () =>
      Effect.gen(function* () {
        const log = yield* EventLog;
        const { mine, uid } = yield* story;
        expect(yield* log.revision(uid, 3)).toEqual(Option.fromNullable(mine[2]));
        expect(yield* log.revision(uid, 7)).toEqual(Option.none());
        expect(yield* log.revision(entity().record.uid, 1)).toEqual(Option.none());
      }));

    /** An entity with one change at each revision, deleted at the sixth, among the events of another. */
    const story = Effect.gen(function* () {
      const log = yield* EventLog;
      const created = entity();
      const patches: ReadonlyArray<ReadonlyArray<PatchOperation>> = [
        [{ op: "replace", path: "/metadata/labels/a", value: "/metadata/labels/ab" }],
        [{ op: "add", path: "/metadata/labels", value: {} }],
        [{ op: "move", from: "/metadata/labels/a/b", path: "/metadata/other" }],
        [{ op: "test", path: "/spec/100%_'x", value: 1 }],
      ];
      let last = created;
      yield* append(event(created), event(entity()));
      for (const patch of patches) {
        last = revised(last);
        yield* append({ ...event(last, "entity.updated"), patch }, event(entity()));
      }
      yield* append(event(revised(last), "entity.deleted"));
      const { uid } = created.record;
      return { uid, mine: (yield* log.since(0, 100)).filter((one) => one.uid === uid) };
    });

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
