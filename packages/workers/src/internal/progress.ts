/**
 * What becomes of a delivery, and of its job.
 */
import type { Attempt } from "@cadastre/domain/Attempt";
import { type Delivery, PING } from "@cadastre/domain/Delivery";
import { done, type Outcome } from "@cadastre/domain/Job";
import type { Subscription } from "@cadastre/domain/Subscription";

export interface Progress {
  readonly delivery: Delivery;
  readonly outcome: Outcome;
}

/** After an attempt that ended at `now`; `random`, below 1, is the jitter. */
export const tried = (
  subscription: Subscription,
  before: Delivery,
  attempt: Attempt,
  now: number,
  random: number,
): Progress => {
  const delivery = { ...before, attempts: before.attempts + 1, tries: before.tries + 1 };
  if (attempt.outcome === "delivered") return ended({ ...delivery, reason: undefined }, "delivered", now);
  const failed = { ...delivery, reason: attempt.message };
  if (delivery.type === PING) return ended(failed, "dead", now);
  if (attempt.outcome === "gone") return held(failed, attempt.message);
  const delay = subscription.retry[delivery.tries];
  if (delay === undefined) return ended(failed, "dead", now);
  const nextAt = now + Math.max(jittered(delay, random), attempt.retryAfter ?? 0);
  return {
    delivery: { ...failed, nextAt },
    outcome: { _tag: "Failed", error: attempt.message, retryAt: nextAt },
  };
};

/** Not tried, and not to be until then. */
export const postponed = ({ ordered }: Subscription, before: Delivery, until: number, reason: string): Progress => ({
  delivery: { ...before, nextAt: until, reason },
  // A job that is postponed lets the next of its entity go first.
  outcome: ordered ? { _tag: "Failed", error: reason, retryAt: until } : { _tag: "Postponed", until },
});

/** It goes on when there is nothing in its way. */
export const held = (before: Delivery, reason: string): Progress => ({
  delivery: { ...before, state: "held", job: undefined, nextAt: undefined, reason },
  outcome: done,
});

export const dead = (before: Delivery, reason: string, now: number): Progress =>
  ended({ ...before, reason }, "dead", now);

const ended = (before: Delivery, state: "delivered" | "dead", now: number): Progress => ({
  delivery: { ...before, state, job: undefined, nextAt: undefined, finishedAt: now },
  outcome: done,
});

/** ±20 % */
const jittered = (delay: number, random: number): number => Math.round(delay * (0.8 + 0.4 * random));
