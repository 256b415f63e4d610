/**
 * What one evaluation may take, estimated before and counted while it runs. After the model of cel-go and Kubernetes.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { children, comprehensionOf } from "./ast.ts";

/** Steps of one evaluation, 20 to 100 ns each: 20 ms at the worst. */
export const BUDGET = 200_000;

/**
 * Items of a collection, and characters of a text, that the estimate takes for a large entity's. It refuses early what
 * would be too much for most; what holds is the count while it runs.
 */
const ITEMS = 100;
const CHARACTERS = 200;

interface Estimate {
  readonly steps: number;
  /** Items of the value, where it is a collection. */
  readonly items: number;
}

export const estimate = (node: ASTNode): Estimate => {
  const comprehension = comprehensionOf(node);
  if (comprehension !== undefined) {
    const { range, body, filter } = comprehension;
    const over = estimate(range);
    const each = estimate(body).steps + (filter === undefined ? 0 : estimate(filter).steps);
    return { steps: over.steps + 1 + over.items * each, items: over.items };
  }
  const below = children(node).map(estimate);
  const steps = below.reduce((sum, child) => sum + child.steps, 1);
  const items = below.map((child) => child.items);
  switch (node.op) {
    case "list":
    case "map":
      return { steps, items: node.args.length };
    case "in":
      return { steps: steps + (items[1] ?? 0), items: 0 };
    case "==":
    case "!=":
      return { steps: steps + Math.min(...items), items: 0 };
    case "+":
      return { steps: steps + CHARACTERS / 16, items: items.reduce((sum, count) => sum + count, 0) };
    case "?:":
      return { steps, items: Math.max(...items.slice(1)) };
    case "call":
    case "rcall":
      return { steps: steps + (EXPENSIVE[node.args[0]] ?? CHARACTERS / 16), items: ITEMS };
    case "value":
      return { steps, items: 0 };
    default:
      return { steps, items: ITEMS };
  }
};

const EXPENSIVE: { readonly [name: string]: number } = { has: 1, matches: CHARACTERS * 5, split: CHARACTERS };
