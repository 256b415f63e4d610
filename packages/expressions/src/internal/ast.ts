/**
 * Reading the library's syntax tree.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { NAMESPACE_ALIAS } from "./environment.ts";

export interface Comprehension {
  readonly macro: "all" | "exists" | "exists_one" | "map" | "filter";
  readonly range: ASTNode;
  readonly variable: string;
  readonly body: ASTNode;
  /** `map(x, filter, body)` */
  readonly filter: ASTNode | undefined;
}

export const MACROS: ReadonlyMap<string, ReadonlyArray<number>> = new Map([
  ["all", [2]],
  ["exists", [2]],
  ["exists_one", [2]],
  ["filter", [2]],
  ["map", [2, 3]],
]);

/** Undefined: the node is no loop. */
export const comprehensionOf = (node: ASTNode): Comprehension | undefined => {
  if (node.op !== "rcall") return undefined;
  const [macro, range, [variable, ...rest]] = node.args;
  if (!isMacro(macro) || variable?.op !== "id") return undefined;
  const [body, filter] = rest.length === 2 ? [rest[1], rest[0]] : [rest[0], undefined];
  return body === undefined ? undefined : { macro, range, variable: variable.args, body, filter };
};

const isMacro = (name: string): name is Comprehension["macro"] => MACROS.has(name);

/** Every node directly below. */
export const children = (node: ASTNode): ReadonlyArray<ASTNode> => {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    case "!_":
    case "-_":
      return [node.args];
    default:
      return node.args;
  }
};

export const countNodes = (node: ASTNode): number =>
  children(node).reduce((count, child) => count + countNodes(child), 1);

/** The node's piece of the text, shortened where it is long. */
export const excerpt = (node: ASTNode): string => {
  const text = node.input.slice(node.start, node.end).replaceAll(NAMESPACE_ALIAS, "namespace").replaceAll(/\s+/g, " ");
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
};
