/**
 * Change events: the audit log and the feed. Exactly one per revision of an entity, written in the transaction that makes
 * the revision; and one when a subscription is enabled or disabled.
 */
import * as Schema from "effect/Schema";
import type { EntityUid } from "./Entity.ts";
import type { Json, JsonObject } from "./Json.ts";
import type { Via } from "./Principal.ts";
import type { ReferenceKey } from "./Reference.ts";
import type { SubscriptionId } from "./SubscriptionId.ts";

/** A write that changes the state is `activated` or `deactivated`, even if it changes other fields too. */
export const EventType = Schema.Literal(
  "entity.created",
  "entity.updated",
  "entity.deleted",
  "entity.activated",
  "entity.deactivated",
  "subscription.enabled",
  "subscription.disabled",
).annotations({ identifier: "EventType" });

export type EventType = typeof EventType.Type;

/** One operation of a JSON Patch (RFC 6902 §4). */
export interface PatchOperation {
  readonly op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  readonly path: string;
  readonly from?: string;
  readonly value?: Json;
}

export interface ChangeEvent {
  /** `evt_` and a UUIDv7. */
  readonly id: string;
  readonly type: EventType;
  readonly uid: EntityUid | SubscriptionId;
  readonly reference: ReferenceKey;
  /** The revision that the change made; for a deletion, one more than the last. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly actor: string;
  readonly via: Via;
  readonly requestId: string;
  /** W3C `traceparent` of the call that made the change. */
  readonly traceparent?: string | undefined;
  /** From the revision before to this one, over the document and `status.state`. Empty for created and deleted. */
  readonly patch: ReadonlyArray<PatchOperation>;
  /** The envelope after the change, as JSON text; for a deletion, the last there was; for a subscription, one like it. */
  readonly envelope: string;
}

/** An event with its place in the feed. */
export interface SequencedEvent extends ChangeEvent {
  /** Grows with every event and never points at one that became visible later than a higher one. */
  readonly sequence: number;
}

/** The event as the wire and expressions show it, without its place in the feed and without the envelope. */
export const toWire = (event: ChangeEvent): JsonObject => ({
  id: event.id,
  type: event.type,
  uid: event.uid,
  reference: event.reference,
  revision: event.revision,
  at: new Date(event.at).toISOString(),
  actor: event.actor,
  via: event.via,
  requestId: event.requestId,
  ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
  patch: event.patch.map((operation) => ({ ...operation })),
});
