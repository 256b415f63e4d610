/**
 * Use cases on subscriptions.
 */
import { CallbackChannel } from "@cadastre/domain/CallbackChannel";
import { rotate, type Secrets } from "@cadastre/domain/Channel";
import { type Backlog, DeliveryLog, type DeliveryStore } from "@cadastre/domain/DeliveryStore";
import {
  type AlreadyExists,
  InvalidInput,
  NotFound,
  RevisionConflict,
  type SecretsUnavailable,
} from "@cadastre/domain/Errors";
import { EventLog } from "@cadastre/domain/EventLog";
import { Expressions } from "@cadastre/domain/Expressions";
import { Identifiers } from "@cadastre/domain/Identifiers";
import type { Caller } from "@cadastre/domain/Principal";
import type { Subscription, SubscriptionRecord } from "@cadastre/domain/Subscription";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Vault } from "@cadastre/domain/Vault";
import type { Wakeups } from "@cadastre/domain/Wakeups";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Redacted from "effect/Redacted";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";
import * as Commit from "./internal/commit.ts";
import { retryLostRaces } from "./internal/races.ts";
import * as Settings from "./internal/settings.ts";
import * as SubscriptionSecrets from "./SubscriptionSecrets.ts";
import * as SubscriptionSwitch from "./SubscriptionSwitch.ts";

export type NewSubscription = Settings.Settings & { readonly enabled: boolean };

export type SubscriptionChanges = { readonly [Member in keyof NewSubscription]?: NewSubscription[Member] };

/** A subscription as it may be shown, with what it has before it. */
export type SubscriptionView = Omit<SubscriptionRecord, "sealed"> & { readonly backlog: Backlog };

export interface WithSecret {
  readonly subscription: SubscriptionView;
  /** To verify signatures with, if the channel signs; shown this once. */
  readonly secret: Redacted.Redacted | undefined;
}

type WriteError = Denied | AlreadyExists | InvalidInput | SecretsUnavailable;

export class Subscriptions extends Context.Tag("@cadastre/core/Subscriptions")<
  Subscriptions,
  {
    /** It hears of what happens from now on. */
    readonly create: (input: NewSubscription) => Effect.Effect<WithSecret, WriteError, Caller>;

    /** All of them, oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<SubscriptionView>, Denied, Caller>;

    readonly get: (id: SubscriptionId) => Effect.Effect<SubscriptionView, Denied | NotFound, Caller>;

    /**
     * Changes what is given, all of it or nothing; what is under way is delivered by the new settings. Nothing changes its revision
     * but a change: settings make one, and being enabled or disabled another.
     */
    readonly change: (
      id: SubscriptionId,
      changes: SubscriptionChanges,
      ifMatch?: number,
    ) => Effect.Effect<WithSecret, WriteError | NotFound | RevisionConflict, Caller>;

    /** With its deliveries and their log. */
    readonly remove: (
      id: SubscriptionId,
      ifMatch?: number,
    ) => Effect.Effect<void, Denied | NotFound | RevisionConflict, Caller>;

    /**
     * A disabled subscription is told nothing, not of what happens in the meantime either; what was not delivered before is
     * kept, and delivered once it is enabled.
     */
    readonly setEnabled: (
      id: SubscriptionId,
      enabled: boolean,
    ) => Effect.Effect<SubscriptionView, Denied | NotFound, Caller>;

    /** Replaces the signing secret. The one before signs too for `overlap` milliseconds, seven days at the most. */
    readonly rotateSecret: (
      id: SubscriptionId,
      overlap: number,
    ) => Effect.Effect<WithSecret, Exclude<WriteError, AlreadyExists> | NotFound | RevisionConflict, Caller>;
  }
>() {}

