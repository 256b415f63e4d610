import * as Schema from "effect/Schema";

/** `sub_` and a UUIDv7. */
export const SubscriptionId = Schema.String.pipe(
  Schema.pattern(/^sub_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  Schema.brand("SubscriptionId"),
  Schema.annotations({ identifier: "SubscriptionId" }),
);

export type SubscriptionId = typeof SubscriptionId.Type;
