import type { Archive, ArchiveRecord } from "@cadastre/domain/Archive";
import type { Delivery } from "@cadastre/domain/Delivery";
import { toRecord } from "@cadastre/domain/Entity";
import { InvalidInput } from "@cadastre/domain/Errors";
import type { PatchOperation, SequencedEvent } from "@cadastre/domain/Event";
import * as Relation from "@cadastre/domain/Relation";
import type { Token } from "@cadastre/domain/Token";
import * as Clock from "effect/Clock";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import type { Database } from "./database.ts";
import * as EntityRow from "./entityRow.ts";
import { eventOf } from "./eventLog.ts";
import { subscriptionOf } from "./subscriptionStore.ts";
import { tokenOf } from "./tokenStore.ts";

export const make = (database: Database): Context.Tag.Service<Archive> => ({
  dump: Stream.unwrap(
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis;
      const records = yield* database.statement(Effect.sync(() => [...recordsOf(database, now)]));
      return Stream.fromIterable(records);
    }),
  ),

  load: (records) =>
    database.transact(
      Effect.gen(function* () {
        if (!isEmpty(database)) return yield* refusal("", "the catalog is not empty");
        const counts = { catalog: 0, entity: 0, event: 0, token: 0, subscription: 0, delivery: 0 };
        yield* Stream.runForEach(records, (record) => {
          const fault = store(database, record);
          if (fault !== undefined) return refusal(`/${Object.values(counts).reduce((a, b) => a + b)}`, fault);
          counts[record.type] += 1;
          return Effect.void;
        });
        const fault = contradiction(database);
        if (fault !== undefined) return yield* refusal("", fault);
        return counts;
      }),
    ),
});

const refusal = (path: string, message: string) =>
  Effect.fail(new InvalidInput({ message: `cannot be loaded: ${message}`, faults: [{ path, message }] }));

/** What is wrong between records that are right by themselves. */
const contradiction = ({ entities, events }: Database): string | undefined => {
  const last = new Map<string, number>();
  const revisions = new Set<string>();
  for (const { uid, revision } of events.values().map(eventOf)) {
    if (revisions.has(`${uid} ${revision}`)) return `revision ${revision} of ${uid} occurs twice`;
    revisions.add(`${uid} ${revision}`);
    last.set(uid, Math.max(revision, last.get(uid) ?? 0));
  }
  const stray = entities.values().find(({ uid, revision }) => last.get(uid) !== revision);
  return stray === undefined ? undefined : `the last event of ${stray.key} is not of the revision it is at`;
};

const isEmpty = ({ entities, events, tokens, subscriptions }: Database): boolean =>
  [entities, events, tokens, subscriptions].every((table) => table.values().length === 0);

const iso = (time: number): string => new Date(time).toISOString();

const optionalIso = <Key extends string>(key: Key, time: number | undefined): { readonly [K in Key]?: string } =>
  // A computed key widens to an index signature.
  (time === undefined ? {} : { [key]: iso(time) }) as { readonly [K in Key]?: string };

function* recordsOf(
  { entities, events, tokens, subscriptions, deliveries, dispatched }: Database,
  now: number,
): Iterable<ArchiveRecord> {
  yield { type: "catalog", version: 1, exportedAt: iso(now) };
  for (const { uid, envelope } of entities.values().sort((a, b) => EntityRow.compareTexts(a.uid, b.uid))) {
    yield { type: "entity", uid, envelope: JSON.parse(envelope) };
  }
  for (const { type, at, envelope, ...event } of events
    .values()
    .map(eventOf)
    .sort((a, b) => a.sequence - b.sequence)) {
    yield { type: "event", event: type, at: iso(at), envelope: JSON.parse(envelope), ...event };
  }
  for (const { createdAt, expiresAt, lastUsedAt, revokedAt, ...token } of tokens
    .values()
    .map(tokenOf)
    .sort((a, b) => EntityRow.compareTexts(a.id, b.id))) {
    yield {
      type: "token",
      ...token,
      createdAt: iso(createdAt),
      ...optionalIso("expiresAt", expiresAt),
      ...optionalIso("lastUsedAt", lastUsedAt),
      ...optionalIso("revokedAt", revokedAt),
    };
  }
  for (const {
    filter,
    disabled,
    createdAt,
    updatedAt,
    since,
    until,
    failingSince,
    sample,
    ...subscription
  } of subscriptions
    .values()
    .map(subscriptionOf)
    .sort((a, b) => EntityRow.compareTexts(a.id, b.id))) {
    yield {
      type: "subscription",
      ...subscription,
      ...(filter === undefined ? {} : { filter }),
      ...(disabled === undefined ? {} : { disabled: { ...disabled, at: iso(disabled.at) } }),
      createdAt: iso(createdAt),
      updatedAt: iso(updatedAt),
      since: Math.max(since, dispatched.get("dispatch") ?? 0),
      ...(until === undefined ? {} : { until }),
      ...optionalIso("failingSince", failingSince),
      ...(sample === undefined ? {} : { sample }),
    };
  }
  for (const { id, subscription, type, subject, state, createdAt } of deliveries
    .values()
    .map(({ delivery }) => delivery)
    .sort((a, b) => EntityRow.compareTexts(a.id, b.id))) {
    if (subject === undefined || (state !== "pending" && state !== "held")) continue;
    yield { type: "delivery", id, subscription, event: type, ...subject, createdAt: iso(createdAt) };
  }
}

