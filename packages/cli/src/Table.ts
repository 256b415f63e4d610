/**
 * Tables for people: columns under headings, cut to the terminal's width; whole where the output is no terminal.
 */
import { columns, cut, pad, printable } from "./internal/text.ts";
import type { Style } from "./Output.ts";

interface Layout {
  readonly style: Style;
  /** Undefined: as wide as need be. */
  readonly width: number | undefined;
  /** Columns that are cut last, by index: what a reader has to copy. */
  readonly keep: ReadonlyArray<number>;
  /** Columns of numbers, by index: they end where the others begin. */
  readonly right?: ReadonlyArray<number>;
}

const GAP = 2;

const NARROWEST = 6;

export const render = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  { style, width, keep, right = [] }: Layout,
): string => {
  const cells = rows.map((row) => row.map(printable));
  const natural = head.map((title, i) => Math.max(columns(title), ...cells.map((row) => columns(row[i] ?? ""))));
  const widths = shrink(natural, width, keep);
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((cell, i) => {
        const shown = cut(cell, widths[i] ?? 0);
        return right.includes(i) ? shown.padStart(widths[i] ?? 0) : pad(shown, widths[i] ?? 0);
      })
      .join(" ".repeat(GAP))
      .trimEnd();
  return `${[style.bold(line(head)), ...cells.map(line)].join("\n")}\n`;
};

/** Takes from the widest column first, and from the kept ones only when the others have nothing left to give. */
const shrink = (
  natural: ReadonlyArray<number>,
  width: number | undefined,
  keep: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const widths = [...natural];
  if (width === undefined) return widths;
  let surplus = widths.reduce((sum, column) => sum + column, GAP * (widths.length - 1)) - width;
  for (const indexes of [widths.map((_, i) => i).filter((i) => !keep.includes(i)), keep]) {
    while (surplus > 0) {
      const widest = indexes.reduce<number | undefined>(
        (best, i) => (best === undefined || (widths[i] ?? 0) > (widths[best] ?? 0) ? i : best),
        undefined,
      );
      if (widest === undefined || (widths[widest] ?? 0) <= NARROWEST) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
      surplus--;
    }
  }
  return widths;
};
