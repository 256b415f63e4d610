import type { Delivery, LoggedAttempt } from "@cadastre/domain/Delivery";
import type { Backlog, DeliveryLog, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Database } from "./database.ts";
import { compareTexts } from "./entityRow.ts";
import { subscriptionOf } from "./subscriptionStore.ts";

export const make = (database: Database): Context.Tag.Service<DeliveryStore> => {
  const { deliveries, attempts, dispatched } = database;
  const put = (delivery: Delivery): void => deliveries.set(delivery.id, { delivery });

  return {
    cursor: database.statement(Effect.sync(() => dispatched.get("dispatch") ?? 0)),

    moveCursor: (from, to) =>
      database.statement(
        Effect.sync(() => {
          if ((dispatched.get("dispatch") ?? 0) !== from) return false;
          dispatched.set("dispatch", to);
          return true;
        }),
      ),

    insert: (inserted) =>
      database.statement(
        Effect.suspend(() => {
          for (const delivery of inserted) {
            const isTold = all(database).some(
              ({ id, subscription, subject }) =>
                id === delivery.id ||
                (subscription === delivery.subscription &&
                  subject !== undefined &&
                  subject.sequence === delivery.subject?.sequence),
            );
            if (isTold) return Effect.dieMessage("the event was told to the subscription");
            put(delivery);
          }
          return Effect.void;
        }),
      ),

    find: (id) => database.statement(Effect.sync(() => Option.fromNullable(deliveries.get(id)?.delivery))),

    take: (wanted) =>
      database.statement(
        Effect.sync(() =>
          wanted.flatMap(({ id, state, job }) => {
            const now = deliveries.get(id)?.delivery;
            return now?.state === state && now.job === job ? [now] : [];
          }),
        ),
      ),

    save: (saved) => database.statement(Effect.sync(() => saved.filter(({ id }) => deliveries.has(id)).forEach(put))),

    log: (attempt) =>
      database.statement(
        Effect.suspend(() => {
          const before = attempts.get(attempt.delivery) ?? [];
          if (before.some(({ number }) => number === attempt.number))
            return Effect.dieMessage("the attempt was logged");
          attempts.set(attempt.delivery, [...before, attempt]);
          return Effect.void;
        }),
      ),

    hasEarlier: ({ subscription, subject }) =>
      database.statement(
        Effect.sync(() =>
          all(database).some(
            (other) =>
              subject !== undefined &&
              other.subscription === subscription &&
              other.subject?.uid === subject.uid &&
              other.subject.sequence < subject.sequence &&
              isWaiting(other),
          ),
        ),
      ),
  };
};

export const makeLog = (database: Database): Context.Tag.Service<DeliveryLog> => {
  const { deliveries, attempts, subscriptions, jobs } = database;

  const isReleasable = ({ subscription, subject, state }: Delivery): boolean => {
    const text = subscriptions.get(subscription);
    if (state !== "held" || text === undefined) return false;
    const { disabled, ordered } = subscriptionOf(text);
    const isBehind = (other: Delivery): boolean =>
      other.state === "pending" &&
      other.subscription === subscription &&
      other.subject !== undefined &&
      other.subject.uid === subject?.uid &&
      other.subject.sequence < subject.sequence;
    return disabled === undefined && !(ordered && all(database).some(isBehind));
  };

  const isAbandoned = ({ state, job }: Delivery): boolean => {
    const at = job === undefined ? undefined : jobs.get(job)?.state;
    return state === "pending" && (at === undefined || at === "done" || at === "dead" || at === "discarded");
  };

  return {
    list: ({ subscription, states, types, reference, since, until, before, limit }) =>
      database.statement(
        Effect.sync(() =>
          all(database)
            .filter((delivery) => delivery.subscription === subscription)
            .filter(({ state }) => states.length === 0 || states.includes(state))
            .filter(({ type }) => types.length === 0 || types.includes(type))
            .filter(({ subject }) => reference === undefined || subject?.reference === reference)
            .filter(({ createdAt }) => since === undefined || createdAt >= since)
            .filter(({ createdAt }) => until === undefined || createdAt < until)
            .filter(({ id }) => before === undefined || id < before)
            .sort((a, b) => compareTexts(b.id, a.id))
            .slice(0, limit),
        ),
      ),

    attempts: (ids) =>
      database.statement(
        Effect.sync(() =>
          [...ids]
            .sort(compareTexts)
            .flatMap(
              (id): ReadonlyArray<LoggedAttempt> => [...(attempts.get(id) ?? [])].sort((a, b) => a.number - b.number),
            ),
        ),
      ),

    releasable: (limit) =>
      database.statement(Effect.sync(() => all(database).filter(isReleasable).sort(byEvent).slice(0, limit))),

    abandoned: (limit) =>
      database.statement(
        Effect.sync(() =>
          all(database)
            .filter((delivery) => subscriptions.has(delivery.subscription) && isAbandoned(delivery))
            .sort(byEvent)
            .slice(0, limit),
        ),
      ),

    backlog: database.statement(
      Effect.sync(() => {
        const backlogs = new Map<SubscriptionId, Backlog>();
        for (const { subscription, state } of all(database)) {
          if (state === "delivered") continue;
          const before = backlogs.get(subscription) ?? { pending: 0, held: 0, dead: 0 };
          backlogs.set(subscription, { ...before, [state]: before[state] + 1 });
        }
        return backlogs;
      }),
    ),

    prune: (state, before, limit) =>
      database.statement(
        Effect.sync(() => {
          const old = all(database)
            .filter((delivery) => delivery.state === state && (delivery.finishedAt ?? before) < before)
            .sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0))
            .slice(0, limit);
          for (const { id } of old) {
            deliveries.delete(id);
            attempts.delete(id);
          }
          return old.length;
        }),
      ),
  };
};

const all = ({ deliveries }: Database): ReadonlyArray<Delivery> => deliveries.values().map(({ delivery }) => delivery);

const byEvent = (a: Delivery, b: Delivery): number =>
  compareTexts(a.subscription, b.subscription) || (a.subject?.sequence ?? 0) - (b.subject?.sequence ?? 0);

const isWaiting = ({ state }: Delivery): boolean => state === "pending" || state === "held";
