import { type ApplyOptions, Batches } from "@cadastre/core/Batches";
import { Entities } from "@cadastre/core/Entities";
import { type DocumentResult, MAX_ATOMIC, MAX_DOCUMENTS, type ReadDocument } from "@cadastre/domain/Batch";
import { byKey } from "@cadastre/domain/EntityStore";
import type { Json } from "@cadastre/domain/Json";
import * as Memory from "@cadastre/testing/memory/Memory";
import { expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as fc from "effect/FastCheck";
import * as Layer from "effect/Layer";
import * as Stream from "effect/Stream";
import { component, events, group, layerOver, onEachStore } from "./support.ts";

/** Documents as a reader gives them, ten lines each. */
const read = (...contents: ReadonlyArray<unknown>): ReadonlyArray<ReadDocument> =>
  contents.map((content, index) => ({ index, line: 10 * index + 1, content: Either.right(content) }));

const bestEffort: ApplyOptions = { mode: "best-effort", dryRun: false, force: false };
const atomic: ApplyOptions = { ...bestEffort, mode: "atomic" };

const apply = (documents: ReadonlyArray<ReadDocument>, options: ApplyOptions = bestEffort) =>
  Effect.gen(function* () {
    const batches = yield* Batches;
    const { summary, results } = yield* batches.apply(Stream.fromIterable(documents), options);
    return { summary, results: Chunk.toReadonlyArray(yield* Stream.runCollect(results)) };
  });

/** A success is not carried over: a report of it by the test runner would never end. */
const failureOf = <E, R>(effect: Effect.Effect<unknown, E, R>) => Effect.flip(Effect.asVoid(effect));

const actions = (results: ReadonlyArray<DocumentResult>) => results.map(({ action }) => action);

const zero = { created: 0, updated: 0, unchanged: 0, invalid: 0, conflict: 0, refused: 0 };

const names = (count: number): ReadonlyArray<Json> => Array.from({ length: count }, (_, i) => component(`c${i}`));

const bad = component("bad", { lifecycle: 7 });

onEachStore("a batch", (test) => {
  test("tells of each document what became of it, in order, and applies what can be applied", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("changed"));
      yield* entities.create(component("same"));
      yield* entities.create(component("kept"), { source: { type: "git", location: "a.yaml" } });
      const unread: ReadDocument = { index: 5, line: 51, content: Either.left([{ path: "", message: "is no YAML" }]) };
      const { summary, results } = yield* apply([
        ...read(
          component("new"),
          component("changed", { type: "library" }),
          component("same"),
          component("kept", { type: "library" }),
          bad,
        ),
        unread,
      ]);
      expect(summary).toEqual({
        documents: 6,
        created: 1,
        updated: 1,
        unchanged: 1,
        invalid: 2,
        conflict: 0,
        refused: 1,
      });
      expect(results).toMatchObject([
        { index: 0, line: 1, action: "created", reference: "Component:default/new", revision: 1 },
        { index: 1, line: 11, action: "updated", reference: "Component:default/changed", revision: 2 },
        { index: 2, line: 21, action: "unchanged", reference: "Component:default/same", revision: 1 },
        { index: 3, line: 31, action: "refused", reference: "Component:default/kept" },
        {
          index: 4,
          line: 41,
          action: "invalid",
          reference: "Component:default/bad",
          faults: [{ path: "/spec/lifecycle" }],
        },
        { index: 5, line: 51, action: "invalid", faults: [{ path: "", message: "is no YAML" }] },
      ]);
      expect(results[3]?.faults?.[0]?.message).toContain("git a.yaml");
      const stored = yield* entities.get(byKey("component:default/new"));
      expect(results[0]).toMatchObject({ uid: stored.uid });
      expect((yield* events).slice(3).map(({ type }) => type)).toEqual(["entity.created", "entity.updated"]);
    }));

  test("applied again changes nothing", () =>
    Effect.gen(function* () {
      const documents = read(...names(1201), group("team-a", { children: ["b"] }));
      expect((yield* apply(documents)).summary).toEqual({ ...zero, documents: 1202, created: 1202 });
      expect((yield* apply(documents)).summary).toEqual({ ...zero, documents: 1202, unchanged: 1202 });
      expect((yield* apply(documents, atomic)).summary).toEqual({ ...zero, documents: 1202, unchanged: 1202 });
      expect(yield* events).toHaveLength(1202);
    }));

  test("the same reference more than once is a conflict that names the places, and none of them is applied", () =>
    Effect.gen(function* () {
      const twice = [component("twice"), component("other"), component("TWICE", { type: "library" })];
      const { summary, results } = yield* apply(
        read(...twice, ...names(1000), component("thrice"), ...Array(2).fill(component("thrice"))),
      );
      expect(summary).toEqual({ ...zero, documents: 1006, created: 1001, conflict: 5 });
      const faults = results.flatMap((one) =>
        one.action === "conflict" ? one.faults?.map(({ message }) => message) : [],
      );
      const consequence = "of this batch too, so none of them is applied: keep one";
      expect(faults).toEqual([
        `stands in document 2 (line 21) ${consequence}`,
        `stands in document 0 (line 1) ${consequence}`,
        `stands in document 1004 (line 10041) and 1 more ${consequence}`,
        `stands in document 1003 (line 10031) and 1 more ${consequence}`,
        `stands in document 1003 (line 10031) and 1 more ${consequence}`,
      ]);
      const entities = yield* Entities;
      expect((yield* Effect.flip(entities.get(byKey("component:default/twice"))))._tag).toBe("NotFound");
    }));

  test("a document that is invalid is no rival of a valid one", () =>
    Effect.gen(function* () {
      const { results } = yield* apply(read(component("a"), component("a", { lifecycle: 7 })));
      expect(actions(results)).toEqual(["created", "invalid"]);
    }));

  test("a document that says nothing of the state leaves it, one that does sets it", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { entity } = yield* entities.create(component("a"));
      yield* entities.patch(byKey("component:default/a"), { status: { state: "inactive" } });
      expect(actions((yield* apply(read(component("a")))).results)).toEqual(["unchanged"]);
      expect(actions((yield* apply(read(JSON.parse(entity.json)))).results)).toEqual(["updated"]);
      expect((yield* events).map(({ type }) => type)).toEqual([
        "entity.created",
        "entity.deactivated",
        "entity.activated",
      ]);
    }));

  test("force overrides a managed source", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("kept"), { source: { type: "git" } });
      const { results } = yield* apply(read(component("kept", { type: "library" })), { ...bestEffort, force: true });
      expect(actions(results)).toEqual(["updated"]);
    }));

  test("warnings come with the results", () =>
    Effect.gen(function* () {
      const odd = { ...component("odd"), kind: "Gadget" };
      const { results } = yield* apply(read(odd));
      expect(results[0]).toMatchObject({ action: "created", warnings: [{ path: "/kind" }] });
    }));

  test("an empty stream is a batch of no documents", () =>
    Effect.gen(function* () {
      for (const options of [bestEffort, atomic]) {
        expect(yield* apply([], options)).toEqual({ summary: { ...zero, documents: 0 }, results: [] });
      }
    }));

  test("a stream that fails changes nothing, and its failure comes through", () =>
    Effect.gen(function* () {
      const batches = yield* Batches;
      const broken = Stream.concat(Stream.fromIterable(read(...names(600))), Stream.fail("gone"));
      expect(yield* failureOf(batches.apply(broken, bestEffort))).toBe("gone");
      expect(yield* events).toEqual([]);
    }));
});

