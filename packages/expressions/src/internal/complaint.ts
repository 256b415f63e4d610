/**
 * What is wrong with an expression, told with its place.
 */
export interface Complaint {
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

/** The complaint with its line, and a caret line below the piece that is meant. */
export const render = (text: string, { start, end, message }: Complaint): string => {
  const from = Math.min(start, text.length);
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  const lineEnd = text.indexOf("\n", from) === -1 ? text.length : text.indexOf("\n", from);
  const line = text.slice(0, lineStart).split("\n").length;
  const column = from - lineStart + 1;
  // A window, so that a line of 2,000 characters does not hide its caret.
  const left = Math.max(lineStart, from - 60);
  const right = Math.min(lineEnd, from + 60);
  const carets = "^".repeat(Math.max(1, Math.min(end, right) - from));
  return `line ${line}, column ${column}: ${message}\n  ${text.slice(left, right)}\n  ${" ".repeat(from - left)}${carets}`;
};

/** The candidate that was probably meant; undefined if none is near. */
export const nearest = (word: string, candidates: Iterable<string>): string | undefined => {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const away = distance(word.toLowerCase(), candidate.toLowerCase());
    if (away < least) {
      least = away;
      best = candidate;
    }
  }
  return least < word.length ? best : undefined;
};

/** Edits (Levenshtein) between two short words. */
const distance = (a: string, b: string): number => {
  if (a.length > 40 || b.length > 40) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, x] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, y] of [...b].entries()) {
      next.push(Math.min((row[j] ?? 0) + (x === y ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};
