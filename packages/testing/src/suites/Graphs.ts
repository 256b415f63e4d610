import { type Direction, EntityGraph, type GraphQuery } from "@cadastre/domain/Graph";
import type { ReferenceKey } from "@cadastre/domain/Reference";
import { type Edge, INVERSES } from "@cadastre/domain/Relation";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";
import * as Option from "effect/Option";
import type { Backend } from "../Backends.ts";
import { entity, keyOf, save } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `EntityGraph`. */
export const graphs = (backend: Backend): void => {
  const { test, property } = tester(backend);

  describe(`EntityGraph on ${backend.name}`, () => {
    property(
      "a walk finds what going step by step finds, whatever the cycles and the gaps",
      fc.record({ edges, registered, query }),
      Effect.fnUntraced(function* ({ edges, registered, query }) {
        yield* store(edges, registered);
        const graph = yield* EntityGraph;
        const found = yield* graph.walk({ ...query, limit: 100 });
        const depths = stepByStep(edges, query);
        expect(new Map(found.nodes.map(({ reference, depth }) => [reference, depth]))).toEqual(depths);
        expect(found.nodes.map(({ reference }) => reference)).toEqual(
          [...depths].sort(([a, n], [b, m]) => n - m || (a < b ? -1 : 1)).map(([key]) => key),
        );
        expect(
          found.nodes
            .filter(({ entity }) => entity !== undefined)
            .map(({ reference }) => reference)
            .toSorted(),
        ).toEqual(registered.filter((key) => depths.has(key)).toSorted());
        expect(found.edges).toEqual(between(edges, query, new Set(depths.keys())));
        expect(found.truncated).toBe(false);
      }),
    );

    property(
      "a limit keeps the nearest, and truncated tells if it left any out",
      fc.record({ edges, registered, query, limit: fc.integer({ min: 1, max: 8 }) }),
      Effect.fnUntraced(function* ({ edges, registered, query, limit }) {
        yield* store(edges, registered);
        const graph = yield* EntityGraph;
        const found = yield* graph.walk({ ...query, limit });
        const depths = stepByStep(edges, query);
        const nearest = [...depths.values()].sort((a, b) => a - b).slice(0, limit);
        expect(found.nodes.map(({ depth }) => depth)).toEqual(nearest);
        for (const { reference, depth } of found.nodes) expect(depths.get(reference)).toBe(depth);
        expect(found.truncated).toBe(depths.size > limit);
        const kept = new Set(found.nodes.map(({ reference }) => reference));
        expect(found.edges).toEqual(between(edges, query, kept));
      }),
    );

    property(
      "a path is a way, and none is shorter",
      fc.record({ edges, registered, from: keys, to: keys, types }),
      Effect.fnUntraced(function* ({ edges, registered, from, to, types }) {
        yield* store(edges, registered);
        const graph = yield* EntityGraph;
        const found = yield* graph.path(from, to, types);
        const query = { start: from, direction: "dependencies" as const, types, depth: undefined };
        const steps = stepByStep(edges, query).get(to);
        expect(Option.map(found, (path) => path.length)).toEqual(Option.fromNullable(steps));
        if (Option.isNone(found)) return;
        let at = from;
        for (const edge of found.value) {
          expect(edges).toContainEqual(edge);
          expect(types.length === 0 || types.includes(edge.type)).toBe(true);
          expect(edge.from).toBe(at);
          at = edge.to;
        }
        expect(at).toBe(to);
      }),
    );

    test("a start that nothing knows is a node of its own", () =>
      Effect.gen(function* () {
        const graph = yield* EntityGraph;
        const start = "component:default/nobody";
        const alone = { nodes: [{ reference: start, depth: 0, entity: undefined }], edges: [], truncated: false };
        for (const direction of directions) {
          expect(yield* graph.walk({ start, direction, types: [], depth: undefined, limit: 1 })).toEqual(alone);
        }
        expect(yield* graph.path(start, start, [])).toEqual(Option.some([]));
        expect(yield* graph.path(start, "component:default/other", [])).toEqual(Option.none());
      }));

    test("nodes tell what they are, with the title as it was written", () =>
      Effect.gen(function* () {
        const graph = yield* EntityGraph;
        const start = entity({
          name: "a",
          title: 'The "A" 😀',
          state: "inactive",
          spec: { owner: "t", dependsOn: ["api:b"] },
        });
        const other = entity({ kind: "API", name: "b" });
        yield* save(start, other);
        const walked = yield* graph.walk({ start: keyOf(start), direction: "both", types: [], depth: 1, limit: 10 });
        expect(walked.nodes).toEqual([
          {
            reference: keyOf(start),
            depth: 0,
            entity: { uid: start.record.uid, state: "inactive", title: 'The "A" 😀' },
          },
          { reference: keyOf(other), depth: 1, entity: { uid: other.record.uid, state: "active", title: undefined } },
          { reference: "group:default/t", depth: 1, entity: undefined },
        ]);
      }));

    test("where everything needs everything, a walk ends, and a depth and a limit keep it small", () =>
      Effect.gen(function* () {
        const graph = yield* EntityGraph;
        const names = Array.from({ length: 60 }, (_, i) => `n${String(i).padStart(2, "0")}`);
        yield* save(
          ...names.map((name) => entity({ name, spec: { dependsOn: names.map((other) => `component:${other}`) } })),
        );
        const start = "component:default/n00";
        for (const direction of directions) {
          for (const depth of [undefined, 1, 20]) {
            const whole = yield* graph.walk({ start, direction, types: [], depth, limit: 60 });
            expect(whole.nodes).toHaveLength(60);
            expect(whole.edges).toHaveLength(3600);
            expect(whole.truncated).toBe(false);
            const cut = yield* graph.walk({ start, direction, types: [], depth, limit: 59 });
            expect(cut.nodes).toHaveLength(59);
            expect(cut.truncated).toBe(true);
          }
        }
      }));

    test("a ladder, with a way for every subset of its rungs, is walked once", () =>
      Effect.gen(function* () {
        const graph = yield* EntityGraph;
        const rungs = 100;
        const pair = (i: number) => [`component:a${i}`, `component:b${i}`];
        yield* save(
          ...Array.from({ length: rungs }, (_, i) =>
            ["a", "b"].map((side) =>
              entity({ name: `${side}${i}`, spec: i === rungs - 1 ? {} : { dependsOn: pair(i + 1) } }),
            ),
          ).flat(),
        );
        const start = "component:default/a0";
        const all = yield* graph.walk({ start, direction: "dependencies", types: [], depth: undefined, limit: 1000 });
        expect(all.nodes).toHaveLength(2 * rungs - 1);
        expect(all.nodes.at(-1)?.depth).toBe(rungs - 1);
        const path = yield* graph.path(start, `component:default/b${rungs - 1}`, []);
        expect(Option.getOrThrow(path)).toHaveLength(rungs - 1);
      }));
  });
};

