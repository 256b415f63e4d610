/**
 * One request of the agent, to its answer: sent, sent again where that is safe, taken up again where a stream broke.
 */
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Option from "effect/Option";
import * as Schedule from "effect/Schedule";
import type * as Scope from "effect/Scope";
import * as Era from "./Era.ts";
import * as Frame from "./Frame.ts";
import type * as Http from "./Http.ts";
import * as Refusal from "./Refusal.ts";
import * as Relay from "./Relay.ts";
import * as Session from "./Session.ts";
import type { Tools } from "./Tools.ts";
import * as Wire from "./Wire.ts";

export interface Surroundings {
  readonly wire: Wire.Wire;
  readonly session: Session.Session;
  readonly tools: Tools;
  /** To the agent: what is no answer. */
  readonly deliver: (message: Frame.Message) => Effect.Effect<void>;
  /** How long a daemon is waited for that does not answer. */
  readonly patience: Duration.Duration;
}

/** Between attempts: doubled each time, up to one second, give or take a fifth. */
export const backoff = Schedule.exponential("50 millis").pipe(
  Schedule.union(Schedule.spaced("1 second")),
  Schedule.jittered,
);

/** The answer; every request that can be answered is. What comes before the answer is delivered. */
export const run = (around: Surroundings, request: Frame.Message): Effect.Effect<Frame.Message, Wire.Trouble> =>
  Effect.retry(attempt(around, request), {
    schedule: Schedule.upTo(backoff, around.patience),
    while: ({ again }) => again === "yes" || (again === "if harmless" && around.tools.isHarmless(request)),
  });

/** Sends what has no answer. */
export const post = (around: Surroundings, message: Frame.Message): Effect.Effect<void, Wire.Trouble> =>
  Effect.retry(Effect.asVoid(Effect.scoped(dispatch(around, message))), {
    schedule: Schedule.upTo(backoff, around.patience),
    while: ({ again }) => again === "yes",
  });

/**
 * Sends a frame, and gives the reply or the error that the daemon answers with. If the daemon has forgotten the session, it
 * is opened again, once, and the frame is sent in the new one: the daemon has not looked at it yet.
 */
export const dispatch = (
  around: Surroundings,
  message: Frame.Message,
  isRenewed = false,
): Effect.Effect<Either.Either<Http.Reply, Frame.Message>, Wire.Trouble, Scope.Scope> =>
  Effect.gen(function* () {
    const headers = headersOf(around, message);
    const reply = yield* around.wire.send({ method: "POST", body: message.text }, headers);
    if (reply.status < 300) return Either.right(reply);
    yield* Refusal.pause(reply);
    const refusal = yield* Refusal.read(reply);
    const stale = headers["mcp-session-id"];
    if (stale !== undefined && !isRenewed && Refusal.isForgotten(refusal)) {
      yield* around.session.renew(stale);
      return yield* dispatch(around, message, true);
    }
    return yield* Option.match(refusal.answer, {
      onNone: () => refusal.trouble,
      onSome: (answer) => Effect.succeed(Either.left(Frame.withId(answer, message.id ?? ""))),
    });
  });

const headersOf = ({ session, tools }: Surroundings, message: Frame.Message): { readonly [name: string]: string } => {
  const revision = Era.revision(message);
  return {
    ...Session.POSTED,
    ...(revision !== undefined
      ? Era.headers(message, revision, tools.mirrored(message))
      : message.method === "initialize"
        ? {}
        : session.headers()),
  };
};

const attempt = (around: Surroundings, request: Frame.Message): Effect.Effect<Frame.Message, Wire.Trouble> =>
  Effect.scoped(
    Effect.gen(function* () {
      const sent = yield* dispatch(around, request);
      if (Either.isLeft(sent)) return sent.left;
      const reply = sent.right;
      const answer = yield* answerIn(around, request, reply);
      if (Era.revision(request) === undefined && Frame.at(answer.body, "result") !== undefined) {
        around.session.answered(request, answer, Session.idOf(reply.headers["mcp-session-id"]));
      }
      return answer;
    }),
  );

/** Reads the reply. A stream of the older era that told where it is can be taken up there when it breaks. */
const answerIn = (
  { wire, session, deliver, patience }: Surroundings,
  request: Frame.Message,
  reply: Http.Reply,
): Effect.Effect<Frame.Message, Wire.Trouble> =>
  Effect.suspend(() => {
    let place: Wire.Place = { id: undefined, retry: undefined };
    const read = (reply: Http.Reply) =>
      Relay.answer(
        wire.frames(reply, (event) => {
          place = event;
        }),
        request.id ?? "",
        deliver,
      );
    const canResume = () => place.id !== undefined && Era.revision(request) === undefined;

    const resumed = Effect.scoped(
      Effect.gen(function* () {
        yield* Effect.sleep(place.retry ?? STANDARD_RETRY);
        const headers = { accept: "text/event-stream", ...session.headers(), "last-event-id": place.id ?? "" };
        const reply = yield* wire.send({ method: "GET" }, headers);
        if (reply.status >= 300) return yield* Effect.flatMap(Refusal.read(reply), ({ trouble }) => trouble);
        return yield* read(reply);
      }),
    ).pipe(
      Effect.retry({ schedule: Schedule.upTo(backoff, patience), while: ({ again }) => again !== "no" }),
      // Where it cannot be taken up, it is as if it had broken just now.
      Effect.mapError((trouble) => (trouble.code === Frame.Code.timeout ? trouble : UNANSWERED)),
    );

    return read(reply).pipe(
      Effect.catchIf(
        ({ code }) => code === Frame.Code.broken && canResume(),
        () => Effect.succeed(Option.none<Frame.Message>()),
      ),
      Effect.flatMap(
        Option.match({
          onSome: Effect.succeed,
          onNone: () => (canResume() ? Effect.flatten(Effect.repeat(resumed, { until: Option.isSome })) : UNANSWERED),
        }),
      ),
      Effect.catchTag("NoSuchElementException", () => UNANSWERED),
    );
  });

/** Milliseconds, where the daemon does not say how long to wait. */
const STANDARD_RETRY = 1000;

const UNANSWERED = Wire.lost("The daemon ended its answer before it was whole.");
