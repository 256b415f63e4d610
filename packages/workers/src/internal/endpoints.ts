/**
 * What one process knows of each receiver: how fast it may be called, and whether there is any use in calling it.
 *
 * A breaker opens after ten failures in a row, or if of ten or more attempts in five minutes seven in ten failed. While it is
 * open nobody is sent; then one is, and decides whether it closes or stays open for twice as long.
 */
import type { Attempt } from "@cadastre/domain/Attempt";
import type { Subscription } from "@cadastre/domain/Subscription";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";

/** Times are milliseconds since the epoch. */
export type Admission =
  | { readonly _tag: "Go"; readonly at: number; readonly isProbe: boolean }
  /** Not now: to be asked for again then. */
  | { readonly _tag: "Later"; readonly until: number };

export interface Endpoints {
  /** Asks for a turn; `random`, below 1, spreads those who have to wait. Who is let go has to {@link Endpoints.note} how it went; a probe that did not, to {@link Endpoints.giveUp} its turn. */
  readonly admit: (subscription: Subscription, now: number, random: number) => Admission;
  readonly note: (subscription: Subscription, attempt: Attempt, now: number) => void;
  readonly giveUp: (subscription: Subscription) => void;
  /** Receivers that nobody is let go to now. */
  readonly opened: (now: number) => number;
}

interface Endpoint {
  /** Changed settings may make a dead receiver a good one. */
  readonly revision: number;
  /** When the next attempt may begin. */
  nextAt: number;
  /** Of the last attempts, the oldest first. */
  outcomes: Array<{ readonly at: number; readonly isGood: boolean }>;
  openUntil: number;
  /** For how long it is opened the next time. */
  openFor: number;
  /** The one that is let through while it is open. */
  isProbing: boolean;
}

const WINDOW = 5 * 60_000;

const LEAST = 10;

const SHARE = 0.7;

const MIN_OPEN = 30_000;

const MAX_OPEN = 30 * 60_000;

/** Milliseconds for a probe to come back. */
const PROBE = 15_000;

export const make = (): Endpoints => {
  const endpoints = new Map<SubscriptionId, Endpoint>();

  const get = ({ id, revision }: Subscription): Endpoint => {
    const known = endpoints.get(id);
    if (known?.revision === revision) return known;
    const fresh: Endpoint = {
      revision,
      nextAt: 0,
      outcomes: [],
      openUntil: 0,
      openFor: MIN_OPEN,
      isProbing: false,
    };
    endpoints.set(id, fresh);
    return fresh;
  };

  return {
    admit: (subscription, now, random) => {
      const endpoint = get(subscription);
      const spread = (span: number) => Math.round(span * random);
      if (now < endpoint.openUntil) return later(endpoint.openUntil + spread(endpoint.openUntil - now));
      const isProbe = endpoint.openUntil > 0;
      if (isProbe && endpoint.isProbing) return later(now + PROBE + spread(PROBE));
      endpoint.isProbing = isProbe;
      const at = Math.max(now, endpoint.nextAt);
      endpoint.nextAt = at + 1000 / subscription.rateLimit;
      return { _tag: "Go", at, isProbe };
    },

    note: (subscription, { outcome, retryAfter }, now) => {
      const endpoint = get(subscription);
      const isGood = outcome === "delivered";
      if (endpoint.isProbing) {
        endpoint.isProbing = false;
        if (isGood) {
          close(endpoint);
        } else {
          open(endpoint, now);
        }
      }
      endpoint.outcomes = [...endpoint.outcomes.filter(({ at }) => at > now - WINDOW).slice(-49), { at: now, isGood }];
      if (endpoint.openUntil === 0 && isHopeless(endpoint)) open(endpoint, now);
      if (retryAfter !== undefined) endpoint.openUntil = Math.max(endpoint.openUntil, now + retryAfter);
    },

    giveUp: ({ id, revision }) => {
      const endpoint = endpoints.get(id);
      if (endpoint?.revision === revision) endpoint.isProbing = false;
    },

    opened: (now) => [...endpoints.values()].filter(({ openUntil }) => now < openUntil).length,
  };
};

const later = (until: number): Admission => ({ _tag: "Later", until });

const isHopeless = ({ outcomes }: Endpoint): boolean =>
  outcomes.length >= LEAST && outcomes.filter(({ isGood }) => !isGood).length >= SHARE * outcomes.length;

const open = (endpoint: Endpoint, now: number): void => {
  endpoint.openUntil = now + endpoint.openFor;
  endpoint.openFor = Math.min(2 * endpoint.openFor, MAX_OPEN);
};

const close = (endpoint: Endpoint): void => {
  endpoint.openUntil = 0;
  endpoint.openFor = MIN_OPEN;
  endpoint.outcomes = [];
};