const make = Effect.gen(function* () {
  const store = yield* SubscriptionStore;
  const log = yield* DeliveryLog;
  const { head } = yield* EventLog;
  const channels = yield* CallbackChannel;
  const { compile } = yield* Expressions;
  const identifiers = yield* Identifiers;
  const { seal, open } = yield* SubscriptionSecrets.make;
  const { turn } = yield* SubscriptionSwitch.make;
  const commit = yield* Commit.make;

  const newSigning = Effect.map(identifiers.secret, (bits) => ({
    current: Settings.signingSecret(bits),
    previous: [],
  }));

  const check = (settings: Settings.Checked, given: Settings.GivenSecrets, secrets: Secrets) =>
    Settings.check(settings, given, [
      settings.filter === undefined ? Effect.void : compile(settings.filter, "subscription"),
      channels.check(settings.channel, secrets),
    ]);

  const find = (id: SubscriptionId) =>
    Effect.flatMap(
      store.find(id),
      Effect.mapError(() => unknown(id)),
    );

  const show = Effect.fnUntraced(function* (id: SubscriptionId) {
    return toView(yield* find(id), yield* log.backlog);
  });

  const turnTo = (enabled: boolean | undefined, subscription: Subscription, now: number) =>
    enabled === undefined || enabled === (subscription.disabled === undefined)
      ? Effect.void
      : turn(subscription, enabled ? undefined : "requested", now);

  const set = (id: SubscriptionId, enabled: boolean, ifMatch?: number) =>
    commit(
      Effect.gen(function* () {
        yield* turnTo(enabled, yield* atRevision(yield* find(id), ifMatch), yield* Clock.currentTimeMillis);
      }),
    );

  return Subscriptions.of({
    create: Effect.fn("Subscriptions.create")(function* ({
      secrets: given = {},
      enabled,
      ...settings
    }: NewSubscription) {
      const secrets = Settings.secretsOf(settings.channel, given, yield* newSigning);
      yield* check(settings, given, secrets);
      const id = yield* identifiers.subscriptionId;
      const sealed = yield* seal(secrets, id);
      const now = yield* Clock.currentTimeMillis;
      const disabled = enabled ? undefined : ({ reason: "requested", at: now } as const);
      const marks = { id, sealed, disabled, revision: 1, createdAt: now, updatedAt: now };
      yield* commit(
        Effect.flatMap(head, (since) =>
          store.insert({ ...settings, ...marks, since, until: enabled ? undefined : since }),
        ),
      );
      // Only somebody who deleted it at once could have kept it from being found.
      return { subscription: yield* Effect.catchTag(show(id), "NotFound", Effect.die), secret: shown(secrets) };
    }),

    list: Effect.gen(function* () {
      const backlogs = yield* log.backlog;
      return (yield* store.list).map((record) => toView(record, backlogs));
    }).pipe(Effect.withSpan("Subscriptions.list")),

    get: Effect.fn("Subscriptions.get")((id: SubscriptionId) => show(id)),

    change: Effect.fn("Subscriptions.change")(function* (
      id: SubscriptionId,
      { secrets: given = {}, enabled, ...changes }: SubscriptionChanges,
      ifMatch?: number,
    ) {
      if (enabled !== undefined && Object.keys({ ...changes, ...given }).length === 0) {
        yield* set(id, enabled, ifMatch);
        return { subscription: yield* show(id), secret: undefined };
      }
      const attempt = Effect.gen(function* () {
        const before = yield* atRevision(yield* find(id), ifMatch);
        const own = { channel: before.channel, secrets: yield* open(before) };
        const settings = { ...before, ...changes };
        const secrets = Settings.secretsOf(settings.channel, given, yield* newSigning, own);
        yield* check(settings, given, secrets);
        const sealed = yield* seal(secrets, id);
        const updatedAt = yield* Clock.currentTimeMillis;
        const changed = { ...settings, sealed, revision: before.revision + 1, updatedAt };
        yield* commit(
          Effect.gen(function* () {
            yield* store.save(changed);
            // Another receiver has not failed yet.
            if (changes.channel !== undefined && JSON.stringify(changes.channel) !== JSON.stringify(before.channel)) {
              yield* store.noteFailing(id, undefined);
            }
            yield* turnTo(enabled, changed, updatedAt);
          }),
        );
        return own.secrets.signing === undefined ? shown(secrets) : undefined;
      });
      const secret = yield* ifMatch === undefined ? retryLostRaces(attempt) : attempt;
      return { subscription: yield* show(id), secret };
    }),

    remove: Effect.fn("Subscriptions.remove")(function* (id: SubscriptionId, ifMatch?: number) {
      yield* commit(
        Effect.gen(function* () {
          yield* atRevision(yield* find(id), ifMatch);
          yield* store.remove(id);
        }),
      );
    }),

    setEnabled: Effect.fn("Subscriptions.setEnabled")(function* (id: SubscriptionId, enabled: boolean) {
      yield* Effect.catchTag(set(id, enabled), "RevisionConflict", Effect.die);
      return yield* show(id);
    }),

    rotateSecret: Effect.fn("Subscriptions.rotateSecret")(function* (id: SubscriptionId, overlap: number) {
      yield* Settings.checkOverlap(overlap);
      const attempt = Effect.gen(function* () {
        const before = yield* find(id);
        const secrets = yield* open(before);
        if (secrets.signing === undefined) return yield* unsigned(before);
        const now = yield* Clock.currentTimeMillis;
        const { current } = yield* newSigning;
        const sealed = yield* seal({ ...secrets, signing: rotate(secrets.signing, current, now, now + overlap) }, id);
        yield* commit(store.save({ ...before, sealed, revision: before.revision + 1, updatedAt: now }));
        return current;
      });
      // Its name stays its own.
      const secret = yield* Effect.catchTag(retryLostRaces(attempt), "AlreadyExists", Effect.die);
      return { subscription: yield* show(id), secret };
    }),
  });
});

const EMPTY: Backlog = { pending: 0, held: 0, dead: 0 };

const toView = (
  { sealed: _, ...subscription }: SubscriptionRecord,
  backlogs: ReadonlyMap<SubscriptionId, Backlog>,
): SubscriptionView => ({ ...subscription, backlog: backlogs.get(subscription.id) ?? EMPTY });

const shown = ({ signing }: Secrets): Redacted.Redacted | undefined => signing?.current;

const unknown = (id: SubscriptionId) => new NotFound({ message: `there is no subscription ${id}` });

const unsigned = ({ name }: SubscriptionRecord) => {
  const message = "has no signing secret: only those of webhook channels do";
  return new InvalidInput({ message: `${name} ${message}`, faults: [{ path: "", message }] });
};

const atRevision = (
  found: SubscriptionRecord,
  ifMatch: number | undefined,
): Effect.Effect<SubscriptionRecord, RevisionConflict> => {
  const { name, revision: current } = found;
  if (ifMatch === undefined || ifMatch === current) return Effect.succeed(found);
  return new RevisionConflict({ message: `${name} is at revision ${current}, not ${ifMatch}: read it again`, current });
};

export const layer: Layer.Layer<
  Subscriptions,
  never,
  | SubscriptionStore
  | DeliveryStore
  | DeliveryLog
  | EventLog
  | CallbackChannel
  | Expressions
  | Identifiers
  | Vault
  | UnitOfWork
  | Wakeups
> = Layer.effect(
  Subscriptions,
  Effect.map(make, (subscriptions) =>
    authorize(subscriptions, {
      create: "callbacks:manage",
      list: "callbacks:manage",
      get: "callbacks:manage",
      change: "callbacks:manage",
      remove: "callbacks:manage",
      setEnabled: "callbacks:manage",
      rotateSecret: "callbacks:manage",
    }),
  ),
);
