import { Graph, GraphQuery, toWire } from "@cadastre/api/Graphs";
import { one, text } from "@cadastre/api/Parameters";
import { Graphs } from "@cadastre/core/Graphs";
import { type EdgeType, edgeTypesOf } from "@cadastre/domain/Relation";
import * as Arr from "effect/Array";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { BUDGET, bytesOf } from "../internal/budget.ts";
import { loose, page } from "../internal/inputs.ts";
import type { Lookup } from "../internal/lookup.ts";
import { plural } from "../internal/view.ts";
import { reading, type Tool } from "../Tool.ts";

const STANDARD = 40;

const Input = Schema.typeSchema(
  Schema.Struct({
    reference: loose,
    direction: GraphQuery.fields.direction,
    depth: GraphQuery.fields.depth,
    relation: GraphQuery.fields.relation,
    limit: page("Entities, the nearest first,", STANDARD, 200),
    to: one(text(400), {
      description: "Instead of a walk: the shortest way by which the entity depends on this one.",
      example: "resource:default/orders-db",
    }),
  }),
);

const Output = Schema.Struct({
  ...Graph.fields,
  nodes: Schema.Array(Graph.fields.nodes.value.omit("uid")),
});

type Output = typeof Output.Type;

export const tool = (lookup: Lookup): Effect.Effect<Tool, never, Graphs> =>
  Effect.map(Graphs, (graphs) =>
    reading({
      name: "get_graph",
      title: "Dependencies and impact",
      description:
        "What an entity needs (dependencies) and what needs it (dependents), over any number of steps. For what breaks if it fails: direction dependents, depth all. With `to`: why it depends on that one, as a shortest way. An edge means that `from` needs `to`.",
      toolset: "graph",
      scope: "catalog:read",
      input: Input,
      output: Schema.typeSchema(Output),
      run: Effect.fnUntraced(function* ({
        reference,
        direction = "both",
        depth = 1,
        relation = [],
        limit = STANDARD,
        to,
      }) {
        const { text: entity, key } = yield* lookup.find(reference);
        const types = edgeTypesOf(relation);
        if (to !== undefined) {
          const { steps } = yield* graphs.path(entity.uid, yield* lookup.keyOf(to), types);
          return { structured: wayOf(key, steps), text: wayText(key, steps) };
        }
        const walked = yield* graphs.walk(entity.uid, {
          direction,
          types,
          depth: depth === "all" ? undefined : depth,
          limit,
        });
        const graph = fitting(toWire(walked));
        return { structured: graph, text: graphText(graph, direction, depth) };
      }),
    }),
  );

/** The nearest nodes that fit, and the edges between them. */
const fitting = ({ root, nodes, edges, truncated }: typeof Graph.Type): Output => {
  const all = nodes.map(({ uid: _, ...node }) => node);
  const of = (count: number): Output => {
    const kept = all.slice(0, count);
    const names = new Set(kept.map(({ reference }) => reference));
    return {
      root,
      nodes: kept,
      edges: edges.filter(({ from, to }) => names.has(from) && names.has(to)),
      truncated: truncated || count < all.length,
    };
  };
  let count = all.length;
  while (count > 1 && bytesOf(of(count)) > BUDGET) count = Math.ceil(count * 0.8);
  return of(count);
};

const WORDS = {
  dependencies: (root: string) => `${root} needs`,
  dependents: (root: string) => `${root} is needed by`,
  both: (root: string) => `Around ${root} stand`,
};

const graphText = (graph: Output, direction: keyof typeof WORDS, depth: number | "all"): string => {
  const [root, ...others] = graph.nodes;
  const subject = WORDS[direction](root?.reference ?? graph.root);
  const steps = Object.entries(Arr.groupBy(others, (node) => String(node.depth)));
  return [
    others.length === 0 ? `${subject} nothing.` : `${subject} ${plural(others.length, "entity", "entities")}:`,
    ...steps.map(
      ([step, nodes]) =>
        `${plural(Number(step), "step", "steps")} away: ${nodes.map(({ reference, dangling, state }) => `${reference}${dangling ? " (not registered)" : state === "inactive" ? " (inactive)" : ""}`).join(", ")}`,
    ),
    ...(graph.truncated
      ? ["More were left out, the farthest: raise limit (up to 200), or narrow by relation or depth."]
      : []),
    ...(depth === "all" ? [] : [`Only ${plural(depth, "step", "steps")}: depth all follows on to the end.`]),
  ].join("\n");
};

interface Step {
  readonly type: EdgeType;
  readonly from: string;
  readonly to: string;
}

/** A way is a graph too: of the entities that it passes, and its steps. */
const wayOf = (root: string, steps: ReadonlyArray<Step>): Output => ({
  root,
  nodes: [root, ...steps.map(({ to }) => to)].map((reference, depth) => ({ reference, depth })),
  edges: steps,
  truncated: false,
});

const wayText = (root: string, steps: ReadonlyArray<Step>): string =>
  steps.length === 0 ? "They are the same." : root + steps.map(({ type, to }) => ` ${type} ${to}`).join(" →");
