/**
 * How often one may ask: each principal, and each address of those who have not said who they are. The fields of the answers are
 * those of draft-ietf-httpapi-ratelimit-headers-09.
 */
import { isIP } from "node:net";
import type { RateLimit } from "../RateLimit.ts";
import { Refusal } from "./answer.ts";

export interface Limiter {
  /** Counts a request of the key at `now`, in milliseconds. */
  readonly take: (key: string, now: number) => Taken;
}

export interface Taken {
  /** Seconds after which it may come again; undefined: it may be served now. */
  readonly retryAfter: number | undefined;
  /** `RateLimit-Policy` and `RateLimit`. */
  readonly headers: { readonly [name: string]: string };
}

/** Keys that are remembered; the one that was not seen for longest goes first. */
const CAPACITY = 20_000;

/**
 * A bucket of `quota` requests that fills up within `period`, as GCRA: of each key no more is kept than the moment at which its
 * bucket is full again.
 */
export const make = (name: string, { quota, period }: RateLimit, capacity = CAPACITY): Limiter => {
  const fullAt = new Map<string, number>();
  const each = period / quota;
  const policy = `"${name}";q=${quota};w=${Math.max(1, Math.round(period / 1000))}`;
  return {
    take: (key, now) => {
      // Not later than a whole period from now, or a clock that was set back would shut somebody out.
      const before = Math.min(Math.max(fullAt.get(key) ?? now, now), now + period);
      const after = before + each;
      const isTooMuch = after > now + period;
      const at = isTooMuch ? before : after;
      fullAt.delete(key);
      fullAt.set(key, at);
      if (fullAt.size > capacity) fullAt.delete(fullAt.keys().next().value ?? "");
      const left = Math.floor((now + period - at) / each + 1e-6);
      return {
        retryAfter: isTooMuch ? Math.max(1, Math.ceil((after - now - period) / 1000)) : undefined,
        headers: {
          "ratelimit-policy": policy,
          ratelimit: `"${name}";r=${left};t=${Math.ceil((at - now) / 1000)}`,
        },
      };
    },
  };
};

export const refusal = (who: string, retryAfter: number): Refusal =>
  new Refusal({
    failure: "RateLimited",
    detail: `${who} asks too often: wait ${retryAfter} s, and then ask less.`,
    headers: { "retry-after": String(retryAfter) },
  });

/** One household has a whole network of IPv6 addresses: they count as one. */
export const keyOf = (address: string): string => {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const start = head === "" ? [] : head.split(":");
  const end = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - start.length - end.length;
  return [...start, ...Array<string>(Math.max(0, zeros)).fill("0"), ...end]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":");
};
