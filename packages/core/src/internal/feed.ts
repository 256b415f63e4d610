/**
 * Pages of the change feed, chosen by conditions.
 */
import type { InvalidInput, StoreUnavailable } from "@cadastre/domain/Errors";
import { type EventType, type SequencedEvent, toWire } from "@cadastre/domain/Event";
import { EventLog } from "@cadastre/domain/EventLog";
import { type Expression, Expressions } from "@cadastre/domain/Expressions";
import * as Effect from "effect/Effect";
import * as Budget from "./budget.ts";
import * as Unevaluated from "./unevaluated.ts";

/** Every condition must hold. Empty lists ask for nothing. */
export interface Query {
  /** Any of these. */
  readonly types: ReadonlyArray<EventType>;
  /** Of entities of any of these kinds, in any case. */
  readonly kinds: ReadonlyArray<string>;
  /** An expression of the environment `subscription`; its `entity` is the envelope after the change, without relations. */
  readonly filter?: string | undefined;
}

export interface Page {
  readonly events: ReadonlyArray<SequencedEvent>;
  /** The sequence to go on after. It is the one that was asked for if, and only if, the feed is at its end. */
  readonly next: number;
  readonly unevaluated?: Unevaluated.Unevaluated | undefined;
}

/** Reads up to `limit` events after a sequence. */
export type Read = (after: number, limit: number) => Effect.Effect<Page, StoreUnavailable>;

/** Events that the log is asked for at a time where some of them may not be wanted. */
const MIN_BATCH = 200;

export const make: Effect.Effect<(query: Query) => Effect.Effect<Read, InvalidInput>, never, EventLog | Expressions> =
  Effect.gen(function* () {
    const log = yield* EventLog;
    const { compile } = yield* Expressions;

    return Effect.fnUntraced(function* ({ types, kinds, filter }) {
      const expression = filter === undefined ? undefined : yield* compile(filter, "subscription");
      const wanted = new Set(kinds.map((kind) => kind.toLowerCase()));
      const isWanted = ({ type, reference }: SequencedEvent): boolean =>
        (types.length === 0 || types.includes(type)) &&
        (wanted.size === 0 || wanted.has(reference.slice(0, reference.indexOf(":"))));
      const isEverything = types.length === 0 && wanted.size === 0 && expression === undefined;

      return Effect.fnUntraced(function* (from, limit) {
        const budget = yield* Budget.make;
        const unevaluated = Unevaluated.make();
        const isKept = (event: SequencedEvent): boolean => {
          budget.spend();
          return isWanted(event) && (expression === undefined || evaluate(expression, event, unevaluated));
        };
        const events: Array<SequencedEvent> = [];
        const end = (next: number) => ({ events, next, unevaluated: unevaluated.result() });
        const size = isEverything ? limit : Math.max(limit, MIN_BATCH);
        let after = from;
        while (true) {
          const batch = yield* log.since(after, size);
          for (const event of batch) {
            after = event.sequence;
            if (isKept(event)) events.push(event);
            if (events.length === limit || budget.isUsedUp()) return end(after);
            if (budget.isBreathless()) yield* budget.breathe;
          }
          if (batch.length < size) return end(after);
        }
      });
    });
  });

const evaluate = (expression: Expression, event: SequencedEvent, unevaluated: Unevaluated.Tally): boolean => {
  const verdict = expression.evaluate({ entity: JSON.parse(event.envelope), event: toWire(event) });
  if (verdict._tag === "Error") unevaluated.note(event.reference, verdict.message);
  return verdict._tag === "True";
};