onEachStore("an atomic batch", (test) => {
  test("goes in as a whole", () =>
    Effect.gen(function* () {
      const { summary, results } = yield* apply(read(...names(1001)), atomic);
      expect(summary).toEqual({ ...zero, documents: 1001, created: 1001 });
      expect(results.map(({ index }) => index)).toEqual(Array.from({ length: 1001 }, (_, i) => i));
      expect(yield* events).toHaveLength(1001);
    }));

  test("with anything that cannot be applied fails with every fault, and changes nothing", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("kept"), { source: { type: "git" } });
      const documents = read(
        ...names(600),
        bad,
        component("twice"),
        component("twice"),
        component("kept", { type: "x" }),
      );
      for (const dryRun of [true, false]) {
        const failure = yield* failureOf(apply(documents, { ...atomic, dryRun }));
        expect(failure._tag).toBe("InvalidInput");
        if (failure._tag !== "InvalidInput") continue;
        expect(failure.faults.map(({ path }) => path)).toEqual(["/600/spec/lifecycle", "/601", "/602", "/603"]);
      }
      expect(yield* events).toHaveLength(1);
    }));

  test("with a document alone that a managed source keeps fails, and the others are not applied", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("kept"), { source: { type: "git" } });
      const documents = read(...names(1200), component("kept", { type: "library" }));
      const failure = yield* failureOf(apply(documents, atomic));
      expect(failure).toMatchObject({ _tag: "InvalidInput", faults: [{ path: "/1200" }] });
      expect(yield* events).toHaveLength(1);
    }));

  test("lists at most 1000 faults, and says how many there are beside", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(apply(read(...Array(1500).fill("text")), atomic));
      expect(failure._tag).toBe("InvalidInput");
      if (failure._tag !== "InvalidInput") return;
      expect(failure.faults).toHaveLength(1000);
      expect(failure.message).toContain("500 more faults");
    }));
});

