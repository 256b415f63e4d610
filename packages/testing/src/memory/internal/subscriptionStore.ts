import { AlreadyExists, RevisionConflict } from "@cadastre/domain/Errors";
import type { Subscription, SubscriptionRecord } from "@cadastre/domain/Subscription";
import type { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Database } from "./database.ts";
import { compareTexts } from "./entityRow.ts";

export const make = (database: Database): Context.Tag.Service<SubscriptionStore> => {
  const { subscriptions, deliveries, attempts } = database;

  const get = (id: Subscription["id"]) => Option.map(Option.fromNullable(subscriptions.get(id)), subscriptionOf);

  const put = (record: SubscriptionRecord): void => subscriptions.set(record.id, JSON.stringify(record));

  const isTaken = ({ id, name }: Subscription): boolean =>
    subscriptions
      .values()
      .map(subscriptionOf)
      .some((other) => other.id !== id && other.name.toLowerCase() === name.toLowerCase());

  const taken = ({ name }: Subscription) =>
    Effect.fail(new AlreadyExists({ message: `there is a subscription named ${name}`, reference: name }));

  return {
    insert: (subscription) =>
      database.statement(
        Effect.suspend(() => {
          if (isTaken(subscription)) return taken(subscription);
          put({ ...subscription, failingSince: undefined, unevaluated: 0, sample: undefined });
          return Effect.void;
        }),
      ),

    find: (id) => database.statement(Effect.sync(() => get(id))),

    list: database.statement(
      Effect.sync(() =>
        subscriptions
          .values()
          .map(subscriptionOf)
          .sort((a, b) => a.createdAt - b.createdAt || compareTexts(a.id, b.id)),
      ),
    ),

    save: (subscription) =>
      database.statement(
        Effect.suspend((): Effect.Effect<void, AlreadyExists | RevisionConflict> => {
          const before = Option.getOrUndefined(get(subscription.id));
          if (before?.revision !== subscription.revision - 1) {
            return new RevisionConflict({
              message: `${subscription.name} is at another revision`,
              ...(before === undefined ? {} : { current: before.revision }),
            });
          }
          if (isTaken(subscription)) return taken(subscription);
          const { failingSince, unevaluated, sample } = before;
          put({ ...subscription, failingSince, unevaluated, sample });
          return Effect.void;
        }),
      ),

    remove: (id) =>
      database.statement(
        Effect.sync(() => {
          const isThere = subscriptions.has(id);
          subscriptions.delete(id);
          for (const delivery of deliveries.values().map(({ delivery }) => delivery)) {
            if (delivery.subscription !== id) continue;
            deliveries.delete(delivery.id);
            attempts.delete(delivery.id);
          }
          return isThere;
        }),
      ),

    noteFailing: (id, since) =>
      database.statement(
        Effect.sync(() => {
          Option.map(get(id), (record) => put({ ...record, failingSince: since }));
        }),
      ),

    noteUnevaluated: (id, count, sample) =>
      database.statement(
        Effect.sync(() => {
          Option.map(get(id), (record) => put({ ...record, unevaluated: record.unevaluated + count, sample }));
        }),
      ),
  };
};

/** The cast is the store's trust in its own text, from which JSON leaves out members that are undefined. */
export const subscriptionOf = (text: string): SubscriptionRecord => {
  const { filter, disabled, until, failingSince, sample, ...record } = JSON.parse(text) as SubscriptionRecord;
  return { ...record, filter, disabled, until, failingSince, sample };
};
