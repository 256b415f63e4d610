/**
 * How often one caller may ask, as settings write it: `5000/10s`.
 */
export interface RateLimit {
  /** Requests that one may have at once, and within `period`. */
  readonly quota: number;
  /** Milliseconds in which the quota is whole again; it comes back bit by bit. */
  readonly period: number;
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `off`: undefined. Null: it is no such limit. */
export const parse = (text: string): RateLimit | undefined | null => {
  if (text.trim() === "off") return undefined;
  const [, quota, count, unit] = /^([1-9]\d{0,8})\/([1-9]\d{0,5})(ms|s|m|h)$/.exec(text.trim()) ?? [];
  // The expression admits no other unit.
  return quota === undefined
    ? null
    : { quota: Number(quota), period: Number(count) * UNITS[unit as keyof typeof UNITS] };
};
