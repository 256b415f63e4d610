import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Stream from "effect/Stream";

/** What a listener may wait for. */
export type Topic = "events" | "jobs";

/**
 * The port that ends waiting early. A wake-up is a hint and no promise: it may be lost, and several may come as one, so who
 * listens also looks from time to time.
 */
export class Wakeups extends Context.Tag("@cadastre/domain/Wakeups")<
  Wakeups,
  {
    /** Wakes all who listen; to be called after the commit, never inside a transaction. */
    readonly notify: (topic: Topic) => Effect.Effect<void>;

    /** An element after each notification, from this replica or another. A slow listener finds several as one. */
    readonly listen: (topic: Topic) => Stream.Stream<void>;
  }
>() {}
