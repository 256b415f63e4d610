/**
 * How a filter was dealt with, for people.
 */
import type { Explanation } from "@cadastre/api/Conditions";
import { count } from "./internal/text.ts";
import type { Style } from "./Output.ts";

/** Of the pages of one list: they differ in what was evaluated alone. */
export const view = (pages: ReadonlyArray<typeof Explanation.Type>, style: Style): string => {
  const [first] = pages;
  if (first === undefined) return "There is no filter to explain.";
  const evaluated = pages.reduce((sum, page) => sum + page.evaluated, 0);
  return [
    style.bold("Filter"),
    ...first.parts.map(({ text, pushed, reason }) =>
      pushed
        ? `  ${style.green("store")}     ${text}`
        : `  ${style.yellow("evaluated")} ${text}${reason === undefined ? "" : style.dim(` (${reason})`)}`,
    ),
    first.exact
      ? "  The store decides on all of it: nothing was evaluated."
      : `  It was evaluated on ${count(evaluated, "entity", "entities")}, at an estimated ${count(first.cost, "step")} each at the most.`,
  ].join("\n");
};
