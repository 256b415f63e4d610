import { Channel } from "@cadastre/domain/Channel";
import { EventType } from "@cadastre/domain/Event";
import { DisabledReason, type Subscription, type SubscriptionRecord } from "@cadastre/domain/Subscription";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as Schema from "effect/Schema";
import type { Insertion } from "../Engine.ts";

export const INSERTION: Insertion = {
  into: "subscriptions",
  columns: [
    "id",
    "name",
    "channel",
    "sealed",
    "types",
    "filter",
    "retry",
    "rate_limit",
    "ordered",
    "disabled_reason",
    "disabled_at",
    "revision",
    "created_at",
    "updated_at",
    "since",
    "until",
  ],
};

/** With what happened to them: for archives, which restore it. */
export const WHOLE: Insertion = {
  into: "subscriptions",
  columns: [...INSERTION.columns, "failing_since", "unevaluated", "unevaluated_sample"],
};

/** The values of {@link INSERTION}'s columns. */
export const valuesOf = (subscription: Subscription): ReadonlyArray<unknown> => [
  subscription.id,
  subscription.name,
  encodeChannel(subscription.channel),
  subscription.sealed,
  JSON.stringify(subscription.types),
  subscription.filter ?? null,
  JSON.stringify(subscription.retry),
  subscription.rateLimit,
  subscription.ordered ? 1 : 0,
  subscription.disabled?.reason ?? null,
  subscription.disabled?.at ?? null,
  subscription.revision,
  subscription.createdAt,
  subscription.updatedAt,
  subscription.since,
  subscription.until ?? null,
];

/** The values of {@link WHOLE}'s columns. */
export const wholeOf = (record: SubscriptionRecord): ReadonlyArray<unknown> => [
  ...valuesOf(record),
  record.failingSince ?? null,
  record.unevaluated,
  record.sample === undefined ? null : JSON.stringify(record.sample),
];

const StoredChannel = Schema.parseJson(Channel);

const encodeChannel = Schema.encodeSync(StoredChannel);

const SubscriptionRow = Schema.Struct({
  id: SubscriptionId,
  name: Schema.String,
  channel: StoredChannel,
  sealed: Schema.String,
  types: Schema.parseJson(Schema.Array(EventType)),
  filter: Schema.NullOr(Schema.String),
  retry: Schema.parseJson(Schema.Array(Schema.Number)),
  rate_limit: Schema.Number,
  ordered: Schema.Number,
  disabled_reason: Schema.NullOr(DisabledReason),
  disabled_at: Schema.NullOr(Schema.Number),
  revision: Schema.Number,
  created_at: Schema.Number,
  updated_at: Schema.Number,
  since: Schema.Number,
  until: Schema.NullOr(Schema.Number),
  failing_since: Schema.NullOr(Schema.Number),
  unevaluated: Schema.Number,
  unevaluated_sample: Schema.NullOr(
    Schema.parseJson(Schema.Struct({ reference: Schema.String, message: Schema.String })),
  ),
});

const decodeRow = Schema.decodeUnknownSync(SubscriptionRow);

export const decode = (row: unknown): SubscriptionRecord => {
  const { id, name, channel, sealed, types, retry, revision, since, unevaluated, ...rest } = decodeRow(row);
  return {
    id,
    name,
    channel,
    sealed,
    types,
    retry,
    revision,
    since,
    unevaluated,
    filter: rest.filter ?? undefined,
    rateLimit: rest.rate_limit,
    ordered: rest.ordered === 1,
    disabled:
      rest.disabled_reason === null || rest.disabled_at === null
        ? undefined
        : { reason: rest.disabled_reason, at: rest.disabled_at },
    createdAt: rest.created_at,
    updatedAt: rest.updated_at,
    until: rest.until ?? undefined,
    failingSince: rest.failing_since ?? undefined,
    sample: rest.unevaluated_sample ?? undefined,
  };
};
