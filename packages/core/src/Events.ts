/**
 * Use cases on the change feed.
 */
import type { InvalidInput, StoreUnavailable } from "@cadastre/domain/Errors";
import { EventLog } from "@cadastre/domain/EventLog";
import type { Expressions } from "@cadastre/domain/Expressions";
import type { Caller } from "@cadastre/domain/Principal";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";
import * as Feed from "./internal/feed.ts";

export type FeedQuery = Feed.Query;

export type FeedPage = Feed.Page;

export class Events extends Context.Tag("@cadastre/core/Events")<
  Events,
  {
    /**
     * Up to `limit` events after a sequence, in order. One call looks at no more than 20,000 events or for 250 ms, so it may
     * find none and yet not be at the end.
     */
    readonly list: (
      query: FeedQuery,
      after: number,
      limit: number,
    ) => Effect.Effect<FeedPage, Denied | InvalidInput, Caller>;

    /** The sequence after which the events stand that were made at a time (milliseconds since the epoch) or later. */
    readonly at: (time: number) => Effect.Effect<number, Denied, Caller>;

    /**
     * Pages of events as they happen, after a sequence or, without one, from now on; each event once and in order. A reader
     * that is slow keeps nobody waiting, and a page at the most is read ahead of it.
     */
    readonly follow: (
      query: FeedQuery,
      after: number | undefined,
    ) => Effect.Effect<Following, Denied | InvalidInput, Caller>;
  }
>() {}

export interface Following {
  /** Where the pages start. */
  readonly after: number;
  readonly pages: Stream.Stream<FeedPage, StoreUnavailable>;
}

/** Events of a page that is followed. */
const PAGE = 100;

/** After which one looks for events, woken or not: a wake-up may be lost. */
const POLL = "1 second";

const make = Effect.gen(function* () {
  const { head, since } = yield* EventLog;
  const { listen } = yield* Wakeups;
  const compile = yield* Feed.make;

  return Events.of({
    list: Effect.fn("Events.list")(function* (query: FeedQuery, after: number, limit: number) {
      const read = yield* compile(query);
      return yield* read(after, limit);
    }),

    // Events stand in the order of their times: each look halves what is left.
    at: Effect.fn("Events.at")(function* (time: number) {
      let before = 0;
      let end = yield* head;
      while (before < end) {
        const middle = Math.floor((before + end) / 2);
        const [next] = yield* since(middle, 1);
        if (next === undefined || next.at >= time) end = middle;
        else before = next.sequence;
      }
      return before;
    }),

    follow: Effect.fn("Events.follow")(function* (query: FeedQuery, from: number | undefined) {
      const read = yield* compile(query);
      const after = from ?? (yield* head);
      const pages = Stream.suspend(() => {
        let at = after;
        const page = Effect.suspend(() => Effect.mapError(read(at, PAGE), Option.some)).pipe(
          Effect.filterOrFail(({ next }) => next > at, Option.none),
          Effect.tap(({ next }) => {
            at = next;
          }),
        );
        const ticks = Stream.merge(Stream.tick(POLL), listen("events"));
        return Stream.flatMap(ticks, () => Stream.repeatEffectOption(page));
      });
      return { after, pages };
    }),
  });
});

export const layer: Layer.Layer<Events, never, EventLog | Expressions | Wakeups> = Layer.effect(
  Events,
  Effect.map(make, (events) => authorize(events, { list: "catalog:read", at: "catalog:read", follow: "catalog:read" })),
);
