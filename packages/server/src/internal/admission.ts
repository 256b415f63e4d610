/**
 * When requests are served, and who is turned away because there are too many: so that those who are served are served in time.
 *
 * Requests wait at two places. On Postgres they wait for a connection, and many are under way: they are counted. On SQLite each is
 * done before the next is looked at, and they wait here. A turn of the event loop serves no longer than `SLICE`, for in a turn
 * node takes one new connection and no more (libuv since 1.46): in long turns of many old ones, new ones starve.
 */
import { Refusal } from "./answer.ts";
import * as Exchange from "./exchange.ts";

export interface Admission {
  /** Calls `serve` when its turn has come, or tells that it is one too many: `open` others are under way. */
  readonly enter: (exchange: Exchange.Exchange, open: number, serve: () => void) => void;
  /** Whether nobody waits for a turn. */
  readonly isIdle: () => boolean;
}

interface Options {
  /** Under way at a time. */
  readonly requests: number;
  /** Told from time to time how many were turned away: a line of the log for each would be work for those who are not served. */
  readonly onTurnedAway: (count: number) => void;
}

/** Milliseconds of a turn. */
const SLICE = 2;

/** Milliseconds. Who comes while the next to be served has waited for longer would wait as long. */
const PATIENCE = 500;

/** Milliseconds after which nobody is served any more: of those who came at once, nobody had waited. */
const TOO_LATE = 1_000;

/** So many wait however long it takes: one that is served may be slow by itself. */
const FEW = 32;

/** Milliseconds between two calls of `onTurnedAway`. */
const INTERVAL = 5_000;

interface Waiting {
  readonly exchange: Exchange.Exchange;
  readonly since: number;
  readonly serve: () => void;
}

export const make = ({ requests, onTurnedAway }: Options): Admission => {
  let waiting: Array<Waiting> = [];
  /** Of those that wait, how many have had their turn. */
  let passed = 0;
  /** How many have had it since last nobody waited. */
  let count = 0;
  let turnEnds = 0;
  let turnEnded = 0;
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

  /** After all that has arrived was read. To turn many away takes no time from those that wait. */
  const nextTurn = () => {
    let now = performance.now();
    turnEnds = now + Math.max(SLICE, now - turnEnded);
    for (let next = waiting[passed]; next !== undefined; next = waiting[passed]) {
      if (now >= turnEnds) {
        turnEnded = now;
        waiting = waiting.slice(passed);
        passed = 0;
        return void setImmediate(nextTurn);
      }
      passed += 1;
      count += 1;
      if (count > FEW && now - next.since > TOO_LATE) turnAway(next.exchange);
      else next.serve();
      now = performance.now();
    }
    waiting = [];
    passed = 0;
    count = 0;
    isTurning = false;
  };

  const isTooMuch = (open: number, now: number): boolean =>
    open >= requests || (waiting.length - passed > FEW && now - (waiting[passed]?.since ?? now) > PATIENCE);

  return {
    enter: (exchange, open, serve) => {
      if (isProbe(exchange.path)) return serve();
      const now = performance.now();
      if (isTooMuch(open, now)) return turnAway(exchange);
      if (!isTurning) {
        isTurning = true;
        turnEnds = now + SLICE;
        turnEnded = now;
        setImmediate(nextTurn);
      }
      if (waiting.length === 0 && now < turnEnds) serve();
      else waiting.push({ exchange, since: now, serve });
    },
    isIdle: () => passed === waiting.length,
  };
};

/** A process that is busy is alive, and an orchestrator that thinks otherwise would make it worse. */
const isProbe = (path: string): boolean => path === "/v1/health/live";

const OVERLOADED = new Refusal({
  failure: "Overloaded",
  detail: "There are more requests than can be served in time: try again later.",
});
