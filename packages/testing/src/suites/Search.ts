import type { SortOrder } from "@cadastre/domain/EntityQuery";
import { EntityStore, type EntityWrite } from "@cadastre/domain/EntityStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";
import type { Backend } from "../Backends.ts";
import * as Fixtures from "../Fixtures.ts";
import { pagesOf, uidsOf } from "../internal/paging.ts";
import { tester } from "../internal/tester.ts";

const { entity, everything, save } = Fixtures;

/** `EntityStore.list` with a text. */
export const search = (backend: Backend): void => {
  const { test, property } = tester(backend);

  describe(`search on ${backend.name}`, () => {
    property(
      "what is found is what a naive search finds, page by page, in every order",
      fc.record({
        all: entities,
        text: texts,
        order: orders,
        where: Fixtures.conditions,
        limit: fc.integer({ min: 1, max: 5 }),
      }),
      Effect.fnUntraced(function* ({ all, text, order, where, limit }) {
        yield* save(...all);
        const asked = { ...everything, states: where.states, kinds: where.kinds, order };
        const pages = yield* pagesOf({ ...asked, text, limit });
        expect(pages.slice(0, -1).every(({ items }) => items.length === limit)).toBe(true);
        const found = uidsOf(pages);
        const wanted = new Set(all.filter((write) => finds(write, text)).map(({ record }) => record.uid));
        const listed = uidsOf(yield* pagesOf(asked)).filter((uid) => wanted.has(uid));
        expect(order.field === "relevance" ? found.toSorted() : found).toEqual(
          order.field === "relevance" ? listed.toSorted() : listed,
        );
      }),
    );

    property(
      "it is best to have all words in few of the first fields, then the last one complete, then a short name",
      fc.record({ all: entities, text: texts }),
      Effect.fnUntraced(function* ({ all, text }) {
        yield* save(...all);
        const found = uidsOf(yield* pagesOf({ ...everything, text, order: relevance, limit: 3 }));
        const ranks = found.map((uid) =>
          rankOf(
            all.find(({ record }) => record.uid === uid),
            text,
          ),
        );
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      }),
    );

    const found = (text: string) =>
      Effect.map(
        Effect.flatMap(EntityStore, (store) => store.list({ ...everything, order: relevance, text })),
        ({ items }) => items.map(({ json }): string => JSON.parse(json).metadata.name),
      );

    test("fields weigh in their order: name, title, tags, owner, description", () =>
      Effect.gen(function* () {
        yield* save(
          entity({ name: "e", description: "To pay." }),
          entity({ name: "d", spec: { owner: "pay" } }),
          entity({ name: "c", tags: ["pay"] }),
          entity({ name: "b", title: "Pay" }),
          entity({ name: "pay-too", description: "pay" }),
          entity({ name: "pay" }),
          entity({ name: "g", title: "It", description: "pays it" }),
        );
        expect(yield* found("pay")).toEqual(["pay", "pay-too", "b", "c", "d", "e", "g"]);
        expect(yield* found("it pay")).toEqual(["g"]);
      }));

    test("upper and lower case, diacritics and typographic variants make no difference", () =>
      Effect.gen(function* () {
        yield* save(
          entity({ name: "a", title: "Zürich Straße" }),
          entity({ name: "b", title: "ΟΔΟΣ" }),
          entity({ name: "c", title: "Ｐａｙ ﬁle İstanbul" }),
          entity({ name: "d", title: "日本語 が" }),
        );
        for (const text of ["zurich", "ZU\u0308RICH", "strasse zur", "Zürich strasse", "STRASSE"]) {
          expect(yield* found(text)).toEqual(["a"]);
        }
        for (const text of ["οδος", "οδο", "ΟΔΟΣ"]) expect(yield* found(text)).toEqual(["b"]);
        for (const text of ["pay file", "FILE istan"]) expect(yield* found(text)).toEqual(["c"]);
        for (const text of ["日本", "が 日本語"]) expect(yield* found(text)).toEqual(["d"]);
      }));

    test("every word must occur as it is, the last as a beginning", () =>
      Effect.gen(function* () {
        yield* save(entity({ name: "payments-api.v2" }), entity({ name: "payments_web" }));
        expect(yield* found("payments")).toEqual(["payments_web", "payments-api.v2"]);
        expect(yield* found("paym")).toEqual(["payments_web", "payments-api.v2"]);
        expect(yield* found("api pay")).toEqual(["payments-api.v2"]);
        expect(yield* found("v2 payments-a")).toEqual(["payments-api.v2"]);
        expect(yield* found("pay api")).toEqual([]);
        expect(yield* found("ayments")).toEqual([]);
      }));

    test("text that means something to a query language is only text, however long", () =>
      Effect.gen(function* () {
        yield* save(entity({ name: "a", title: "x" }), entity({ name: "or", title: "NEAR and NOT" }));
        for (const text of [
          '"',
          '""',
          "*",
          "😀",
          " ",
          "",
          "'; DROP TABLE entities; --",
          "\u0000",
          "-",
          "^",
          "{}",
          "()",
        ]) {
          expect(yield* found(text)).toEqual([]);
        }
        for (const text of ['x"', "x*", "^x", "x^", "(x", "{x}", "- x", "title:x", "x\u0000", "a + x", "\ud800 x"]) {
          expect(yield* found(text)).toEqual(text === "title:x" ? [] : ["a"]);
        }
        expect(yield* found("x NOT y")).toEqual([]);
        expect(yield* found("NEAR(not)")).toEqual(["or"]);
        expect(yield* found("AND OR NOT")).toEqual(["or"]);
        expect(yield* found("y".repeat(10_000))).toEqual([]);
        expect(yield* found("x ".repeat(5_000))).toEqual(["a"]);
        expect(yield* found(Array.from({ length: 3_000 }, (_, i) => `w${i}`).join(" "))).toEqual([]);
      }));

    test("what is found is what is stored: changes and removals show at once", () =>
      Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const first = entity({ name: "a", spec: { owner: "blue" } });
        yield* save(first, entity({ name: "b", spec: { owner: "blue" } }));
        const second = Fixtures.revised(first, { spec: { owner: "green" } });
        yield* save(second);
        expect(yield* found("blue")).toEqual(["b"]);
        expect(yield* found("green")).toEqual(["a"]);
        yield* Effect.flip(transact(Effect.zipRight(store.remove(second.record.uid), Effect.fail("no"))));
        expect(yield* found("green")).toEqual(["a"]);
        yield* transact(store.remove(second.record.uid));
        expect(yield* found("green")).toEqual([]);
        yield* save(entity({ name: "a", spec: { owner: "red" } }));
        expect(yield* found("green")).toEqual([]);
        expect(yield* found("a")).toEqual(["a"]);
      }));

    test("of many the best come first, and pages hold while others write", () =>
      Effect.gen(function* () {
        const { transact } = yield* UnitOfWork;
        const store = yield* EntityStore;
        const many = Array.from({ length: 3000 }, (_, i) =>
          entity({ name: `n${i}`, description: "common", state: i % 3 === 0 ? "inactive" : "active" }),
        );
        yield* save(...many, entity({ name: "common-thing" }), entity({ name: "common" }));
        const active = { ...everything, states: ["active" as const], text: "common", limit: 300 };
        const pages = yield* pagesOf({ ...active, order: relevance }, (page) =>
          Effect.gen(function* () {
            yield* save(entity({ name: `coming-${page}`, description: "common" }));
            const gone = many[page * 3];
            if (gone !== undefined) yield* transact(store.remove(gone.record.uid));
          }),
        );
        const names = pages.flatMap(({ items }) => items.map(({ json }): string => JSON.parse(json).metadata.name));
        expect(names.slice(0, 2)).toEqual(["common", "common-thing"]);
        expect(names.filter((name) => name.startsWith("n"))).toHaveLength(2000);
        expect(new Set(names).size).toBe(names.length);
      }));
  });
};

