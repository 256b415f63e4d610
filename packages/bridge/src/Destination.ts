/**
 * Where the daemon answers, and with what token it is asked. Both may change while the bridge runs: a daemon comes back on
 * another port, a token is replaced.
 */
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";

/** It cannot be told where to ask, or with what token: a sentence, and what to do. */
export class Nowhere extends Data.TaggedError("Nowhere")<{ readonly message: string }> {}

export interface Known<A> {
  /** As it was found last. */
  readonly current: Effect.Effect<A, Nowhere>;
  /** Looked up anew, unless that was done since `stale` was given out. */
  readonly after: (stale: A) => Effect.Effect<A, Nowhere>;
}

export interface Destination {
  /** Of the MCP endpoint. */
  readonly url: Known<URL>;
  readonly token: Known<Redacted.Redacted>;
}

export const known = <A extends object>(lookUp: Effect.Effect<A, Nowhere>): Known<A> => {
  const turn = Effect.unsafeMakeSemaphore(1);
  let found: A | undefined;
  const find = (stale?: A) =>
    turn.withPermits(1)(
      Effect.suspend(() =>
        found !== undefined && found !== stale
          ? Effect.succeed(found)
          : Effect.tap(lookUp, (it) => {
              found = it;
            }),
      ),
    );
  return { current: find(), after: find };
};
