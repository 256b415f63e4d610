/**
 * The change feed as a stream that goes on where it was broken off.
 */
import { EventPage, EventStreamQuery, ChangeEvent as WireEvent } from "@cadastre/api/Events";
import { DOMAIN } from "@cadastre/api/Problem";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Random from "effect/Random";
import * as Stream from "effect/Stream";
import * as EventStream from "./EventStream.ts";
import type { Exchange } from "./Exchange.ts";
import type { Failure } from "./Failures.ts";
import { decoder, type Texts, writer } from "./internal/parts.ts";

/** Which changes: by type, kind and filter, after a place in the feed; from now on where no place is given. */
export type Query = typeof EventStreamQuery.Type;

/** Each moves the cursor; most bring a change. */
export interface Following {
  /** The place in the feed: all that was asked for and stands before it has been seen. Give it as `after` to go on. */
  readonly cursor: number;
  /** Absent where the feed only moved on. */
  readonly event: ChangeEvent | undefined;
}

export type ChangeEvent = typeof WireEvent.Type;

/** Milliseconds before coming back, where the daemon has not said; after failures twice as long each time, ±20 %. */
const PAUSE = 1000;

const LONGEST_PAUSE = 30_000;

/**
 * Changes as they happen, each once and in order, for ever: a daemon that goes away is waited for. Where it answers and yet
 * keeps no stream open (there are too many, or a proxy holds it back), the feed is read page by page meanwhile. Fails with
 * what waiting does not mend: a token that is refused, a filter that is wrong.
 */
export const follow = (exchange: Exchange, query: Query = {}): Stream.Stream<Following, Failure> =>
  Stream.unwrap(
    Effect.map(writeQuery(query), ({ after: _, ...conditions }) => {
      let cursor = query.after;
      let failures = 0;
      let pause = 0;
      const seen = (following: Following) => {
        cursor = following.cursor;
        failures = 0;
        return following;
      };

      const live = Stream.suspend(() => EventStream.connect(exchange, conditions, cursor?.toString())).pipe(
        Stream.filter(({ id, retry = PAUSE }) => {
          pause = retry;
          return id !== undefined;
        }),
        Stream.mapEffect(
          ({ id, data }): Effect.Effect<Following, Failure> =>
            data === ""
              ? Effect.succeed({ cursor: Number(id), event: undefined })
              : Effect.map(readEvent(data), (event) => ({ cursor: event.sequence, event })),
        ),
      );

      const meanwhile = (failure: Failure): Stream.Stream<Following, Failure> =>
        cursor === undefined || (failure._tag === "Unreachable" && failure.reason === "transport")
          ? Stream.empty
          : Stream.catchSome(pages(exchange, conditions, cursor), (failure) =>
              isPassing(failure) ? Option.some(Stream.empty) : Option.none(),
            );

      const rest = Effect.flatMap(Random.nextRange(0.8, 1.2), (jitter) =>
        Effect.sleep(failures === 0 ? pause : Math.min(LONGEST_PAUSE, pause * 2 ** (failures - 1)) * jitter),
      );

      const session = Stream.unwrap(Effect.as(rest, live)).pipe(
        Stream.map(seen),
        Stream.catchSome((failure) => {
          if (!isPassing(failure)) return Option.none();
          const before = ++failures;
          pause = Math.max(pause, PAUSE);
          return Option.some(
            Stream.map(meanwhile(failure), (following) => {
              seen(following);
              // That the feed can be read makes the next attempt to follow it come no sooner.
              failures = before;
              return following;
            }),
          );
        }),
      );
      return Stream.forever(session);
    }),
  );

/** The feed from a place to its present end. */
export const pages = (exchange: Exchange, conditions: Texts, after: number): Stream.Stream<Following, Failure> =>
  Stream.paginateChunkEffect(after, (after) =>
    exchange
      .text(HttpClientRequest.get("/v1/events", { urlParams: { ...conditions, after: String(after), limit: PAGE } }))
      .pipe(
        Effect.flatMap(readPage),
        Effect.map(({ events, next }) => [
          Chunk.unsafeFromArray<Following>([
            ...events.map((event) => ({ cursor: event.sequence, event })),
            { cursor: next, event: undefined },
          ]),
          next === after ? Option.none() : Option.some(next),
        ]),
      ),
  );

/** Events of one call. */
const PAGE = "500";

/** What may be otherwise in a while. */
const isPassing = (failure: Failure): boolean => {
  if (failure._tag === "Unreachable") return true;
  const status: number = failure._tag === "UnexpectedAnswer" ? failure.status : DOMAIN[failure._tag].status;
  return status >= 500 || status === 429;
};

const writeQuery = writer(EventStreamQuery);

const readEvent = decoder(WireEvent);

const readPage = decoder(EventPage);
