/**
 * A line that shows how far long work has come, on a terminal only.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import { columns } from "./internal/text.ts";
import { Output } from "./Output.ts";

/** Columns of the bar at the most, and those below which there is none. */
const WIDEST = 24;

const NARROWEST = 8;

/** Milliseconds before the line appears at all, and between its changes. */
const PATIENCE = 300;

const INTERVAL = 80;

/** The rate is that of the last while, of at least so many milliseconds once they have passed: what comes may take longer than what was. */
const WHILE = 3000;

export type Bar = (done: number, of?: number) => Effect.Effect<void>;

/** Shows nothing. */
export const none: Bar = () => Effect.void;

/**
 * Tells how much is done; the line disappears when all is. Without a total it counts. What is counted is a noun, or
 * `bytes`.
 */
export const bar = (verb: string, noun: string): Effect.Effect<Bar, never, Output> =>
  Effect.gen(function* () {
    const { progress, interactive } = yield* Output;
    if (!interactive) return none;
    const started = yield* Clock.currentTimeMillis;
    let shown = started;
    // What is done first may have waited for something else.
    let older: { readonly at: number; readonly done: number } | undefined;
    let newer = { at: started, done: 0 };
    return (done, of) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (done === of) return progress(() => "");
        if (older === undefined && done > 0) {
          newer = { at: now, done };
          older = newer;
        }
        if (now - started < PATIENCE || now - shown < INTERVAL) return Effect.void;
        shown = now;
        if (older !== undefined && now - newer.at >= WHILE) {
          older = newer;
          newer = { at: now, done };
        }
        const rate =
          older === undefined || now - older.at < PATIENCE ? 0 : ((done - older.done) * 1000) / (now - older.at);
        return progress((width) => line({ verb, noun, done, of, rate }, width));
      });
  });

interface State {
  readonly verb: string;
  readonly noun: string;
  readonly done: number;
  readonly of: number | undefined;
  /** A second; 0: not known yet. */
  readonly rate: number;
}

/** `Applying ████░░░░ 12,400 of 100,000 documents, 4,100/s, 21 s left`, with as much of a bar as there is room for. */
export const line = ({ verb, noun, done, of, rate }: State, width: number): string => {
  const [amount, unit] = noun === "bytes" ? [megabytes, "MB"] : [number, noun];
  const perSecond = rate > 0 ? `, ${amount(rate)}${noun === "bytes" ? " MB" : ""}/s` : "";
  if (of === undefined) return `${verb} ${amount(done)} ${unit}${perSecond}`;
  const left = rate > 0 ? `, ${duration(Math.max(0, of - done) / rate)} left` : "";
  const text = `${amount(done)} of ${amount(of)} ${unit}${perSecond}${left}`;
  const room = Math.min(WIDEST, width - columns(verb) - columns(text) - 2);
  if (room < NARROWEST) return `${verb} ${text}`;
  const filled = Math.floor((room * Math.min(done, of)) / of);
  return `${verb} ${"█".repeat(filled)}${"░".repeat(room - filled)} ${text}`;
};

const number = (value: number): string => Math.round(value).toLocaleString("en");

const megabytes = (bytes: number): string =>
  (bytes / 1e6).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const duration = (seconds: number): string => {
  const whole = Math.ceil(seconds);
  if (whole < 100) return `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
