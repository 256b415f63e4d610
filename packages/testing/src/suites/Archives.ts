import { Archive, type ArchiveRecord } from "@cadastre/domain/Archive";
import { DeliveryLog, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { FacetStore } from "@cadastre/domain/Facets";
import { EntityGraph } from "@cadastre/domain/Graph";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Stream from "effect/Stream";
import type { Backend } from "../Backends.ts";
import { delivery, EPOCH, entity, event, everything, keyOf, revised, subscription, token } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `Archive`. */
export const archives = (backend: Backend): void => {
  const { test } = tester(backend);

  const dumped = Effect.gen(function* () {
    const { dump } = yield* Archive;
    const [header, ...records] = Chunk.toReadonlyArray(yield* Stream.runCollect(dump));
    expect(header).toMatchObject({ type: "catalog", version: 1 });
    return records;
  });

  const load = (records: ReadonlyArray<ArchiveRecord>) =>
    Effect.flatMap(Archive, (archive) => archive.load(Stream.fromIterable(records)));

  /** The archive of a catalog with history, on a database of its own. */
  const sample = Effect.provide(Effect.zipRight(fill, dumped), backend.layer);

  const header: ArchiveRecord = { type: "catalog", version: 1, exportedAt: new Date(EPOCH).toISOString() };

  describe(`Archive on ${backend.name}`, () => {
    test("an empty catalog is one record", () => Effect.map(dumped, (records) => expect(records).toEqual([])));

    test("a dump has entities by uid, then events by sequence, then tokens, subscriptions and deliveries by id", () =>
      Effect.gen(function* () {
        const records = yield* sample;
        const types = records.map(({ type }) => type);
        const order = ["entity", "event", "token", "subscription", "delivery"] as const;
        expect(types).toEqual(
          types.toSorted((a, b) => order.findIndex((one) => one === a) - order.findIndex((one) => one === b)),
        );
        expect([...new Set(types)]).toEqual(order);
        for (const type of order) {
          const key = type === "entity" ? "uid" : type === "event" ? "sequence" : "id";
          const keys = records.flatMap((record) =>
            record.type === type && key in record ? [Reflect.get(record, key)] : [],
          );
          expect(keys).toEqual(keys.toSorted((a, b) => (a < b ? -1 : 1)));
        }
      }));

    test("what is loaded can be searched, counted and walked", () =>
      Effect.gen(function* () {
        yield* load([header, ...(yield* sample)]);
        const store = yield* EntityStore;
        const facets = yield* FacetStore;
        const graph = yield* EntityGraph;
        const [found, ...more] = (yield* store.list({ ...everything, text: "t team" })).items;
        expect(more).toEqual([]);
        expect(JSON.parse(found?.json ?? "").metadata.tags).toEqual(["t"]);
        const kinds = yield* facets.count(everything, { _tag: "Field", field: "kind" }, 10);
        expect(kinds.values).toEqual([{ value: "Component", count: 1203 }]);
        const tags = yield* facets.count(everything, { _tag: "Tag" }, 10);
        expect(tags).toEqual({ values: [{ value: "t", count: 1 }], distinct: 1, missing: 1202 });
        const team = {
          start: "group:default/team",
          direction: "dependents",
          types: [],
          depth: undefined,
          limit: 9,
        } as const;
        expect((yield* graph.walk(team)).nodes).toHaveLength(2);
      }));

    test("what is loaded is the same catalog: a dump of it is the same, and it can be used on", () =>
      Effect.gen(function* () {
        const records = yield* sample;
        const counts = yield* load([header, ...records]);
        expect(counts).toEqual({ catalog: 1, entity: 1203, event: 1206, token: 2, subscription: 2, delivery: 2 });
        expect(yield* dumped).toEqual(records);

        const store = yield* EntityStore;
        const log = yield* EventLog;
        const tagged = yield* store.list({ ...everything, tags: ["t"], owners: ["group:default/team"] });
        expect(tagged.items.map(({ json }) => JSON.parse(json).relations)).toEqual([
          [{ type: "ownedBy", targetRef: "group:default/team", dangling: true }],
        ]);
        const last = Math.max(...records.map((record) => (record.type === "event" ? record.sequence : 0)));
        const { transact } = yield* UnitOfWork;
        yield* transact(log.append([event(entity())]));
        const [next] = yield* log.since(last, 10);
        expect(next?.sequence).toBeGreaterThan(last);
      }));

    test("deliveries that are under way are held where they are loaded, and begin anew", () =>
      Effect.gen(function* () {
        yield* load([header, ...(yield* sample)]);
        const log = yield* DeliveryLog;
        const [first, second, ...more] = yield* log.releasable(10);
        expect(more).toEqual([]);
        for (const one of [first, second]) expect(one).toMatchObject({ state: "held", attempts: 0, job: undefined });
      }));

    test("a subscription does not hear again, where it is loaded, of what was given out before", () =>
      Effect.gen(function* () {
        const subscriptions = yield* SubscriptionStore;
        const deliveries = yield* DeliveryStore;
        const one = subscription({ since: 3 });
        yield* subscriptions.insert(one);
        yield* deliveries.moveCursor(0, 7);
        expect(yield* dumped).toMatchObject([{ type: "subscription", since: 7 }]);
      }));

    test("a dump shows one moment, whatever is written while it runs", () =>
      Effect.gen(function* () {
        yield* fill;
        const before = yield* dumped;
        const { dump } = yield* Archive;
        const begun = yield* Deferred.make<void>();
        const writer = yield* Effect.fork(Effect.zipRight(Deferred.await(begun), fill));
        const records = yield* dump.pipe(
          // Not awaited: where there is one connection, writers wait until the dump is read.
          Stream.tap(() => Effect.zipRight(Deferred.succeed(begun, undefined), Effect.yieldNow())),
          Stream.runCollect,
        );
        expect(Chunk.toReadonlyArray(records).slice(1)).toEqual(before);
        yield* Fiber.join(writer);
        expect((yield* dumped).length).toBeGreaterThan(before.length);
      }));

    const refused = (records: ReadonlyArray<ArchiveRecord>) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(load(records));
        expect(error._tag).toBe("InvalidInput");
        if (error._tag === "InvalidInput") expect(error.faults).toHaveLength(1);
        expect(yield* dumped).toEqual([]);
      });

    test("an archive is not loaded into a catalog that has anything", () =>
      Effect.gen(function* () {
        const tokens = yield* TokenStore;
        yield* tokens.insert(token());
        const before = yield* dumped;
        expect((yield* Effect.flip(load([header])))._tag).toBe("InvalidInput");
        expect(yield* dumped).toEqual(before);
      }));

    test("records that contradict each other are refused, and nothing is loaded", () =>
      Effect.gen(function* () {
        const records = yield* sample;
        const [first, second] = records.filter((record) => record.type === "entity");
        const [happened] = records.filter((record) => record.type === "event");
        const [issued] = records.filter((record) => record.type === "token");
        const [told] = records.filter((record) => record.type === "subscription");
        const [waiting] = records.filter((record) => record.type === "delivery");
        if (!first || !second || !happened || !issued || !told || !waiting) throw new Error("the sample lacks records");
        yield* refused([...records, first]);
        yield* refused([...records, happened]);
        yield* refused([...records, { ...happened, sequence: 1_000_000, id: "evt_other" }]);
        yield* refused([...records, issued]);
        yield* refused([...records, told]);
        yield* refused([...records, waiting]);
        yield* refused(records.map((record) => (record === first ? { ...first, envelope: second.envelope } : record)));
        yield* refused(records.map((record) => (record === first ? { ...first, uid: second.uid } : record)));
        yield* refused(records.filter((record) => record.type !== "event"));
      }));

    test("a stream that fails leaves nothing, and its error comes through", () =>
      Effect.gen(function* () {
        const archive = yield* Archive;
        const records = yield* sample;
        const broken = Stream.concat(Stream.fromIterable(records), Stream.fail("the file ends here"));
        expect(yield* Effect.flip(archive.load(broken))).toBe("the file ends here");
        expect(yield* dumped).toEqual([]);
      }));
  });
};

