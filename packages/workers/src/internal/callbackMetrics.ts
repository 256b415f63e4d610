import * as Metric from "effect/Metric";

/** Attempts by `outcome`: delivered, failed, gone. */
export const attempts = Metric.counter("cadastre_callback_attempts_total", {
  description: "Attempts to deliver a callback",
  incremental: true,
});

/** Deliveries that were given up. */
export const dead = Metric.counter("cadastre_callbacks_dead_total", {
  description: "Callbacks that were given up",
  incremental: true,
});

/** Subscriptions that were disabled by `reason`: gone, failing. */
export const disabled = Metric.counter("cadastre_subscriptions_disabled_total", {
  description: "Subscriptions that were disabled because their receiver is gone or only fails",
  incremental: true,
});
