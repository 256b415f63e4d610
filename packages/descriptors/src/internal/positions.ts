import * as Fault from "@cadastre/domain/Fault";

/** A place in a text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A fault that knows where in its file it is. */
export interface PlacedFault extends Fault.Fault, Position {}

/** Where each line of a text starts. */
export interface Lines {
  readonly positionOf: (offset: number) => Position;
  /** The text of the line that holds the offset. */
  readonly textAt: (offset: number) => string;
}

/** Lines of a text that starts at `first` of its file. */
export const linesOf = (text: string, first: Position): Lines => {
  const starts = [0];
  for (let i = text.indexOf("\n"); i !== -1; i = text.indexOf("\n", i + 1)) starts.push(i + 1);

  /** The last line that starts at or before the offset. */
  const indexOf = (offset: number): number => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  };

  return {
    positionOf: (offset) => {
      const index = indexOf(offset);
      const column = offset - (starts[index] ?? 0);
      return { line: first.line + index, column: column + (index === 0 ? first.column : 1) };
    },
    textAt: (offset) => {
      const index = indexOf(offset);
      return text.slice(starts[index], starts[index + 1]).replace(/\r?\n$/, "");
    },
  };
};

/** At most as many as a document's faults may be. */
export const limit = (faults: ReadonlyArray<PlacedFault>): ReadonlyArray<PlacedFault> => {
  const last = faults[Fault.MAX_FAULTS - 1];
  if (last === undefined) return faults;
  const { line, column } = last;
  return Fault.limit(faults).map((fault) => ({ line, column, ...fault }));
};

/** The reference tokens of a JSON pointer. */
export const segmentsOf = (pointer: string): ReadonlyArray<string> =>
  pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
