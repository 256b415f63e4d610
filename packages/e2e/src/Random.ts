/**
 * Chance that can be repeated: the seed is in every message, and the same seed makes the same choices.
 */
export interface Random {
  /** A whole number, 0 or more and less than `limit`. */
  readonly below: (limit: number) => number;
}

/** Mulberry32. */
export const make = (seed: number): Random => {
  let state = seed >>> 0;
  return {
    below: (limit) => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) % limit;
    },
  };
};
