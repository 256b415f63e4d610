/**
 * Between rows and the records of an archive, whose times are ISO 8601.
 */
import type { ArchiveRecord } from "@cadastre/domain/Archive";
import type { Delivery } from "@cadastre/domain/Delivery";
import { type EntityUid, toRecord } from "@cadastre/domain/Entity";
import type { EntityWrite } from "@cadastre/domain/EntityStore";
import type { PatchOperation, SequencedEvent } from "@cadastre/domain/Event";
import * as Relation from "@cadastre/domain/Relation";
import type { SubscriptionRecord } from "@cadastre/domain/Subscription";
import type { Token } from "@cadastre/domain/Token";
import type { Row } from "@effect/sql/SqlConnection";
import * as Either from "effect/Either";
import * as deliveryRows from "./deliveryRows.ts";
import * as eventRows from "./eventRows.ts";
import * as subscriptionRows from "./subscriptionRows.ts";
import * as tokenRows from "./tokenRows.ts";

type Of<Type extends ArchiveRecord["type"]> = Extract<ArchiveRecord, { readonly type: Type }>;

export const entityRecord = (row: Row): Of<"entity"> => ({
  type: "entity",
  // The store's trust in its own columns.
  uid: row["uid"] as EntityUid,
  envelope: JSON.parse(String(row["envelope"])),
});

export const eventRecord = (row: Row): Of<"event"> => {
  const { type, at, envelope, ...event } = eventRows.decode(row);
  return { ...event, type: "event", event: type, at: toIso(at), envelope: JSON.parse(envelope) };
};

/** `dispatched`: the last event that was given to all subscriptions. */
export const subscriptionRecord =
  (dispatched: number) =>
  (row: Row): Of<"subscription"> => {
    const { filter, disabled, createdAt, updatedAt, since, until, failingSince, sample, ...subscription } =
      subscriptionRows.decode(row);
    return {
      type: "subscription",
      ...subscription,
      ...(filter === undefined ? {} : { filter }),
      ...(disabled === undefined ? {} : { disabled: { ...disabled, at: toIso(disabled.at) } }),
      createdAt: toIso(createdAt),
      updatedAt: toIso(updatedAt),
      since: Math.max(since, dispatched),
      ...(until === undefined ? {} : { until }),
      ...(failingSince === undefined ? {} : { failingSince: toIso(failingSince) }),
      ...(sample === undefined ? {} : { sample }),
    };
  };

export const deliveryRecord = (row: Row): Of<"delivery"> => {
  const { id, subscription, type, subject, createdAt } = deliveryRows.decode(row);
  if (subject === undefined) throw new Error("a ping is not archived");
  return { type: "delivery", id, subscription, event: type, ...subject, createdAt: toIso(createdAt) };
};

export const tokenRecord = (row: Row): Of<"token"> => {
  const { createdAt, expiresAt, lastUsedAt, revokedAt, ...token } = tokenRows.decode(row);
  return {
    type: "token",
    ...token,
    createdAt: toIso(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: toIso(expiresAt) }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: toIso(lastUsedAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: toIso(revokedAt) }),
  };
};

/** Left: a sentence that says what the record contradicts. */
export const toWrite = ({ uid, envelope }: Of<"entity">): Either.Either<EntityWrite, string> => {
  if (envelope.metadata.uid !== uid) return Either.left(`the envelope of ${uid} is one of ${envelope.metadata.uid}`);
  const record = toRecord(envelope);
  return Either.right({ record, envelope: JSON.stringify(envelope), edges: Relation.edgesOf(record.document) });
};

export const toEvent = ({ event, at, envelope, patch, ...rest }: Of<"event">): SequencedEvent => ({
  ...rest,
  type: event,
  at: Date.parse(at),
  // An archive leaves operations untyped; they were typed when they were written.
  patch: patch as ReadonlyArray<PatchOperation>,
  envelope: JSON.stringify(envelope),
});

export const toToken = ({ type: _, createdAt, expiresAt, lastUsedAt, revokedAt, ...token }: Of<"token">): Token => ({
  ...token,
  createdAt: Date.parse(createdAt),
  expiresAt: toMillis(expiresAt),
  lastUsedAt: toMillis(lastUsedAt),
  revokedAt: toMillis(revokedAt),
});

export const toSubscription = ({
  type: _,
  filter,
  disabled,
  createdAt,
  updatedAt,
  until,
  failingSince,
  sample,
  ...subscription
}: Of<"subscription">): SubscriptionRecord => ({
  ...subscription,
  filter,
  disabled: disabled === undefined ? undefined : { ...disabled, at: Date.parse(disabled.at) },
  createdAt: Date.parse(createdAt),
  updatedAt: Date.parse(updatedAt),
  until,
  failingSince: toMillis(failingSince),
  sample,
});

export const toDelivery = ({
  id,
  subscription,
  event,
  sequence,
  uid,
  reference,
  createdAt,
}: Of<"delivery">): Delivery => ({
  id,
  subscription,
  type: event,
  subject: { sequence, uid, reference },
  state: "held",
  attempts: 0,
  tries: 0,
  job: undefined,
  createdAt: Date.parse(createdAt),
  nextAt: undefined,
  finishedAt: undefined,
  reason: undefined,
});

const toIso = (time: number): string => new Date(time).toISOString();

const toMillis = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
