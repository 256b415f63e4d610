import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { EntityUid } from "./Entity.ts";
import type { StoreUnavailable } from "./Errors.ts";
import type { ChangeEvent, SequencedEvent } from "./Event.ts";

/** The port behind which change events are kept. */
export class EventLog extends Context.Tag("@cadastre/domain/EventLog")<
  EventLog,
  {
    /** Appends events in the given order; only inside the transaction that makes the changes they tell of. */
    readonly append: (events: ReadonlyArray<ChangeEvent>) => Effect.Effect<void, StoreUnavailable>;

    /**
     * Up to `limit` events with a sequence above `after`, in order. Once a sequence was returned, no event with a lower one
     * will ever appear.
     */
    readonly since: (after: number, limit: number) => Effect.Effect<ReadonlyArray<SequencedEvent>, StoreUnavailable>;

    /** The highest sequence that {@link since} would return now; 0 in an empty log. */
    readonly head: Effect.Effect<number, StoreUnavailable>;

    /**
     * Events of one entity, the latest first, of revisions below `before` where that is given. With a `path` (JSON pointer)
     * only those that changed what stands there, in it or around it; the creation always counts.
     */
    readonly history: (
      uid: EntityUid,
      options: { readonly before?: number | undefined; readonly path?: string | undefined; readonly limit: number },
    ) => Effect.Effect<ReadonlyArray<SequencedEvent>, StoreUnavailable>;

    /**
     * The event that made one revision of an entity or a subscription. In the transaction that appended it, it is found too:
     * whatever was committed before has a lower sequence, be it one that {@link since} does not give yet.
     */
    readonly revision: (
      uid: ChangeEvent["uid"],
      revision: number,
    ) => Effect.Effect<Option.Option<SequencedEvent>, StoreUnavailable>;
  }
>() {}
