/**
 * A condition split into what a store tests and what is left, and how conditions are put together.
 */
import type { ExpressionPart } from "@cadastre/domain/Expressions";
import { all, always, any, type Predicate } from "@cadastre/domain/Predicate";
import type { ASTNode } from "@marcbachmann/cel-js";
import type { Bindings, Sides } from "./operands.ts";

export interface Split extends Sides {
  readonly exact: boolean;
  readonly parts: ReadonlyArray<ExpressionPart>;
}

export interface Context extends Bindings {
  readonly text: string;
  /** What the loops that come first in the text leave to the others. */
  readonly left: { itemTests: number };
}

export const conjunction = (parts: ReadonlyArray<Split>): Split => ({
  whenTrue: all(...parts.map(({ whenTrue }) => whenTrue)),
  whenFalse: any(...parts.map(({ whenFalse }) => whenFalse)),
  exact: parts.every(({ exact }) => exact),
  parts: parts.flatMap((split) => split.parts),
});

export const negation = ({ whenTrue, whenFalse, ...split }: Split): Split => ({
  ...split,
  whenTrue: whenFalse,
  whenFalse: whenTrue,
});

export const choice = (condition: Split, yes: Split, no: Split): Split => ({
  whenTrue: any(all(condition.whenTrue, yes.whenTrue), all(condition.whenFalse, no.whenTrue)),
  whenFalse: any(all(condition.whenTrue, yes.whenFalse), all(condition.whenFalse, no.whenFalse)),
  exact: condition.exact && yes.exact && no.exact,
  parts: [...condition.parts, ...yes.parts, ...no.parts],
});

/** Takes from what is left for loops; the reason, if it is not enough. */
export const take = ({ left }: Context, itemTests: number): string | undefined => {
  if (itemTests > left.itemTests) return "too many tests of each item";
  left.itemTests -= itemTests;
  return undefined;
};

export const exactly = (node: ASTNode, context: Context, { whenTrue, whenFalse }: Sides): Split => ({
  whenTrue,
  whenFalse,
  exact: true,
  parts: [part(node, context, undefined)],
});

export const rest = (node: ASTNode, context: Context, reason: string): Split => ({
  whenTrue: always,
  whenFalse: always,
  exact: false,
  parts: [part(node, context, reason)],
});

const part = ({ start, end }: ASTNode, { text }: Context, reason: string | undefined): ExpressionPart => ({
  start,
  end,
  text: text.slice(start, end),
  pushed: reason === undefined,
  ...(reason === undefined ? {} : { reason }),
});

export const sizeOf = (predicate: Predicate): number => {
  switch (predicate._tag) {
    case "All":
    case "Any":
      return predicate.of.reduce((size, part) => size + sizeOf(part), 1);
    case "Not":
      return 1 + sizeOf(predicate.of);
    case "Some":
      return 1 + sizeOf(predicate.holds);
    case "OneOf":
      return 1 + predicate.values.length / 8;
    default:
      return 1;
  }
};
