/**
 * Who is turned away because there are too many, before anything is done for them: so that those who are served are served
 * in time.
 *
 * Requests wait at two places. On Postgres they wait for a connection, and many are under way: they are counted. On SQLite each is
 * done before the next is looked at: those that arrive together wait for each other within one turn of the event loop, and
 * nothing counts them there. So the turn is timed: who comes to the front only after `PATIENCE` is turned away, which costs a
 * fraction of serving it.
 */
import { Refusal } from "./answer.ts";
import * as Exchange from "./exchange.ts";

export interface Admission {
  /** False: with `open` others under way the request is one too many, and was told so. */
  readonly admits: (exchange: Exchange.Exchange, open: number) => boolean;
}

interface Options {
  /** Under way at a time. */
  readonly requests: number;
  /** Told from time to time how many were turned away: a line of the log for each would be work for those who are not served. */
  readonly onTurnedAway: (count: number) => void;
}

/** Milliseconds that a turn may take. */
const PATIENCE = 1_000;

/** Requests that a turn serves however long it takes: one of them may be slow by itself. */
const FEW = 32;

/** Milliseconds between two calls of `onTurnedAway`. */
const INTERVAL = 5_000;

export const make = ({ requests, onTurnedAway }: Options): Admission => {
  let started = 0;
  let count = 0;
  let turnedAway = 0;

  const endTurn = () => {
    count = 0;
  };
  const isTooMuch = (open: number): boolean => {
    if (open >= requests) return true;
    if (count === 0) {
      started = performance.now();
      setImmediate(endTurn); // which comes after all that has arrived
    }
    count += 1;
    return count > FEW && performance.now() - started > PATIENCE;
  };
  const tell = () => {
    onTurnedAway(turnedAway);
    turnedAway = 0;
  };

  return {
    admits: (exchange, open) => {
      if (!isTooMuch(open) || isProbe(exchange.path)) return true;
      Exchange.refuse(exchange, OVERLOADED);
      Exchange.endUpload(exchange.request);
      turnedAway += 1;
      if (turnedAway === 1) setTimeout(tell, INTERVAL).unref();
      return false;
    },
  };
};

/** A process that is busy is alive, and an orchestrator that thinks otherwise would make it worse. */
const isProbe = (path: string): boolean => path === "/v1/health/live";

const OVERLOADED = new Refusal({
  failure: "Overloaded",
  detail: "There are more requests than can be served in time: try again later.",
});
