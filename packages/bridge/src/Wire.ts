/**
 * Frames over streamable HTTP: requests with the token, replies as a stream of frames, and everything that may go wrong on
 * the way as one kind of trouble.
 */
import * as ServerSentEvents from "@cadastre/api/ServerSentEvents";
import * as Data from "effect/Data";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import type { Destination } from "./Destination.ts";
import * as Frame from "./Frame.ts";
import * as Http from "./Http.ts";
import * as Lines from "./internal/lines.ts";
import { pieces } from "./internal/readable.ts";

/** Bytes of the longest frame, in either direction. */
export const LONGEST = 16 * 1024 * 1024;

/** Why there is no answer yet. */
export class Trouble extends Data.TaggedError("Trouble")<{
  readonly code: number;
  /** One sentence or two: what happened, and what to do. */
  readonly message: string;
  /** If the request may be sent again: it was not carried out, or that is not known, or it would be of no use. */
  readonly again: "yes" | "if harmless" | "no";
}> {}

/** Where in a stream the last event was: the older era can take it up there again. */
export type Place = Pick<ServerSentEvents.Message, "id" | "retry">;

export interface Options {
  readonly destination: Destination;
  /** Beside those of the protocol. */
  readonly headers: { readonly [name: string]: string };
  readonly tls: Http.Tls;
  /** How long nothing may be heard of a request. */
  readonly timeout: Duration.Duration;
}

export interface Wire {
  /** Sends, and gives the head of the reply; if the token is refused, once more with another one, where there is one. */
  readonly send: (
    call: Omit<Http.Call, "headers">,
    headers: Headers,
  ) => Effect.Effect<Http.Reply, Trouble, Scope.Scope>;
  /** The frames of a reply that is a success, as they are asked for. `note` is told of every event. */
  readonly frames: (reply: Http.Reply, note?: (place: Place) => void) => Stream.Stream<Frame.Message, Trouble>;
  /** The frames of a stream that may be silent for any time. */
  readonly events: (reply: Http.Reply, note?: (place: Place) => void) => Stream.Stream<Frame.Message, Trouble>;
}

type Headers = { readonly [name: string]: string };

export const make = ({ destination, headers: own, tls, timeout }: Options): Wire => {
  const inTime = Effect.timeoutFail({ duration: timeout, onTimeout: () => late(timeout) });

  const send: Wire["send"] = (call, headers) =>
    Effect.gen(function* () {
      const url = yield* Effect.mapError(destination.url.current, unfound);
      const token = yield* Effect.mapError(destination.token.current, unfound);
      const sendWith = (token: Redacted.Redacted) =>
        Http.send(
          url,
          { ...call, headers: { ...own, ...headers, authorization: `Bearer ${Redacted.value(token)}` } },
          tls,
        ).pipe(
          Effect.catchTag("Broken", (broken) =>
            // The daemon may have come back elsewhere: whoever asks again finds it there.
            Effect.zipRight(Effect.ignore(destination.url.after(url)), troubleOf(broken, url)),
          ),
          inTime,
        );
      const reply = yield* sendWith(token);
      if (reply.status !== 401) return reply;
      const other = yield* Effect.mapError(destination.token.after(token), unfound);
      return Redacted.value(other) === Redacted.value(token) ? reply : yield* sendWith(other);
    });

  const events: Wire["events"] = (reply, note = () => {}) =>
    Lines.split(broken(pieces(reply.body)), LONGEST).pipe(
      Stream.mapEffect((line) =>
        line.tooLong ? unreadable("is too long") : Effect.succeed(line.bytes.toString("utf8").replace(/\r$/, "")),
      ),
      ServerSentEvents.parse,
      Stream.flatMap((event) => {
        note(event);
        return parsed(event.data);
      }),
    );

  return {
    send,
    events,
    frames: (reply, note) =>
      (/^text\/event-stream\b/i.test(reply.headers["content-type"] ?? "")
        ? events(reply, note)
        : Stream.unwrap(Effect.map(text(reply), parsed))
      ).pipe(Stream.timeoutFail(() => late(timeout), timeout)),
  };
};

const parsed = (text: string): Stream.Stream<Frame.Message, Trouble> =>
  text === ""
    ? Stream.empty
    : Stream.mapEffect(Stream.fromIterable(Frame.parse(text)), (frame) =>
        frame.kind === "malformed" ? unreadable(`is none: ${frame.message}`) : Effect.succeed(frame),
      );

/** The body as a whole. */
export const text = ({ body }: Http.Reply): Effect.Effect<string, Trouble> =>
  Effect.suspend(() => {
    let size = 0;
    return broken(pieces(body)).pipe(
      Stream.tap((piece) => {
        size += piece.length;
        return size > LONGEST ? unreadable("is too long") : Effect.void;
      }),
      Stream.runCollect,
      Effect.map((all) => Buffer.concat([...all]).toString("utf8")),
    );
  });

const broken = (stream: Stream.Stream<Buffer, Error>) =>
  Stream.mapError(stream, (cause) => lost(`The daemon broke off its answer (${Http.codeOf(cause)}).`));

/** The request was sent, and its answer did not come. */
export const lost = (what: string) =>
  new Trouble({
    code: Frame.Code.broken,
    message: `${what} The request may have been carried out: look before you send it again.`,
    again: "if harmless",
  });

const unreadable = (what: string) =>
  new Trouble({ code: Frame.Code.unreadable, message: `What the daemon sent as a frame ${what}.`, again: "no" });

const late = (timeout: Duration.Duration) =>
  new Trouble({
    code: Frame.Code.timeout,
    message: `Nothing was heard of the request for ${Duration.format(timeout)}. It may still be carried out. --timeout allows for more.`,
    again: "no",
  });

const unfound = ({ message }: { readonly message: string }) =>
  new Trouble({ code: Frame.Code.unreachable, message, again: "yes" });

const troubleOf = ({ code, connected }: Http.Broken, url: URL) =>
  connected
    ? lost(`The daemon at ${url.origin} broke off the exchange (${code}).`)
    : new Trouble({
        code: Frame.Code.unreachable,
        message: `No daemon answers at ${url.origin} (${code}). Start one with \`cadastre daemon\`, or say where it is with --url.`,
        again: code === "ERR_INVALID_CHAR" ? "no" : "yes",
      });