const NODES = [
  "component:default/a",
  "component:default/b",
  "api:default/c",
  "group:x/d",
  "user:x/e",
  "system:x/é",
  "a:b/😀",
];

const keys = fc.constantFrom(...NODES);

const TYPES = Object.keys(INVERSES) as ReadonlyArray<keyof typeof INVERSES>;

const edges: fc.Arbitrary<ReadonlyArray<Edge>> = fc.uniqueArray(
  fc.record({ type: fc.constantFrom(...TYPES.slice(0, 3)), from: keys, to: keys }),
  { maxLength: 14, selector: ({ type, from, to }) => `${type} ${from} ${to}` },
);

const registered = fc.subarray(NODES.slice(0, 5));

const types = fc.subarray([...TYPES.slice(0, 3)]);

const directions: ReadonlyArray<Direction> = ["dependencies", "dependents", "both"];

const query = fc.record({
  start: keys,
  direction: fc.constantFrom(...directions),
  types,
  depth: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
});

/** Declared by one entity, whoever it is: edges stand by themselves. */
const store = (edges: ReadonlyArray<Edge>, registered: ReadonlyArray<ReferenceKey>) => {
  const entities = registered.map((key) => {
    const [kind = "", rest = ""] = key.split(":");
    const [namespace = "", name = ""] = rest.split("/");
    return entity({ kind, namespace, name, spec: {} });
  });
  const declaring = [0, 1].map((half) => ({
    ...entity({ kind: "declarer" }),
    edges: edges.filter((_, i) => half === 0 || i % 2 === 0),
  }));
  return save(...entities, ...declaring);
};

const stepByStep = (edges: ReadonlyArray<Edge>, { start, direction, types, depth }: Omit<GraphQuery, "limit">) => {
  const go = (way: Direction): Map<ReferenceKey, number> => {
    const depths = new Map([[start, 0]]);
    for (let step = 1; step <= (depth ?? NODES.length); step++) {
      for (const [key, at] of [...depths]) {
        for (const { type, from, to } of edges) {
          if (types.length > 0 && !types.includes(type)) continue;
          const next =
            way === "dependencies" && from === key ? to : way === "dependents" && to === key ? from : undefined;
          if (at === step - 1 && next !== undefined && !depths.has(next)) depths.set(next, step);
        }
      }
    }
    return depths;
  };
  if (direction !== "both") return go(direction);
  const both = go("dependencies");
  for (const [key, depth] of go("dependents")) both.set(key, Math.min(depth, both.get(key) ?? depth));
  return both;
};

const between = (edges: ReadonlyArray<Edge>, { types }: Pick<GraphQuery, "types">, nodes: ReadonlySet<ReferenceKey>) =>
  edges
    .filter(({ type, from, to }) => (types.length === 0 || types.includes(type)) && nodes.has(from) && nodes.has(to))
    .toSorted((a, b) => {
      const [x, y] = [a, b].map(({ from, to, type }) => Buffer.from(`${from}\u0000${to}\u0000${type}`));
      return Buffer.compare(x ?? Buffer.of(), y ?? Buffer.of());
    });