/** A sentence that says why the record cannot be stored. */
const store = (database: Database, record: ArchiveRecord): string | undefined => {
  const { entities, uids, edges, events, tokens, lastSequence } = database;
  switch (record.type) {
    case "catalog":
      return undefined;
    case "entity": {
      const envelope = JSON.stringify(record.envelope);
      const document = toRecord(record.envelope).document;
      const row = EntityRow.make({ envelope, edges: Relation.edgesOf(document) });
      if (row.uid !== record.uid) return `the envelope is of ${row.uid}, not of ${record.uid}`;
      if (entities.has(row.uid)) return `${row.uid} occurs twice`;
      if (uids.has(row.key)) return `${row.key} occurs twice`;
      entities.set(row.uid, row);
      uids.set(row.key, row.uid);
      edges.replace(row.uid, [], row.edges);
      return undefined;
    }
    case "event": {
      const { type: _, event: type, at, envelope, patch, ...rest } = record;
      if (events.has(rest.sequence)) return `sequence ${rest.sequence} occurs twice`;
      const event: SequencedEvent = {
        ...rest,
        type,
        at: Date.parse(at),
        // The archive leaves operations untyped; they were typed when they were dumped.
        patch: patch as ReadonlyArray<PatchOperation>,
        envelope: JSON.stringify(envelope),
      };
      events.set(event.sequence, JSON.stringify(event));
      lastSequence.set("events", Math.max(lastSequence.get("events") ?? 0, event.sequence));
      return undefined;
    }
    case "token": {
      const { type: _, createdAt, expiresAt, lastUsedAt, revokedAt, ...rest } = record;
      if (tokens.has(rest.id)) return `${rest.id} occurs twice`;
      const time = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
      const token: Token = {
        ...rest,
        createdAt: Date.parse(createdAt),
        expiresAt: time(expiresAt),
        lastUsedAt: time(lastUsedAt),
        revokedAt: time(revokedAt),
      };
      tokens.set(token.id, JSON.stringify(token));
      return undefined;
    }
    case "subscription": {
      const { type: _, disabled, createdAt, updatedAt, failingSince, ...rest } = record;
      if (database.subscriptions.has(rest.id)) return `${rest.id} occurs twice`;
      const subscription = {
        ...rest,
        disabled: disabled && { ...disabled, at: Date.parse(disabled.at) },
        createdAt: Date.parse(createdAt),
        updatedAt: Date.parse(updatedAt),
        failingSince: failingSince === undefined ? undefined : Date.parse(failingSince),
      };
      database.subscriptions.set(rest.id, JSON.stringify(subscription));
      return undefined;
    }
    case "delivery": {
      const { id, subscription, event, sequence, uid, reference, createdAt } = record;
      if (database.deliveries.has(id)) return `${id} occurs twice`;
      const delivery: Delivery = {
        id,
        subscription,
        type: event,
        subject: { sequence, uid, reference },
        state: "held",
        attempts: 0,
        tries: 0,
        job: undefined,
        createdAt: Date.parse(createdAt),
        nextAt: undefined,
        finishedAt: undefined,
        reason: undefined,
      };
      database.deliveries.set(id, { delivery });
      return undefined;
    }
  }
};