/** 1203 entities, one of them at revision 2 and one retired; a deletion; two tokens. */
const fill = Effect.gen(function* () {
  const { transact } = yield* UnitOfWork;
  const store = yield* EntityStore;
  const log = yield* EventLog;
  const tokens = yield* TokenStore;
  const many = Array.from({ length: 1200 }, () => entity());
  const owned = entity({ tags: ["t"], labels: { a: "😀" }, spec: { owner: "team" }, createdAt: 1, updatedAt: 2 });
  const changed = entity();
  const retired = entity({ state: "inactive" });
  const deleted = entity();
  const all = [...many, owned, changed, retired, deleted];
  yield* transact(Effect.zipRight(store.save(all), log.append(all.map((write) => event(write)))));
  const second = revised(changed, { spec: { n: 1 }, updatedAt: EPOCH + 1 });
  const patch = [{ op: "add", path: "/spec/n", value: 1 } as const];
  yield* transact(
    Effect.zipRight(
      store.save([second]),
      log.append([{ ...event(second, "entity.updated"), patch, traceparent: "t" }]),
    ),
  );
  yield* transact(
    Effect.zipRight(
      store.remove(deleted.record.uid),
      log.append([{ ...event(revised(deleted), "entity.deleted"), reference: keyOf(deleted) }]),
    ),
  );
  yield* tokens.insert(token({ expiresAt: EPOCH + 1, lastUsedAt: EPOCH + 2, revokedAt: EPOCH + 3 }));
  yield* tokens.insert(token());
  const subscriptions = yield* SubscriptionStore;
  const deliveries = yield* DeliveryStore;
  const told = subscription();
  const since = 2000 + told.since;
  yield* subscriptions.insert({ ...told, since });
  yield* subscriptions.insert(
    subscription({ filter: "true", ordered: true, disabled: { reason: "gone", at: EPOCH }, since, until: since + 1 }),
  );
  yield* subscriptions.noteFailing(told.id, EPOCH);
  yield* subscriptions.noteUnevaluated(told.id, 3, { reference: "component:default/x", message: "no" });
  yield* deliveries.insert([
    delivery(told),
    delivery(told, { state: "held" }),
    delivery(told, { state: "dead", finishedAt: EPOCH }),
    delivery(told, { type: "ping", subject: undefined }),
  ]);
});
