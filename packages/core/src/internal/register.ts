/**
 * Where each reference of a batch stands: the one thing that is held of every document until the end.
 */
import type { ReferenceKey } from "@cadastre/domain/Reference";

export interface Place {
  readonly index: number;
  readonly line: number;
}

/** Another place of the same reference; beside the two there are `more`. */
export interface Rival extends Place {
  readonly more: number;
}

interface Rivals {
  readonly first: Place;
  readonly second: Place;
  readonly more: number;
}

export interface Register {
  readonly note: (key: ReferenceKey, place: Place) => void;

  /** Where else the reference of the document at `index` stands, if it does. */
  readonly rival: (key: ReferenceKey, index: number) => Rival | undefined;

  /** References that stand at more than one place. */
  readonly conflicts: () => number;
}

export const make = (): Register => {
  // Two numbers a document, not an object: a million of them should fit.
  const indexes = new Map<ReferenceKey, number>();
  const lines: Array<number> = [];
  const rivals = new Map<ReferenceKey, Rivals>();

  return {
    note: (key, place) => {
      lines[place.index] = place.line;
      const index = indexes.get(key);
      if (index === undefined) {
        indexes.set(key, place.index);
        return;
      }
      const before = rivals.get(key);
      const second = { index: place.index, line: place.line };
      if (before === undefined) rivals.set(key, { first: { index, line: lines[index] ?? 0 }, second, more: 0 });
      else rivals.set(key, { ...before, more: before.more + 1 });
    },

    rival: (key, index) => {
      const found = rivals.get(key);
      if (found === undefined) return undefined;
      return { ...(found.first.index === index ? found.second : found.first), more: found.more };
    },

    conflicts: () => rivals.size,
  };
};