const relevance: SortOrder = { field: "relevance", descending: false };

const words = fc.constantFrom(
  "pay",
  "Pay",
  "payments",
  "PAYMENTS",
  "zürich",
  "ZURICH",
  "Zu\u0308ri",
  "api",
  "日本",
  "1",
  "10",
);

const phrase = (separator: string, maxLength: number) =>
  fc.array(words, { minLength: 1, maxLength }).map((all) => all.join(separator));

const texts = fc.oneof(phrase(" ", 3), phrase("-", 2), words);

const orders = fc.oneof(fc.constant(relevance), Fixtures.orders);

const entities = fc
  .uniqueArray(
    fc.record(
      {
        kind: fc.constantFrom("Component", "API", "resource"),
        name: phrase("-", 3),
        title: phrase(" ", 2),
        tags: fc.uniqueArray(words, { maxLength: 2 }),
        owner: phrase("_", 2),
        description: phrase(". ", 3),
        state: fc.constantFrom("active" as const, "inactive" as const),
      },
      { requiredKeys: ["kind", "name"] },
    ),
    { maxLength: 15, selector: ({ kind, name }) => `${kind}${name}`.toLowerCase() },
  )
  .map((all) =>
    all.map(({ owner, ...rest }) => entity({ ...rest, spec: owner === undefined ? {} : { owner: `user:x/${owner}` } })),
  );

/** The words of the fields, the most telling first. */
const fieldsOf = ({ record }: EntityWrite): ReadonlyArray<ReadonlyArray<string>> => {
  const { metadata, spec } = record.document;
  const owner = String(spec?.["owner"] ?? "").replace("user:x/", "");
  return [metadata.name, metadata.title ?? "", metadata.tags?.join(" ") ?? "", owner, metadata.description ?? ""].map(
    wordsOf,
  );
};

const wordsOf = (text: string): Array<string> =>
  text
    .normalize("NFD")
    .replaceAll(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");

const hasAll = (present: ReadonlyArray<string>, text: string): boolean => {
  const wanted = wordsOf(text);
  const last = wanted.pop() ?? "?";
  return wanted.every((word) => present.includes(word)) && present.some((word) => word.startsWith(last));
};

const finds = (write: EntityWrite, text: string): boolean => hasAll(fieldsOf(write).flat(), text);

const rankOf = (write: EntityWrite | undefined, text: string): number => {
  if (write === undefined) throw new Error("something unknown was found");
  const fields = fieldsOf(write);
  const needed = fields.findIndex((_, i) => hasAll(fields.slice(0, i + 1).flat(), text));
  const isComplete = wordsOf(text).every((word) =>
    fields
      .slice(0, needed + 1)
      .flat()
      .includes(word),
  );
  return (2 * needed + (isComplete ? 0 : 1)) * 1000 + [...write.record.document.metadata.name].length;
};
