/**
 * Times as settings write them: `500ms`, `30s`, `5m`, `1h`.
 */
const UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Milliseconds, more than 0; undefined if it is no such time. */
export const parse = (text: string): number | undefined => {
  const [, digits, unit] = /^([1-9]\d{0,8})(ms|s|m|h)$/.exec(text.trim()) ?? [];
  // The expression admits no other unit.
  return digits === undefined ? undefined : Number(digits) * UNITS[unit as keyof typeof UNITS];
};

/** In the largest unit that it is a whole number of. */
export const print = (millis: number): string => {
  const [unit, size] = Object.entries(UNITS).find(([, size]) => millis % size === 0) ?? ["ms", 1];
  return `${millis / size}${unit}`;
};
