import { Attempt } from "@cadastre/domain/Attempt";
import { type Delivery, DeliveryState, type LoggedAttempt, MessageId, PING } from "@cadastre/domain/Delivery";
import { EventType } from "@cadastre/domain/Event";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as Schema from "effect/Schema";
import type { Insertion } from "../Engine.ts";

/** What changes in the course of a delivery. */
export const MOVING = {
  state: "text",
  attempts: "integer",
  tries: "integer",
  job: "integer",
  next_at: "integer",
  finished_at: "integer",
  reason: "text",
} as const;

export const INSERTION: Insertion = {
  into: "deliveries",
  columns: ["id", "subscription_id", "type", "sequence", "uid", "reference", "created_at", ...Object.keys(MOVING)],
};

/** The values of {@link INSERTION}'s columns. */
export const valuesOf = (delivery: Delivery): ReadonlyArray<unknown> => [
  delivery.id,
  delivery.subscription,
  delivery.type,
  delivery.subject?.sequence ?? null,
  delivery.subject?.uid ?? null,
  delivery.subject?.reference ?? null,
  delivery.createdAt,
  ...movingOf(delivery),
];

/** The values of {@link MOVING}'s columns. */
export const movingOf = (delivery: Delivery): ReadonlyArray<unknown> => [
  delivery.state,
  delivery.attempts,
  delivery.tries,
  delivery.job ?? null,
  delivery.nextAt ?? null,
  delivery.finishedAt ?? null,
  delivery.reason ?? null,
];

const DeliveryRow = Schema.Struct({
  id: MessageId,
  subscription_id: SubscriptionId,
  type: Schema.Union(EventType, Schema.Literal(PING)),
  sequence: Schema.NullOr(Schema.Number),
  uid: Schema.NullOr(Schema.String),
  reference: Schema.NullOr(Schema.String),
  state: DeliveryState,
  attempts: Schema.Number,
  tries: Schema.Number,
  job: Schema.NullOr(Schema.Number),
  created_at: Schema.Number,
  next_at: Schema.NullOr(Schema.Number),
  finished_at: Schema.NullOr(Schema.Number),
  reason: Schema.NullOr(Schema.String),
});

const decodeRow = Schema.decodeUnknownSync(DeliveryRow);

export const decode = (row: unknown): Delivery => {
  const { id, type, state, attempts, tries, sequence, uid, reference, ...rest } = decodeRow(row);
  return {
    id,
    type,
    state,
    attempts,
    tries,
    subscription: rest.subscription_id,
    subject: sequence === null || uid === null || reference === null ? undefined : { sequence, uid, reference },
    job: rest.job ?? undefined,
    createdAt: rest.created_at,
    nextAt: rest.next_at ?? undefined,
    finishedAt: rest.finished_at ?? undefined,
    reason: rest.reason ?? undefined,
  };
};

export const ATTEMPTS: Insertion = { into: "attempts", columns: ["delivery_id", "number", "at", "attempt"] };

const StoredAttempt = Schema.parseJson(Attempt);

const encodeAttempt = Schema.encodeSync(StoredAttempt);

/** The values of {@link ATTEMPTS}' columns. */
export const attemptValues = ({ delivery, number, at, ...attempt }: LoggedAttempt): ReadonlyArray<unknown> => [
  delivery,
  number,
  at,
  encodeAttempt(attempt),
];

const AttemptRow = Schema.Struct({
  delivery_id: MessageId,
  number: Schema.Number,
  at: Schema.Number,
  attempt: StoredAttempt,
});

const decodeAttemptRow = Schema.decodeUnknownSync(AttemptRow);

export const decodeAttempt = (row: unknown): LoggedAttempt => {
  const { delivery_id, number, at, attempt } = decodeAttemptRow(row);
  return { delivery: delivery_id, number, at, ...attempt };
};
