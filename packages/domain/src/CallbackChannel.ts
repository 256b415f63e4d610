/**
 * The port to receivers of callbacks.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { Attempt } from "./Attempt.ts";
import type { Channel, Secrets } from "./Channel.ts";
import type { InvalidInput } from "./Errors.ts";
import { type SequencedEvent, toWire } from "./Event.ts";
import type { JsonObject } from "./Json.ts";

/** What is told: a change of an entity, or a `ping` that has nothing but these three. */
export interface CallbackEvent extends JsonObject {
  readonly id: string;
  readonly type: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface Callback {
  /** The `webhook-id`: the same in every attempt, so that receivers can drop duplicates. Letters, digits, `_` and `-`. */
  readonly id: string;
  /** When this attempt is made, milliseconds since the epoch: the `webhook-timestamp`. */
  readonly at: number;
  readonly event: CallbackEvent;
  /** The envelope after the change. Absent in a ping. */
  readonly entity?: JsonObject | undefined;
  /** W3C `traceparent` under which the attempt is made. */
  readonly traceparent?: string | undefined;
}

/** What of an event is told: as the wire shows it, with its place in the feed (`sequence`), and the envelope. */
export const contentOf = (event: SequencedEvent): Pick<Callback, "event" | "entity"> => ({
  event: {
    ...toWire(event),
    id: event.id,
    type: event.type,
    at: new Date(event.at).toISOString(),
    sequence: event.sequence,
  },
  // Written by `toEnvelope` alone.
  entity: JSON.parse(event.envelope) as JsonObject,
});

export class CallbackChannel extends Context.Tag("@cadastre/domain/CallbackChannel")<
  CallbackChannel,
  {
    /**
     * Fails with every fault of the settings: a target that the guard refuses (a name that cannot be resolved now is let
     * pass, and is checked at every attempt), a secret that is missing, a mapping that cannot be read. Paths begin with
     * `/channel` or `/secrets`. Sends nothing to the receiver.
     */
    readonly check: (channel: Channel, secrets: Secrets) => Effect.Effect<void, InvalidInput>;

    /**
     * Tries once. Takes 15 s at the most, follows no redirect, connects to no address that the guard refuses. Whatever
     * happens is an {@link Attempt}. When interrupted, it closes the connection; the receiver may have taken the callback
     * nevertheless, as after a timeout.
     */
    readonly deliver: (channel: Channel, secrets: Secrets, callback: Callback) => Effect.Effect<Attempt>;
  }
>() {}
