import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
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
  }
>() {}
