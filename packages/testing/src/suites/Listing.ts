import type { EntityPage, EntityQuery, SortOrder } from "@cadastre/domain/EntityQuery";
import { EntityStore, type EntityWrite } from "@cadastre/domain/EntityStore";
import { ownerOf } from "@cadastre/domain/Relation";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";
import type { Backend } from "../Backends.ts";
import * as Fixtures from "../Fixtures.ts";
import { pagesOf, uidsOf } from "../internal/paging.ts";
import { tester } from "../internal/tester.ts";

const { entity, everything, save } = Fixtures;

/** `EntityStore.list`: conditions, orders, pages. */
export const listing = (backend: Backend): void => {
  const { test, property } = tester(backend);

  describe(`EntityStore.list on ${backend.name}`, () => {
    property(
      "pages are the sorted list cut up, whatever the conditions and the order",
      fc.record({
        all: Fixtures.entities,
        where: Fixtures.conditions,
        order: Fixtures.orders,
        limit: fc.integer({ min: 1, max: 7 }),
      }),
      Effect.fnUntraced(function* ({ all, where, order, limit }) {
        yield* save(...all);
        const pages = yield* pagesOf({ ...where, order, limit, after: undefined });
        expect(pages.slice(0, -1).every(({ items }) => items.length === limit)).toBe(true);
        expect(uidsOf(pages)).toEqual(uids(sorted(all.filter(meets(where)), order)));
      }),
    );

    property(
      "what was there before and stays is on exactly one page, whatever others insert and delete between pages",
      fc.record({ all: Fixtures.entities, order: Fixtures.orders, limit: fc.integer({ min: 1, max: 4 }) }),
      Effect.fnUntraced(function* ({ all, order, limit }) {
        const half = Math.ceil(all.length / 2);
        const [coming, there] = [all.slice(0, half), all.slice(half)];
        const leaving = there.slice(0, Math.floor(there.length / 3));
        const staying = there.slice(leaving.length);
        yield* save(...there);
        const { transact } = yield* UnitOfWork;
        const store = yield* EntityStore;
        const pages = yield* pagesOf({ ...everything, order, limit }, (page) =>
          Effect.gen(function* () {
            const arriving = coming[page];
            if (arriving !== undefined) yield* save(arriving);
            const gone = leaving[page];
            if (gone !== undefined) yield* transact(store.remove(gone.record.uid));
          }),
        );
        const stayed = new Set(uids(staying));
        expect(uidsOf(pages).filter((uid) => stayed.has(uid))).toEqual(uids(sorted(staying, order)));
      }),
    );

    test("a list is as read gives each of its entities", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        yield* save(
          entity({ name: "a", spec: { owner: "team-a", dependsOn: ["component:b", "component:gone"] } }),
          entity({ name: "b", spec: {} }),
          entity({ name: "team-a", kind: "Group" }),
        );
        const { items } = yield* store.list(everything);
        const read = yield* Effect.forEach(items, ({ uid }) => Effect.flatten(store.read({ _tag: "Uid", uid })));
        expect(items.map(({ json }) => JSON.parse(json))).toEqual(read.map(({ json }) => JSON.parse(json)));
        expect(items.map(({ revision }) => revision)).toEqual([1, 1, 1]);
      }));

    test("the last page has no next, even when it is full", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        expect(yield* store.list(everything)).toEqual({ items: [], next: undefined });
        yield* save(entity({ name: "a" }), entity({ name: "b" }));
        const full = yield* store.list({ ...everything, limit: 2 });
        expect(full.items).toHaveLength(2);
        expect(full.next).toBeUndefined();
        const first = yield* store.list({ ...everything, limit: 1 });
        expect(first.next?.value).toBe("a");
      }));

    test("a cursor holds when the entity that it names is gone", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const [a, b, c] = [entity({ name: "a" }), entity({ name: "b" }), entity({ name: "c" })];
        yield* save(a, b, c);
        const first = yield* store.list({ ...everything, limit: 2 });
        yield* transact(store.remove(b.record.uid));
        const second = yield* store.list({ ...everything, limit: 2, after: first.next });
        expect(second.items.map(({ uid }) => uid)).toEqual([c.record.uid]);
      }));

    test("text that means something to a query language is only text", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const hostile = ["' OR 1=1 --", '"', "%", "_", "\\", "'; DROP TABLE entities; --", "?", "$1", ":name", "{}"];
        yield* save(
          ...hostile.map((text, i) => entity({ name: `n${i}`, title: text, tags: [text], labels: { [text]: text } })),
        );
        for (const text of hostile) {
          const of = (query: Partial<EntityQuery>) => Effect.map(store.list({ ...everything, ...query }), count);
          expect(yield* of({ tags: [text] })).toBe(1);
          expect(yield* of({ labels: [{ key: text, value: text }] })).toBe(1);
          expect(yield* of({ labels: [{ key: text, value: undefined }] })).toBe(1);
          expect(yield* of({ kinds: [text] })).toBe(0);
          expect(yield* of({ namespaces: [text] })).toBe(0);
          expect(yield* of({ owners: [text] })).toBe(0);
        }
        expect(yield* Effect.map(store.list(everything), count)).toBe(hostile.length);
      }));

    test("times are told apart and sorted to the millisecond, from 1970 to 9999", () =>
      Effect.gen(function* () {
        const times = [0, 999, 1000, Fixtures.EPOCH, Fixtures.EPOCH + 1, 4_294_967_296_000, 253_402_300_799_999];
        yield* save(...times.map((updatedAt, i) => entity({ name: `n${times.length - i}`, createdAt: 0, updatedAt })));
        const order = { field: "updatedAt", descending: false } as const;
        const pages = yield* pagesOf({ ...everything, order, limit: 2 });
        const listed = pages.flatMap(({ items }) => items.map(({ json }) => JSON.parse(json).metadata.updatedAt));
        expect(listed).toEqual(times.map((time) => new Date(time).toISOString()));
      }));
  });
};

