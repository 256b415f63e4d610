/**
 * The feed as server-sent events (WHATWG HTML §9.2).
 */
import type { FeedPage, Following } from "@cadastre/core/Events";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { SequencedEvent } from "@cadastre/domain/Event";
import * as Meter from "@cadastre/domain/Meter";
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import { type Answer, Refusal } from "./answer.ts";

export interface StreamLimits {
  /** Streams that are open at a time. */
  readonly streams: number;
  /** For which one stream lasts, so that a token that was revoked does not read for ever. */
  readonly stream: Duration.Duration;
  /** Between the comments that tell both ends that the other is there. */
  readonly heartbeat: Duration.Duration;
}

export interface Options {
  readonly limits: StreamLimits;
  /** Ends when the server begins to shut down. */
  readonly draining: Effect.Effect<void>;
}

export interface EventStream {
  /** Takes a place among the open streams, until the scope ends. */
  readonly enter: Effect.Effect<void, Refusal, Scope.Scope>;
  readonly lines: (
    following: Following,
    toText: (event: SequencedEvent) => string,
  ) => Stream.Stream<string, StoreUnavailable>;
}

/** The connection ends with the stream: a server that shuts down would wait for it. */
export const HEADERS: Answer["headers"] = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
  connection: "close",
};

/** Milliseconds after which a client whose stream has ended comes back. */
const RETRY = 1_000;

const streams = Meter.gauge("cadastre_event_streams", "Clients that follow the feed as server-sent events.");

export const make = ({ limits, draining }: Options): EventStream => {
  const tooMany = new Refusal({
    failure: "TooManyStreams",
    detail: `There are ${limits.streams} clients that follow the feed: end one, or read /v1/events from time to time.`,
  });
  let open = 0;
  return {
    enter: Effect.acquireRelease(
      Effect.suspend(() => {
        if (open >= limits.streams) return Effect.fail(tooMany);
        open += 1;
        streams.add(1);
        return Effect.void;
      }),
      () =>
        Effect.sync(() => {
          open -= 1;
          streams.add(-1);
        }),
    ),

    lines: ({ after, pages }, toText) => {
      let at = after;
      const text = (page: FeedPage | undefined): string => {
        // An id without data moves the place that the client comes back to, and shows it nothing.
        if (page === undefined) return `:\nid: ${at}\n\n`;
        at = page.next;
        return page.events.map((event) => frame(event, toText(event))).join("");
      };
      const heartbeats = Stream.as(Stream.drop(Stream.tick(limits.heartbeat), 1), undefined);
      return Stream.make(`retry: ${RETRY}\nid: ${after}\n\n`).pipe(
        Stream.concat(Stream.map(Stream.merge(pages, heartbeats), text)),
        Stream.interruptWhen(draining),
        Stream.interruptAfter(limits.stream),
      );
    },
  };
};

const frame = ({ sequence, type }: SequencedEvent, text: string): string =>
  `id: ${sequence}\nevent: ${type}\ndata: ${text}\n\n`;