onEachStore("a dry run", (test) => {
  test("gives the results of the real run, less the new uids, and changes nothing", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* apply(read(...names(700)));
      yield* entities.create(component("kept"), { source: { type: "git" } });
      const before = yield* events;
      const documents = read(
        ...names(650),
        ...Array.from({ length: 50 }, (_, i) => component(`c${650 + i}`, { type: "library" })),
        component("new"),
        component("twice"),
        component("twice"),
        component("kept", { type: "library" }),
        bad,
      );
      const dry = yield* apply(documents, { ...bestEffort, dryRun: true });
      expect(yield* events).toEqual(before);
      const real = yield* apply(documents);
      expect(dry.summary).toEqual(real.summary);
      expect(dry.summary).toEqual({
        documents: 705,
        created: 1,
        updated: 50,
        unchanged: 650,
        invalid: 1,
        conflict: 2,
        refused: 1,
      });
      expect(dry.results).toEqual(
        real.results.map(({ uid, ...rest }) =>
          rest.action === "created" ? rest : { ...rest, ...(uid ? { uid } : {}) },
        ),
      );
    }));
});

it.scoped("more documents than are allowed are refused before anything is applied", () =>
  Effect.gen(function* () {
    const batches = yield* Batches;
    const line: ReadDocument = { index: 0, line: 1, content: Either.left([]) };
    for (const [options, limit] of [
      [atomic, MAX_ATOMIC],
      [bestEffort, MAX_DOCUMENTS],
    ] as const) {
      const documents = Stream.range(0, limit).pipe(Stream.mapChunks(Chunk.map((index) => ({ ...line, index }))));
      const failure = yield* failureOf(batches.apply(documents, options));
      expect(failure._tag).toBe("InvalidInput");
    }
  }).pipe(Effect.provide(layerOver(Layer.fresh(Memory.layer)))),
);

const documents = fc.array(
  fc.oneof(
    fc
      .record({ name: fc.constantFrom("a", "A", "b", "c", "d"), type: fc.constantFrom("x", "y") })
      .map(({ name, type }) => component(name, { type })),
    fc.constant(bad),
  ),
  { maxLength: 12 },
);

it.scoped.prop(
  "a batch is what its documents are one by one, less those that contradict each other",
  [documents, documents],
  ([before, after]) =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      for (const contents of [before, after]) {
        const { summary, results } = yield* apply(read(...contents));
        expect(results.map(({ index }) => index)).toEqual(contents.map((_, i) => i));
        expect(summary.documents).toBe(contents.length);
        for (const { index, action, revision } of results) {
          if (action === "invalid" || action === "conflict") continue;
          const name = contents[index]?.["metadata"];
          const key = `component:default/${(name as { name: string }).name.toLowerCase()}`;
          const stored = JSON.parse((yield* entities.get(byKey(key))).json);
          expect(stored.metadata.revision).toBe(revision);
          expect(stored.spec).toEqual(contents[index]?.["spec"]);
        }
      }
      const history = yield* events;
      const seen = new Set(history.map(({ uid, revision }) => `${uid} ${revision}`));
      expect(seen.size).toBe(history.length);
    }).pipe(Effect.provide(layerOver(Layer.fresh(Memory.layer)))),
);
