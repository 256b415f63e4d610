/**
 * The one connection on which replicas wake each other: kept open, and made again whenever it is lost.
 */
import { randomUUID } from "node:crypto";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Queue from "effect/Queue";
import * as Schedule from "effect/Schedule";
import type * as Scope from "effect/Scope";
import pg from "pg";
import { connecting, farewell, type Options } from "./pool.ts";

const CHANNEL = "cadastre";

/** Says that the line is alive; a peer that vanished without a word is noticed by that. */
const PULSE = Duration.seconds(15);

const RECONNECT = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("2 seconds")),
  Schedule.jittered,
);

export interface Line {
  /** Tells all other replicas; lost while there is no connection. Several at once are sent as one. */
  readonly send: (word: string) => Effect.Effect<void>;
}

/** `heard` is told each word of another replica, and `undefined` when some may have been missed. */
export const make = Effect.fnUntraced(function* (
  options: Options,
  heard: (word: string | undefined) => Effect.Effect<void>,
): Effect.fn.Return<Line, never, Scope.Scope> {
  const self = randomUUID();
  const outgoing = yield* Queue.unbounded<string>();
  const incoming = yield* Queue.sliding<string | undefined>(64);

  const open = Effect.acquireRelease(
    Effect.tryPromise(async () => {
      const client = new pg.Client(connecting(options));
      // Without a listener a connection that breaks would end the process.
      client.on("error", () => undefined);
      await client.connect();
      return client;
    }),
    (client) => farewell(() => client.end()),
  );

  const once = Effect.scoped(
    Effect.gen(function* () {
      const client = yield* open;
      client.on("notification", ({ payload = "" }) => {
        const [from, word = ""] = payload.split(" ");
        if (from !== self) incoming.unsafeOffer(word);
      });
      const ask = (text: string, values: ReadonlyArray<string> = []) =>
        Effect.tryPromise(() => client.query(text, [...values]));
      yield* ask(`LISTEN ${CHANNEL}`);
      yield* Queue.offer(incoming, undefined);
      const pulse = Effect.forever(Effect.zipRight(Effect.sleep(PULSE), ask("SELECT 1")));
      const sending = Effect.forever(
        Effect.flatMap(Queue.takeBetween(outgoing, 1, 1000), (words) =>
          Effect.forEach(new Set(words), (word) => ask("SELECT pg_notify($1, $2)", [CHANNEL, `${self} ${word}`]), {
            discard: true,
          }),
        ),
      );
      const ended = Effect.async<never, "ended">((resume) => {
        client.once("end", () => resume(Effect.fail("ended")));
      });
      return yield* Effect.all([pulse, sending, ended], { concurrency: "unbounded", discard: true });
    }),
  );

  const dropped = Effect.zipRight(Effect.logDebug("the line to other replicas is down"), Queue.takeAll(outgoing));
  yield* once.pipe(
    Effect.tapError(() => dropped),
    Effect.retry(RECONNECT),
    Effect.forkScoped,
  );
  yield* Queue.take(incoming).pipe(Effect.flatMap(heard), Effect.forever, Effect.forkScoped);
  return { send: (word) => Effect.asVoid(Queue.offer(outgoing, word)) };
});
