/**
 * Which events each subscription is to be told.
 */
import { type SequencedEvent, toWire } from "@cadastre/domain/Event";
import { type Expression, Expressions } from "@cadastre/domain/Expressions";
import type { JsonObject } from "@cadastre/domain/Json";
import { hears, type Subscription, type SubscriptionHealth } from "@cadastre/domain/Subscription";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";

export interface Match {
  readonly event: SequencedEvent;
  readonly subscription: Subscription;
}

export interface Matches {
  readonly matches: ReadonlyArray<Match>;
  /** The sequence of the last event that was looked at. */
  readonly reached: number;
  /** Events on which a filter could not be evaluated: they are told to nobody whose filter it is. */
  readonly unevaluated: ReadonlyArray<{
    readonly subscription: SubscriptionId;
    readonly count: number;
    readonly sample: NonNullable<SubscriptionHealth["sample"]>;
  }>;
}

/** Goes through events until there are enough matches; at least through one. */
export type Matcher = (
  events: ReadonlyArray<SequencedEvent>,
  subscriptions: ReadonlyArray<Subscription>,
  enough: number,
) => Effect.Effect<Matches>;

/** Milliseconds for which the process may be kept from anything else. */
const BREATH = 10;

/** What a filter is evaluated to; a text: it could not be, and why. */
type Verdict = boolean | string;

export const make: Effect.Effect<Matcher, never, Expressions> = Effect.map(Expressions, ({ compile }) => {
  const compiled = new Map<string, (event: Opened) => Verdict>();

  const filterOf = (text: string): Effect.Effect<(event: Opened) => Verdict> => {
    const known = compiled.get(text);
    if (known !== undefined) return Effect.succeed(known);
    return compile(text, "subscription").pipe(
      Effect.match({
        // It was checked when it was given, by rules that may have been laxer.
        onFailure:
          ({ message }) =>
          (): Verdict =>
            message,
        onSuccess:
          (expression) =>
          (event: Opened): Verdict =>
            verdictOf(expression, event),
      }),
      Effect.tap((filter) => Effect.sync(() => compiled.set(text, filter))),
    );
  };

  return Effect.fnUntraced(function* (events, subscriptions, enough) {
    const filters = new Map<SubscriptionId, (event: Opened) => Verdict>();
    for (const { id, filter } of subscriptions) if (filter !== undefined) filters.set(id, yield* filterOf(filter));
    forget(compiled, subscriptions);

    const matches: Array<Match> = [];
    const unevaluated = new Map<SubscriptionId, Matches["unevaluated"][number]>();
    let breath = yield* Clock.currentTimeMillis;
    let reached = 0;
    for (const event of events) {
      const opened = open(event);
      for (const subscription of subscriptions) {
        if (!hears(subscription, event.sequence) || !subscription.types.includes(event.type)) continue;
        const verdict = filters.get(subscription.id)?.(opened) ?? true;
        if (verdict === true) matches.push({ event, subscription });
        else if (verdict !== false) {
          unevaluated.set(subscription.id, {
            subscription: subscription.id,
            count: (unevaluated.get(subscription.id)?.count ?? 0) + 1,
            sample: { reference: event.reference, message: verdict },
          });
        }
      }
      reached = event.sequence;
      if (matches.length >= enough) break;
      const now = yield* Clock.currentTimeMillis;
      if (now - breath < BREATH) continue;
      // Effect's own yield is a microtask, which lets no socket in.
      yield* Clock.sleep(0);
      breath = yield* Clock.currentTimeMillis;
    }
    return { matches, reached, unevaluated: [...unevaluated.values()] };
  });
});

/** An event as filters see it; parsed when the first one looks. */
type Opened = () => { readonly entity: JsonObject; readonly event: JsonObject };

const open = (event: SequencedEvent): Opened => {
  let opened: ReturnType<Opened> | undefined;
  return () => {
    opened ??= { entity: JSON.parse(event.envelope) as JsonObject, event: toWire(event) };
    return opened;
  };
};

const verdictOf = ({ evaluate }: Expression, event: Opened): Verdict => {
  const verdict = evaluate(event());
  return verdict._tag === "Error" ? verdict.message : verdict._tag === "True";
};

/** Keeps what is in use. */
const forget = (compiled: Map<string, unknown>, subscriptions: ReadonlyArray<Subscription>): void => {
  const used = new Set(subscriptions.map(({ filter }) => filter));
  for (const text of compiled.keys()) if (!used.has(text)) compiled.delete(text);
};
