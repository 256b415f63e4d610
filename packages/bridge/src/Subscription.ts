/**
 * Streams on which the daemon tells of changes: `subscriptions/listen` since 2026-07-28, a GET of the session before. Both
 * are kept open for as long as the agent wants them, over as many connections as it takes.
 */
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Option from "effect/Option";
import * as Schedule from "effect/Schedule";
import * as Stream from "effect/Stream";
import * as Era from "./Era.ts";
import * as Exchange from "./Exchange.ts";
import * as Frame from "./Frame.ts";
import * as Refusal from "./Refusal.ts";
import * as Relay from "./Relay.ts";
import * as Wire from "./Wire.ts";

export const METHOD = "subscriptions/listen";

/**
 * Keeps the subscription, and gives the answer that ends it: an error. That the daemon ends a stream, in order or not, is
 * not told: it is opened again, and then the agent is told that it may have missed something.
 */
export const listen = (
  around: Exchange.Surroundings,
  request: Frame.Message,
): Effect.Effect<Frame.Message, Wire.Trouble> =>
  Effect.suspend(() => {
    let isKnown = false;
    const deliver = (message: Frame.Message) =>
      Effect.gen(function* () {
        const isAcknowledgement = message.method === "notifications/subscriptions/acknowledged";
        if (!isAcknowledgement || !isKnown) return yield* around.deliver(message);
        for (const change of missed(request, message)) yield* around.deliver(change);
      }).pipe(
        Effect.tap(() => {
          isKnown = true;
        }),
      );
    const once = Effect.scoped(
      Effect.gen(function* () {
        const sent = yield* Exchange.dispatch(around, request);
        if (Either.isLeft(sent)) return sent.left;
        const answer = yield* Relay.answer(around.wire.events(sent.right), request.id ?? "", deliver);
        const isOver = Option.filter(answer, ({ body }) => !isKnown || Frame.at(body, "error") !== undefined);
        return yield* Option.match(isOver, { onNone: () => ENDED, onSome: (answer) => Effect.succeed(answer) });
      }),
    );
    const opened = Effect.retry(once, {
      schedule: Schedule.upTo(Exchange.backoff, around.patience),
      while: ({ again }) => again !== "no" && !isKnown,
    });
    return Effect.retry(opened, { schedule: steady, while: ({ again }) => again !== "no" && isKnown });
  });

/** Follows the session's own stream for as long as there is one. Daemons that keep no sessions have none. */
export const follow = ({ wire, session, deliver }: Exchange.Surroundings): Effect.Effect<void> =>
  Effect.suspend(() => {
    let place: Wire.Place | undefined;
    const once = Effect.scoped(
      Effect.gen(function* () {
        const id = session.id();
        const reply = yield* wire.send(
          { method: "GET" },
          {
            accept: "text/event-stream",
            ...session.headers(),
            ...(place?.id === undefined ? {} : { "last-event-id": place.id }),
          },
        );
        if (reply.status >= 300) {
          const refusal = yield* Refusal.read(reply);
          if (id === undefined || !Refusal.isForgotten(refusal)) return yield* refusal.trouble;
          place = undefined;
          yield* session.renew(id);
          return yield* ENDED;
        }
        if (place !== undefined && place.id === undefined) {
          for (const change of session.changes()) yield* deliver(change);
        }
        place ??= { id: undefined, retry: undefined };
        const events = wire.events(reply, (event) => {
          place = event;
        });
        // No request of ours is answered here.
        yield* Stream.runForEach(events, (message) => (message.kind === "answer" ? Effect.void : deliver(message)));
        yield* Effect.sleep(place.retry ?? 0);
        return yield* ENDED;
      }),
    );
    return Effect.retry(once, {
      schedule: steady,
      while: ({ again, code }) => again !== "no" || code === Frame.Code.unauthenticated,
    }).pipe(Effect.catchAll(({ message }) => Effect.logDebug("there is no stream of changes", { reason: message })));
  });

/** Between attempts to open a stream that was open before: up to five seconds, give or take a fifth. */
const steady = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("5 seconds")),
  Schedule.jittered,
  Schedule.resetAfter("10 seconds"),
);

const ENDED = Wire.lost("The daemon ended the stream.");

/** What may have happened while nobody listened, of what the daemon has agreed to tell. */
const missed = ({ id }: Frame.Message, { body }: Frame.Message): ReadonlyArray<Frame.Message> => {
  const agreed = Frame.at(body, "params", "notifications");
  const tell = (method: string, params: object = {}) =>
    Frame.notification(method, { ...params, _meta: { [Era.SUBSCRIPTION_KEY]: id } });
  const uris = Frame.at(agreed, "resourceSubscriptions");
  return [
    ...["tools", "prompts", "resources"]
      .filter((part) => Frame.at(agreed, `${part}ListChanged`) === true)
      .map((part) => tell(`notifications/${part}/list_changed`)),
    ...(Array.isArray(uris) ? uris : []).map((uri) => tell("notifications/resources/updated", { uri })),
  ];
};
