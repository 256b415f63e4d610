/**
 * A line that shows how far long work has come, on a terminal only.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import { Output } from "./Output.ts";

const WIDTH = 24;

/** Milliseconds before the line appears at all, and between its changes. */
const PATIENCE = 300;

const INTERVAL = 80;

/** Tells how much is done; the line disappears when all is. Without a total it counts. */
export const bar = (
  verb: string,
  noun: string,
): Effect.Effect<(done: number, of?: number) => Effect.Effect<void>, never, Output> =>
  Effect.gen(function* () {
    const { progress, interactive } = yield* Output;
    if (!interactive) return () => Effect.void;
    const started = yield* Clock.currentTimeMillis;
    let last = started;
    let visible = false;
    return (done, of) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (done === of) {
          const clear = visible ? progress("") : Effect.void;
          visible = false;
          return clear;
        }
        if (now - started < PATIENCE || now - last < INTERVAL) return Effect.void;
        last = now;
        visible = true;
        const rate = `${number(Math.round((done * 1000) / (now - started)))}/s`;
        if (of === undefined) return progress(`${verb} ${number(done)} ${noun}, ${rate}`);
        const filled = Math.floor((WIDTH * done) / of);
        return progress(
          `${verb} ${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${number(done)}/${number(of)} ${noun}, ${rate}`,
        );
      });
  });

const number = (value: number): string => value.toLocaleString("en");
