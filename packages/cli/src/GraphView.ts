/**
 * Graphs for people: trees of what an entity needs and of what needs it.
 */
import type * as Graphs from "@cadastre/api/Graphs";
import { INVERSES } from "@cadastre/domain/Relation";
import { short } from "./EntityView.ts";
import { columns, cut, printable } from "./internal/text.ts";
import type { Style } from "./Output.ts";
import * as Table from "./Table.ts";

type Graph = typeof Graphs.Graph.Type;

type Node = Graph["nodes"][number];

export interface View {
  readonly direction: "dependencies" | "dependents" | "both";
  /** Steps that were asked for. */
  readonly depth: number;
  readonly style: Style;
  /** Undefined: as wide as need be. */
  readonly width: number | undefined;
}

const TITLES = { dependencies: "needs", dependents: "is needed by" } as const;

/** Every entity is unfolded once, where it is nearest to the root, and marked where it comes up again. */
export const view = (graph: Graph, { direction, depth, style, width }: View): string => {
  const nodes = new Map(graph.nodes.map((node) => [node.reference, node]));
  const line = (prefix: string, relation: string, reference: string, mark: string) => {
    const label = `${relation === "" ? "" : `${relation} `}${printable(short(reference))}`;
    const node = nodes.get(reference);
    const rest = `${stateOf(node)}${mark}`;
    const title = node?.title === undefined || mark !== "" ? "" : `  ${printable(node.title)}`;
    // The strokes of the prefix are one column each.
    const room = (width ?? Number.POSITIVE_INFINITY) - prefix.length - columns(label) - columns(rest);
    return prefix + label + style.yellow(rest) + style.dim(room < 8 ? "" : cut(title, room));
  };
  const directions = direction === "both" ? (["dependencies", "dependents"] as const) : [direction];
  const trees = directions.map((towards) => ({
    towards,
    lines: branches(graph, towards, depth).map(({ prefix, relation, reference, repeated }) =>
      line(prefix, relation, reference, repeated ? " (*)" : ""),
    ),
  }));
  const repeats = trees.some(({ lines }) => lines.some((text) => text.includes(" (*)")));
  return [
    line("", "", graph.root, ""),
    ...trees.flatMap(({ towards, lines }) => [
      ...(directions.length > 1 || lines.length === 0
        ? [
            style.bold(
              lines.length === 0
                ? `${TITLES[towards]} nothing${graph.truncated ? " that is shown" : ""}`
                : TITLES[towards],
            ),
          ]
        : []),
      ...lines,
    ]),
    ...(repeats ? [style.dim("(*) unfolded elsewhere in the tree")] : []),
  ].join("\n");
};

/** A way from one entity to another, one step a line. */
export const path = ({ steps }: typeof Graphs.GraphPath.Type, style: Style, width: number | undefined): string =>
  Table.render(
    ["ENTITY", "RELATION", "NEEDED"],
    steps.map(({ from, type, to }) => [short(from), type, short(to)]),
    { style, width, keep: [0, 2] },
  );

const stateOf = (node: Node | undefined): string =>
  node?.dangling === true ? " (not registered)" : node?.state === "inactive" ? " (inactive)" : "";

interface Branch {
  readonly prefix: string;
  readonly relation: string;
  readonly reference: string;
  readonly repeated: boolean;
}

/** The lines of a tree, from top to bottom; by a stack of its own, for a chain may be as long as the graph is large. */
const branches = (
  { root, edges }: Graph,
  towards: "dependencies" | "dependents",
  depth: number,
): ReadonlyArray<Branch> => {
  const children = neighbours(edges, towards);
  const parents = nearest(root, children, depth);
  const found: Array<Branch> = [];
  const stack: Array<{ readonly reference: string; readonly indent: string; readonly branch?: Branch }> = [
    { reference: root, indent: "" },
  ];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (at.branch !== undefined) found.push(at.branch);
    if (at.branch?.repeated === true || !parents.unfolded.has(at.reference)) continue;
    const { reference: parent, indent } = at;
    const below = [...(children.get(parent) ?? [])].map(([reference, relations], i, all) => {
      const last = i === all.length - 1;
      const isHere = parents.of.get(reference) === parent;
      return {
        reference,
        indent: `${indent}${last ? "   " : "│  "}`,
        branch: {
          prefix: `${indent}${last ? "└─ " : "├─ "}`,
          relation: relations.join(", "),
          reference,
          repeated: !isHere && parents.unfolded.has(reference) && children.has(reference),
        },
        isHere,
      };
    });
    // What is not unfolded here is a leaf, marked or not.
    stack.push(...below.reverse().map(({ isHere, ...it }) => (isHere ? it : { ...it, reference: "" })));
  }
  return found;
};

/** Of each entity the next ones, with the relations that lead to them, by relation and reference. */
const neighbours = (
  edges: ReadonlyArray<typeof Graphs.Edge.Type>,
  towards: "dependencies" | "dependents",
): ReadonlyMap<string, ReadonlyMap<string, ReadonlyArray<string>>> => {
  const found = new Map<string, Map<string, Array<string>>>();
  const sorted = edges
    .map(({ type, from, to }) =>
      towards === "dependencies" ? { at: from, type, next: to } : { at: to, type: INVERSES[type], next: from },
    )
    .sort((a, b) => compare(a.type, b.type) || compare(a.next, b.next));
  for (const { at, type, next } of sorted) {
    const all = found.get(at) ?? new Map<string, Array<string>>();
    found.set(at, all.set(next, [...(all.get(next) ?? []), type]));
  }
  return found;
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Under which entity each is unfolded, and which are: those less than `depth` steps away. */
const nearest = (
  root: string,
  children: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
  depth: number,
): { readonly of: ReadonlyMap<string, string>; readonly unfolded: ReadonlySet<string> } => {
  const of = new Map([[root, ""]]);
  const unfolded = new Set<string>();
  let level = [root];
  for (let steps = 0; level.length > 0 && steps < depth; steps++) {
    const next: Array<string> = [];
    for (const parent of level) {
      unfolded.add(parent);
      for (const reference of children.get(parent)?.keys() ?? []) {
        if (of.has(reference)) continue;
        of.set(reference, parent);
        next.push(reference);
      }
    }
    level = next;
  }
  return { of, unfolded };
};
