import type * as Graphs from "@cadastre/api/Graphs";
import { expect, it } from "@effect/vitest";
import * as GraphView from "../src/GraphView.ts";
import { columns } from "../src/internal/text.ts";
import { plain } from "../src/Output.ts";

type Graph = typeof Graphs.Graph.Type;

/** Components by their names, the first the root; an edge is "a>b". */
const graph = (names: string, edges: string, more: Partial<Graph> = {}): Graph => {
  const reference = (name: string) => `component:default/${name}`;
  return {
    root: reference(names.charAt(0)),
    nodes: [...names].map((name) => ({ reference: reference(name), depth: 1, title: `The ${name}` })),
    edges: edges.split(" ").map((edge) => {
      const [from = "", to = ""] = edge.split(">");
      return { type: "dependsOn" as const, from: reference(from), to: reference(to) };
    }),
    truncated: false,
    ...more,
  };
};

const view = (it: Graph, options: Partial<GraphView.View> = {}) =>
  GraphView.view(it, {
    direction: "dependencies",
    depth: Number.POSITIVE_INFINITY,
    style: plain,
    width: undefined,
    ...options,
  }).split("\n");

it("unfolds each entity where it is nearest, and marks it where it comes up again", () => {
  expect(view(graph("abcd", "a>b b>c c>d a>c"))).toEqual([
    "component:a  The a",
    "├─ dependsOn component:b  The b",
    "│  └─ dependsOn component:c (*)",
    "└─ dependsOn component:c  The c",
    "   └─ dependsOn component:d  The d",
    "(*) unfolded elsewhere in the tree",
  ]);
});

it("walks cycles once, the root's too", () => {
  expect(view(graph("abc", "a>b b>c c>a b>b"))).toEqual([
    "component:a  The a",
    "└─ dependsOn component:b  The b",
    "   ├─ dependsOn component:b (*)",
    "   └─ dependsOn component:c  The c",
    "      └─ dependsOn component:a (*)",
    "(*) unfolded elsewhere in the tree",
  ]);
});

it("goes no deeper than was asked, though the graph tells of edges between what it found", () => {
  expect(view(graph("abc", "a>b a>c b>c"), { depth: 1 })).toEqual([
    "component:a  The a",
    "├─ dependsOn component:b  The b",
    "└─ dependsOn component:c  The c",
  ]);
});

it("reads relations from the end that it walks to, and names several between two entities once", () => {
  const both = graph("ab", "b>a");
  const owned = [...both.edges, { ...both.edges[0], type: "partOf" } as Graph["edges"][number]];
  expect(view({ ...both, edges: owned }, { direction: "both" })).toEqual([
    "component:a  The a",
    "needs nothing",
    "is needed by",
    "└─ dependencyOf, hasPart component:b  The b",
  ]);
});

it("marks what is not registered and what is retired", () => {
  const nodes: Graph["nodes"] = [
    { reference: "component:default/a", depth: 0 },
    { reference: "component:shop/b", depth: 1, dangling: true },
    { reference: "component:default/c", depth: 1, state: "inactive" },
  ];
  const edges = ["component:shop/b", "component:default/c"].map((to) => ({
    type: "dependsOn" as const,
    from: "component:default/a",
    to,
  }));
  expect(view(graph("a", "a>a", { nodes, edges }))).toEqual([
    "component:a",
    "├─ dependsOn component:c (inactive)",
    "└─ dependsOn component:shop/b (not registered)",
  ]);
});

it("cuts titles to the terminal, and never references", () => {
  const lines = view(graph("ab", "a>b", { nodes: [] }), { width: 10 });
  expect(lines[1]).toBe("└─ dependsOn component:b");
  const wide = graph("ab", "a>b", { nodes: [{ reference: "component:default/b", depth: 1, title: "T".repeat(200) }] });
  expect(columns(view(wide, { width: 60 })[1] ?? "")).toBe(60);
});

it("draws a chain as long as a graph can be", () => {
  const length = 2_000;
  const reference = (i: number) => `component:default/c${i}`;
  const chain: Graph = {
    root: reference(0),
    nodes: [],
    edges: Array.from({ length }, (_, i) => ({ type: "dependsOn" as const, from: reference(i), to: reference(i + 1) })),
    truncated: false,
  };
  expect(view(chain)).toHaveLength(length + 1);
});

it("shows a way one step a line", () => {
  const { edges } = graph("abc", "a>b b>c");
  const path = { from: "component:default/a", to: "component:default/c", steps: edges };
  expect(GraphView.path(path, plain, 80)).toBe(
    "ENTITY       RELATION   NEEDED\ncomponent:a  dependsOn  component:b\ncomponent:b  dependsOn  component:c\n",
  );
});
