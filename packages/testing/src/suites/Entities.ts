import { toEnvelope } from "@cadastre/domain/Entity";
import { byKey, byUid, EntityStore } from "@cadastre/domain/EntityStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Option from "effect/Option";
import type { Backend } from "../Backends.ts";
import { EPOCH, entity, everything, keyOf, revised, save, uid } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `EntityStore`: reading, saving, removing. */
export const entities = (backend: Backend): void => {
  const { test } = tester(backend);

  describe(`EntityStore on ${backend.name}`, () => {
    test("gives back the stored text, then the relations, and nothing else", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const write = entity({
          title: 'Ünïcode "quoted" \\ 😀 \u2028',
          labels: { "a/b": "" },
          spec: { n: [1.5, null, {}] },
        });
        yield* save(write);
        for (const selector of [byUid(write.record.uid), byKey(keyOf(write))]) {
          const text = yield* Effect.flatten(store.read(selector));
          expect(text).toEqual({
            uid: write.record.uid,
            revision: 1,
            json: `${write.envelope.slice(0, -1)},"relations":[]}`,
          });
        }
      }));

    test("find gives back the record that was saved", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const write = entity({
          title: "T",
          tags: ["x"],
          labels: { a: "b" },
          state: "inactive",
          createdAt: EPOCH + 1,
          updatedAt: EPOCH + 2,
        });
        yield* save(write);
        expect(yield* store.find(byUid(write.record.uid))).toEqual(Option.some(write.record));
        expect(yield* store.find(byKey(keyOf(write)))).toEqual(Option.some(write.record));
      }));

    test("nothing is found under a uid or key that is not registered", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        yield* save(entity());
        for (const selector of [byUid(uid(1)), byKey("component:default/nobody"), byKey("")]) {
          expect(yield* store.read(selector)).toEqual(Option.none());
          expect(yield* store.find(selector)).toEqual(Option.none());
        }
      }));

    test("findMany finds what is registered among many keys, and none among none", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const writes = Array.from({ length: 1200 }, () => entity());
        yield* save(...writes);
        const keys = writes.map(keyOf);
        const found = yield* store.findMany([...keys, "component:default/nobody", keys[0] ?? ""]);
        expect(found).toEqual(new Map(writes.map((write) => [keyOf(write), write.record])));
        expect(yield* store.findMany([])).toEqual(new Map());
      }));

    test("a reference is one whatever its case, beyond ASCII too, and keeps its spelling", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const write = entity({ kind: "API", namespace: "ÅÄÖ", name: "İstanbul-ΣΑΣ" });
        yield* save(write);
        const found = yield* Effect.flatten(store.read(byKey("API:ÅÄÖ/İstanbul-ΣΑΣ".toLowerCase())));
        expect(JSON.parse(found.json).metadata.name).toBe("İstanbul-ΣΑΣ");
        for (const name of ["İSTANBUL-ΣΑΣ", "İstanbul-ΣΑΣ"]) {
          const taken = yield* Effect.flip(save(entity({ kind: "api", namespace: "åäö", name })));
          expect(taken).toMatchObject({ _tag: "RevisionConflict", current: 1 });
        }
        // Not the same: case folding by more than lower case would take ß and ss for one.
        yield* save(entity({ name: "straße" }), entity({ name: "STRASSE" }));
        expect((yield* store.list(everything)).items).toHaveLength(3);
      }));

    test("a revision replaces the one before, in every way it can be looked at", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const first = entity({
          tags: ["old", "both"],
          labels: { l: "1" },
          spec: { owner: "a", dependsOn: ["resource:r"] },
        });
        const { document } = first.record;
        const metadata = { ...document.metadata, title: "new", tags: ["both", "new"], labels: { l: "2" } };
        const record = { ...first.record, document: { ...document, metadata, spec: { owner: "b" } } };
        yield* save(first);
        const second = revised({ ...first, record }, { state: "inactive", updatedAt: EPOCH + 5 });
        yield* save(second);
        expect(yield* store.find(byUid(first.record.uid))).toEqual(Option.some(second.record));
        const read = yield* Effect.flatten(store.read(byKey(keyOf(first))));
        expect(read.revision).toBe(2);
        expect(JSON.parse(read.json)).toEqual({
          ...toEnvelope(second.record),
          relations: [{ type: "ownedBy", targetRef: "group:default/b", dangling: true }],
        });
        const hits = (query: object) =>
          Effect.map(store.list({ ...everything, ...query }), ({ items }) => items.length);
        expect(yield* hits({ tags: ["old"] })).toBe(0);
        expect(yield* hits({ tags: ["new", "both"] })).toBe(1);
        expect(yield* hits({ labels: [{ key: "l", value: "1" }] })).toBe(0);
        expect(yield* hits({ labels: [{ key: "l", value: "2" }] })).toBe(1);
        expect(yield* hits({ owners: ["group:default/a"] })).toBe(0);
        expect(yield* hits({ owners: ["group:default/b"] })).toBe(1);
        expect(yield* hits({ states: ["active"] })).toBe(0);
      }));

    test("the same document again is one entity with one set of relations", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        let write = entity({ tags: ["x"], labels: { a: "b" }, spec: { owner: "a" } });
        yield* save(write);
        for (let i = 0; i < 3; i++) {
          write = revised(write);
          yield* save(write);
        }
        const { items } = yield* store.list({ ...everything, tags: ["x"], labels: [{ key: "a", value: "b" }] });
        expect(items.map(({ revision }) => revision)).toEqual([4]);
        expect(JSON.parse(items[0]?.json ?? "").relations).toHaveLength(1);
      }));

    test("a revision that is not the next one is refused with the one in force", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const first = entity();
        const second = revised(first);
        const third = revised(second);
        expect(yield* Effect.flip(save(second))).toMatchObject({ _tag: "RevisionConflict" });
        yield* save(first);
        expect(yield* Effect.flip(save(third))).toMatchObject({ _tag: "RevisionConflict", current: 1 });
        yield* save(second);
        expect(yield* Effect.flip(save(second))).toMatchObject({ _tag: "RevisionConflict", current: 2 });
        expect(yield* Effect.flip(save(first))).toMatchObject({ _tag: "RevisionConflict", current: 2 });
        expect(yield* store.find(byUid(first.record.uid))).toEqual(Option.some(second.record));
      }));

    test("a save stores all or none, even if its failure is caught and the transaction goes on", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const [stored, other, created] = [entity(), entity({ tags: ["kept"] }), entity()];
        yield* save(stored, other);
        const result = yield* transact(Effect.either(store.save([created, revised(other), revised(revised(stored))])));
        expect(Either.isLeft(result)).toBe(true);
        expect(yield* store.findMany([stored, other, created].map(keyOf))).toEqual(
          new Map([stored, other].map((write) => [keyOf(write), write.record])),
        );
        expect((yield* store.list({ ...everything, tags: ["kept"] })).items).toHaveLength(1);
      }));

    test("of 20 writers that make the same revision exactly one wins", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const first = entity();
        yield* save(first);
        const racers = Array.from({ length: 20 }, (_, i) => revised(first, { spec: { racer: i } }));
        const results = yield* Effect.forEach(racers, (racer) => Effect.either(save(racer)), {
          concurrency: "unbounded",
        });
        const winners = racers.filter((_, i) => results[i]?._tag === "Right");
        expect(winners).toHaveLength(1);
        expect(
          results.filter((result) => result._tag === "Left" && result.left._tag === "RevisionConflict"),
        ).toHaveLength(19);
        expect(yield* store.find(byUid(first.record.uid))).toEqual(Option.fromNullable(winners[0]?.record));
      }));

    test("of 20 writers that register the same reference exactly one wins", () =>
      Effect.gen(function* () {
        const racers = Array.from({ length: 20 }, (_, i) => entity({ name: i % 2 === 0 ? "same" : "SAME" }));
        const results = yield* Effect.forEach(racers, (racer) => Effect.either(save(racer)), {
          concurrency: "unbounded",
        });
        expect(results.filter(Either.isRight)).toHaveLength(1);
      }));

    test("20 writers that each read and then write in one transaction lose no update", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const first = entity();
        yield* save(first);
        const increment = transact(
          Effect.gen(function* () {
            const record = yield* Effect.flatten(store.find(byUid(first.record.uid)));
            yield* Effect.yieldNow();
            yield* store.save([revised({ ...first, record })]);
          }),
        );
        yield* Effect.all(
          Array.from({ length: 20 }, () => increment),
          { concurrency: "unbounded" },
        );
        const found = yield* Effect.flatten(store.find(byUid(first.record.uid)));
        expect(found.revision).toBe(21);
      }));

    test("a removed entity is gone, and its reference is free for another", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const [old, other] = [entity({ name: "same", tags: ["t"] }), entity()];
        yield* save(old, other);
        yield* transact(store.remove(old.record.uid));
        yield* transact(store.remove(old.record.uid));
        expect(yield* store.read(byUid(old.record.uid))).toEqual(Option.none());
        expect(yield* store.find(byKey(keyOf(old)))).toEqual(Option.none());
        expect((yield* store.list({ ...everything, tags: ["t"] })).items).toEqual([]);
        const next = entity({ name: "SAME" });
        yield* save(next);
        expect(yield* store.find(byKey(keyOf(old)))).toEqual(Option.some(next.record));
        expect((yield* store.list(everything)).items).toHaveLength(2);
      }));
  });
};
