import { EntityUid } from "@cadastre/domain/Entity";
import { type ChangeEvent, EventType, type PatchOperation, type SequencedEvent } from "@cadastre/domain/Event";
import { Via } from "@cadastre/domain/Principal";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as Schema from "effect/Schema";
import type { Insertion } from "../Engine.ts";

const COLUMNS = [
  "id",
  "type",
  "uid",
  "reference",
  "revision",
  "at",
  "actor",
  "via",
  "request_id",
  "traceparent",
  "patch",
  "envelope",
];

export const insertion = (...first: ReadonlyArray<string>): Insertion => ({
  into: "events",
  columns: [...first, ...COLUMNS],
});

/** The values of {@link COLUMNS}. */
export const valuesOf = (event: ChangeEvent): ReadonlyArray<unknown> => [
  event.id,
  event.type,
  event.uid,
  event.reference,
  event.revision,
  event.at,
  event.actor,
  event.via,
  event.requestId,
  event.traceparent ?? null,
  JSON.stringify(event.patch),
  event.envelope,
];

const EventRow = Schema.Struct({
  sequence: Schema.Number,
  id: Schema.String,
  type: EventType,
  uid: Schema.Union(EntityUid, SubscriptionId),
  reference: Schema.String,
  revision: Schema.Number,
  at: Schema.Number,
  actor: Schema.String,
  via: Via,
  request_id: Schema.String,
  traceparent: Schema.NullOr(Schema.String),
  patch: Schema.String,
  envelope: Schema.String,
});

const decodeRow = Schema.decodeUnknownSync(EventRow);

export const decode = (row: unknown): SequencedEvent => {
  const { request_id, traceparent, patch, ...event } = decodeRow(row);
  return {
    ...event,
    requestId: request_id,
    ...(traceparent === null ? {} : { traceparent }),
    // The store's trust in its own text: `append` wrote it from typed operations.
    patch: JSON.parse(patch) as ReadonlyArray<PatchOperation>,
  };
};
