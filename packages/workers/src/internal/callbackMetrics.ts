/**
 * What is measured of callbacks.
 */
import type { Attempt } from "@cadastre/domain/Attempt";
import type { Channel } from "@cadastre/domain/Channel";
import * as Meter from "@cadastre/domain/Meter";
import type { DisabledReason } from "@cadastre/domain/Subscription";
import type * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { Endpoints } from "./endpoints.ts";

const attempts = Meter.counter(
  "cadastre_callback_attempts_total",
  "Attempts to deliver a callback by channel and outcome: delivered, gone (410), or why it failed.",
  ["channel", "outcome"],
);

const duration = Meter.histogram(
  "cadastre_callback_duration_seconds",
  "Seconds that attempts to deliver a callback took.",
  [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
  ["channel"],
);

const dead = Meter.counter("cadastre_callbacks_dead_total", "Callbacks that were given up.");

const disabled = Meter.counter(
  "cadastre_subscriptions_disabled_total",
  "Subscriptions that were disabled because their receiver is gone or only fails.",
  ["reason"],
);

const breakers = Meter.gauge(
  "cadastre_callback_breakers_open",
  "Receivers that this process leaves alone for a while, because they fail or asked for it.",
);

export const attempted = ({ type }: Channel, { outcome, failure }: Attempt, seconds: number): void => {
  attempts.add(1, type, outcome === "failed" ? (failure ?? outcome) : outcome);
  duration.observe(seconds, type);
};

export const gaveUp = (): void => dead.add(1);

export const turnedOff = (reason: DisabledReason): void => disabled.add(1, reason);

/** Tells of the receivers until the scope is closed. */
export const watch = (endpoints: Endpoints): Effect.Effect<void, never, Scope.Scope> =>
  Meter.beforeRead(() => breakers.set(endpoints.opened(Date.now())));
