/**
 * When requests are served, and who is turned away because there are too many: so that those who are served are served in time.
 *
 * Requests wait at two places. On Postgres they wait for a connection, and many are under way: they are counted. On SQLite each is
 * done before the next is looked at, and they wait here. They are served for half of the time, in short turns of the event loop:
 * in a turn node takes one new connection and no more (libuv since 1.46), so in long turns of many old ones new ones starve.
 */
import { Refusal } from "./answer.ts";
import * as Exchange from "./exchange.ts";

export interface Admission {
  /** Calls `serve` when its turn has come, or tells the client that there are too many. */
  readonly enter: (exchange: Exchange.Exchange, serve: () => void) => void;
  /** Whether nobody waits for a turn. */
  readonly isIdle: () => boolean;
}

interface Options {
  /** Under way at a time. */
  readonly requests: number;
  /** How many are under way. */
  readonly open: () => number;
  /** Called when nobody waits any more. */
  readonly onIdle: () => void;
  /** Told from time to time how many were turned away: a line of the log for each would be work for those who are not served. */
  readonly onTurnedAway: (count: number) => void;
}

/** Milliseconds of a turn, the least and the most: as long as all else took since the last one. */
const SLICE = 2;
const LONGEST = 20;

/** So many may wait however long it takes: one that is served may be slow by itself. */
const FEW = 32;

/** More never wait: one connection can ask for thousands at once. */
const MOST = 4_000;

/** Milliseconds. Who comes while the next to be served has waited for longer, and more than a few wait, would wait as long. */
const PATIENCE = 500;

/** Milliseconds after which those who came at once, when nobody had waited yet, are turned away, but for a few. */
const TOO_LATE = 1_000;

/** Milliseconds between two calls of `onTurnedAway`. */
const INTERVAL = 5_000;

interface Waiting {
  readonly exchange: Exchange.Exchange;
  readonly since: number;
  readonly serve: () => void;
}

export const make = ({ requests, open, onIdle, onTurnedAway }: Options): Admission => {
  let waiting: Array<Waiting> = [];
  /** The place of the next to be served. */
  let next = 0;
  let deadline = 0;
  let lastTurn = 0;
  let isTurning = false;
  let turnedAway = 0;

  const tell = () => {
    onTurnedAway(turnedAway);
    turnedAway = 0;
  };

  const turnAway = (exchange: Exchange.Exchange): void => {
    Exchange.refuse(exchange, OVERLOADED);
    Exchange.endUpload(exchange.request);
    turnedAway += 1;
    if (turnedAway === 1) setTimeout(tell, INTERVAL).unref();
  };

  /** Whether more than a few wait, and the first of them for longer than that. */
  const isCrowded = (now: number, millis: number): boolean =>
    waiting.length - next > FEW && now - (waiting[next]?.since ?? now) > millis;

  /** After all that has arrived was read. */
  const turn = () => {
    let now = performance.now();
    deadline = now + Math.min(Math.max(SLICE, now - lastTurn), LONGEST);
    while (isCrowded(now, TOO_LATE)) {
      // Who came last would wait longest.
      const last = waiting.pop();
      if (last !== undefined) turnAway(last.exchange);
    }
    for (let one = waiting[next]; one !== undefined; one = waiting[next]) {
      if (now >= deadline) {
        lastTurn = now;
        waiting = waiting.slice(next);
        next = 0;
        return void setImmediate(turn);
      }
      next += 1;
      if (open() >= requests) turnAway(one.exchange);
      else one.serve();
      now = performance.now();
    }
    waiting = [];
    next = 0;
    isTurning = false;
    onIdle();
  };

  return {
    enter: (exchange, serve) => {
      if (isProbe(exchange.path)) return serve();
      const now = performance.now();
      if (open() >= requests || waiting.length - next >= MOST || isCrowded(now, PATIENCE)) return turnAway(exchange);
      if (!isTurning) {
        isTurning = true;
        lastTurn = now;
        deadline = now + SLICE;
        setImmediate(turn);
      }
      if (waiting.length === 0 && now < deadline) serve();
      else waiting.push({ exchange, since: now, serve });
    },
    isIdle: () => next === waiting.length,
  };
};

/** A process that is busy is alive, and an orchestrator that thinks otherwise would make it worse. */
const isProbe = (path: string): boolean => path === "/v1/health/live";

const OVERLOADED = new Refusal({
  failure: "Overloaded",
  detail: "There are more requests than can be served in time: try again later.",
});
