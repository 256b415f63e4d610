/**
 * The endpoints of the change feed.
 */
import { DEFAULT_EVENTS } from "@cadastre/api/Events";
import { Events, type FeedQuery } from "@cadastre/core/Events";
import type { EventType } from "@cadastre/domain/Event";
import * as Effect from "effect/Effect";
import { type Answer, json } from "./internal/answer.ts";
import * as EventStream from "./internal/eventStream.ts";
import { eventText } from "./internal/eventText.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers = (options: EventStream.Options): Effect.Effect<GroupHandlers<"events">, never, Events> =>
  Effect.map(Events, (events) => {
    const streams = EventStream.make(options);
    return {
      list: ({ query: { after = 0, limit = DEFAULT_EVENTS, ...conditions } }) =>
        Effect.map(events.list(toQuery(conditions), after, limit), ({ events, next, unevaluated }) => {
          const texts = events.map((event) => eventText(event, isShown(conditions)));
          return json(
            `{"events":[${texts.join(",")}],"next":${next}${unevaluated === undefined ? "" : `,"unevaluated":${JSON.stringify(unevaluated)}`}}`,
          );
        }),

      stream: ({ query: { after, ...conditions }, headers }) =>
        Effect.zipRight(
          streams.enter,
          Effect.map(
            events.follow(toQuery(conditions), headers["last-event-id"] ?? after),
            (following): Answer => ({
              status: 200,
              headers: EventStream.HEADERS,
              body: streams.lines(following, (event) => eventText(event, isShown(conditions))),
            }),
          ),
        ),
    };
  });

interface Conditions {
  readonly type?: ReadonlyArray<EventType>;
  readonly kind?: ReadonlyArray<string>;
  readonly filter?: string;
  readonly include?: ReadonlyArray<"entity">;
}

const toQuery = ({ type, kind, filter }: Conditions): FeedQuery => ({ types: type ?? [], kinds: kind ?? [], filter });

/** Whether the entity is to be shown too. */
const isShown = ({ include }: Conditions): boolean => include !== undefined;