const count = ({ items }: EntityPage): number => items.length;

const uids = (writes: ReadonlyArray<EntityWrite>) => writes.map(({ record }) => record.uid);

const meets =
  (where: Omit<EntityQuery, "order" | "limit" | "after">) =>
  ({ record }: EntityWrite): boolean => {
    const { kind, metadata } = record.document;
    const isAnyOf = (value: string | undefined, wanted: ReadonlyArray<string>) =>
      wanted.length === 0 || wanted.some((one) => one.toLowerCase() === value?.toLowerCase());
    return (
      isAnyOf(kind, where.kinds) &&
      isAnyOf(metadata.namespace, where.namespaces) &&
      isAnyOf(ownerOf(record.document), where.owners) &&
      isAnyOf(record.state, where.states) &&
      where.tags.every((tag) => metadata.tags?.includes(tag)) &&
      where.labels.every(({ key, value }) => {
        const label = metadata.labels?.[key];
        return label !== undefined && (value === undefined || label === value);
      })
    );
  };

const sorted = (writes: ReadonlyArray<EntityWrite>, { field, descending }: SortOrder): ReadonlyArray<EntityWrite> => {
  const valueOf = ({ record }: EntityWrite): string | number | undefined => {
    const { kind, metadata } = record.document;
    const values: { readonly [field: string]: string | number | undefined } = {
      name: metadata.name,
      kind,
      namespace: metadata.namespace,
      title: metadata.title,
      owner: ownerOf(record.document),
      createdAt: record.createdAt,
      updatedAt: record.updatedAt,
    };
    const value = values[field];
    return typeof value === "string" ? value.toLowerCase() : value;
  };
  const sign = descending ? -1 : 1;
  return writes.toSorted((a, b) => {
    const [x, y] = [valueOf(a), valueOf(b)];
    if (x === undefined || y === undefined) {
      if (x !== y) return x === undefined ? 1 : -1;
    } else if (x !== y) return sign * (typeof x === "number" ? x - Number(y) : byCodePoint(x, String(y)));
    return sign * byCodePoint(a.record.uid, b.record.uid);
  });
};

const byCodePoint = (a: string, b: string): number => {
  const [xs, ys] = [[...a], [...b]];
  const i = xs.findIndex((x, at) => x !== ys[at]);
  return i === -1 ? xs.length - ys.length : (xs[i]?.codePointAt(0) ?? 0) - (ys[i]?.codePointAt(0) ?? -1);
};
