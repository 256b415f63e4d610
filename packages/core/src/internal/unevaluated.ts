import type { ReferenceKey } from "@cadastre/domain/Reference";

/** What an expression could not be evaluated on: it was left out. */
export interface Unevaluated {
  readonly count: number;
  /** The first of them, and why. */
  readonly sample: { readonly reference: ReferenceKey; readonly message: string };
}

export interface Tally {
  readonly note: (reference: ReferenceKey, message: string) => void;
  /** Undefined if there were none. */
  readonly result: () => Unevaluated | undefined;
}

export const make = (): Tally => {
  let count = 0;
  let sample: Unevaluated["sample"] | undefined;
  return {
    note: (reference, message) => {
      count += 1;
      sample ??= { reference, message };
    },
    result: () => sample && { count, sample },
  };
};
