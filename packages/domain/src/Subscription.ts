/**
 * Subscriptions: who is told of which changes, and how.
 */
import * as Schema from "effect/Schema";
import type { Channel } from "./Channel.ts";
import { EventType } from "./Event.ts";
import type { SubscriptionId } from "./SubscriptionId.ts";

/**
 * - `requested`: somebody disabled it
 * - `gone`: the receiver answered 410
 * - `failing`: for {@link FAILING_FOR} every attempt failed
 */
export const DisabledReason = Schema.Literal("requested", "gone", "failing").annotations({
  identifier: "DisabledReason",
  description:
    "`requested`: somebody did. `gone`: the receiver answered 410. `failing`: every attempt of five days failed.",
});

export type DisabledReason = typeof DisabledReason.Type;

/** Times are milliseconds since the epoch. */
export interface Subscription {
  readonly id: SubscriptionId;
  /** Unique without regard to case. */
  readonly name: string;
  readonly channel: Channel;
  /** The channel's `Secrets`, as the vault sealed them for this id. */
  readonly sealed: string;
  /** Events of any of these. Never empty. */
  readonly types: ReadonlyArray<EventType>;
  /** An expression of the environment `subscription` that must be true of the change. */
  readonly filter: string | undefined;
  /** Milliseconds before each attempt, from the end of the one before: as many attempts as there are delays. */
  readonly retry: ReadonlyArray<number>;
  /** Attempts a second at the most, from each replica. */
  readonly rateLimit: number;
  /** Whether the changes of one entity are told strictly one after the other. */
  readonly ordered: boolean;
  /** Why and since when it is disabled; undefined: it is enabled. */
  readonly disabled: { readonly reason: DisabledReason; readonly at: number } | undefined;
  /** 1 at the creation, one more at each change. */
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** It hears of events after this one, and up to `until` where that is given: it was disabled then. */
  readonly since: number;
  readonly until: number | undefined;
}

/** What happens to a subscription rather than what it is: it changes no revision. */
export interface SubscriptionHealth {
  /** When the first attempt failed since the last that succeeded; undefined: the last one succeeded, or there was none. */
  readonly failingSince: number | undefined;
  /** Events on which the filter could not be evaluated: they were not told. */
  readonly unevaluated: number;
  /** The last of them, and why. */
  readonly sample: { readonly reference: string; readonly message: string } | undefined;
}

export interface SubscriptionRecord extends Subscription, SubscriptionHealth {}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Ten attempts in about three days. */
export const DEFAULT_RETRY: ReadonlyArray<number> = [
  0,
  5 * SECOND,
  30 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  24 * HOUR,
  36 * HOUR,
];

export const MAX_ATTEMPTS = 20;

/** Milliseconds between two attempts. */
export const MAX_DELAY = 7 * 24 * HOUR;

export const DEFAULT_RATE = 25;

export const MAX_RATE = 1000;

/** Milliseconds of nothing but failures after which a subscription is disabled. */
export const FAILING_FOR = 5 * 24 * HOUR;

/** Milliseconds for which a replaced signing secret goes on signing, where nothing else is asked for. */
export const DEFAULT_OVERLAP = 24 * HOUR;

export const MAX_OVERLAP = 7 * 24 * HOUR;

/** What a subscription hears of that names no types: every change of an entity. */
export const DEFAULT_TYPES: ReadonlyArray<EventType> = EventType.literals.filter((type) => type.startsWith("entity."));

/** How events name it, where entities have their reference. */
export const keyOf = ({ name }: Pick<Subscription, "name">): string => `subscription:default/${name.toLowerCase()}`;

/** True if the subscription is to be told of events at this place of the feed. */
export const hears = ({ since, until }: Subscription, sequence: number): boolean =>
  sequence > since && (until === undefined || sequence <= until);
