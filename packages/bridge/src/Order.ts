/**
 * In the era before 2026-07-28 what follows `initialize` has to wait for its answer, and what follows the notification that
 * it is done for that. All else is sent as it comes.
 */
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as FiberId from "effect/FiberId";
import * as Era from "./Era.ts";
import type * as Frame from "./Frame.ts";

export const INITIALIZED = "notifications/initialized";

export interface Order {
  /** To be called as the frames are read; `done` when the frame has been dealt with, one way or another. */
  readonly enter: (message: Frame.Message) => { readonly turn: Effect.Effect<void>; readonly done: () => void };
}

export const make = (): Order => {
  let barrier: Effect.Effect<void> = Effect.void;
  return {
    enter: (message) => {
      if (Era.revision(message) !== undefined) return { turn: Effect.void, done: () => {} };
      const isInitialize = message.method === "initialize";
      const turn = isInitialize ? Effect.void : barrier;
      if (!isInitialize && message.method !== INITIALIZED) return { turn, done: () => {} };
      const end = Deferred.unsafeMake<void>(FiberId.none);
      barrier = Deferred.await(end);
      return { turn, done: () => Deferred.unsafeDone(end, Effect.void) };
    },
  };
};
