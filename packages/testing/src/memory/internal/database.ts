/**
 * Tables in memory with one global lock. Every change is journalled with its inverse, so that a transaction that does not
 * succeed can be undone.
 */
import type { Delivery, LoggedAttempt, MessageId } from "@cadastre/domain/Delivery";
import type { EntityUid } from "@cadastre/domain/Entity";
import type { JobId } from "@cadastre/domain/Job";
import type { ReferenceKey } from "@cadastre/domain/Reference";
import type { Edge } from "@cadastre/domain/Relation";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import type { TokenId } from "@cadastre/domain/Token";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as FiberRef from "effect/FiberRef";
import type { EntityRow } from "./entityRow.ts";
import type { JobRow } from "./jobRow.ts";

type Journal = Array<() => void>;

export class Table<K, V> {
  readonly #rows = new Map<K, V>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get(key: K): V | undefined {
    return this.#rows.get(key);
  }

  has(key: K): boolean {
    return this.#rows.has(key);
  }

  values(): Array<V> {
    return [...this.#rows.values()];
  }

  set(key: K, value: V): void {
    const before = this.#rows.get(key);
    this.#journal.push(() => (before === undefined ? this.#rows.delete(key) : this.#rows.set(key, before)));
    this.#rows.set(key, value);
  }

  delete(key: K): void {
    const before = this.#rows.get(key);
    if (before === undefined) return;
    this.#journal.push(() => this.#rows.set(key, before));
    this.#rows.delete(key);
  }
}

/** Edges by the references at both of their ends. One edge may be there several times, once for each that declares it. */
class EdgeIndex {
  readonly #ends = new Map<ReferenceKey, Map<string, Edge>>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  at(key: ReferenceKey): ReadonlyArray<Edge> {
    return [...(this.#ends.get(key)?.values() ?? [])];
  }

  /** Replaces the edges that an entity declared. */
  replace(declarer: EntityUid, before: ReadonlyArray<Edge>, after: ReadonlyArray<Edge>): void {
    for (const edge of before) this.#each(declarer, edge, (bucket, id) => this.#remove(bucket, id));
    for (const edge of after) this.#each(declarer, edge, (bucket, id) => this.#add(bucket, id, edge));
  }

  #each(declarer: EntityUid, edge: Edge, change: (bucket: Map<string, Edge>, id: string) => void): void {
    for (const end of new Set([edge.from, edge.to])) {
      const bucket = this.#ends.get(end) ?? new Map<string, Edge>();
      this.#ends.set(end, bucket);
      change(bucket, JSON.stringify([declarer, edge.type, edge.from, edge.to]));
    }
  }

  #add(bucket: Map<string, Edge>, id: string, edge: Edge): void {
    bucket.set(id, edge);
    this.#journal.push(() => bucket.delete(id));
  }

  #remove(bucket: Map<string, Edge>, id: string): void {
    const edge = bucket.get(id);
    if (edge === undefined) return;
    bucket.delete(id);
    this.#journal.push(() => bucket.set(id, edge));
  }
}

export interface Database {
  readonly entities: Table<EntityUid, EntityRow>;
  readonly uids: Table<ReferenceKey, EntityUid>;
  readonly edges: EdgeIndex;
  /** Events as JSON text, by sequence. */
  readonly events: Table<number, string>;
  /** Tokens as JSON text. */
  readonly tokens: Table<TokenId, string>;
  /** Subscriptions as JSON text. */
  readonly subscriptions: Table<SubscriptionId, string>;
  readonly deliveries: Table<MessageId, { readonly delivery: Delivery }>;
  readonly attempts: Table<MessageId, ReadonlyArray<LoggedAttempt>>;
  /** The sequence of the last event that all subscriptions were given. */
  readonly dispatched: Table<"dispatch", number>;
  readonly jobs: Table<JobId, JobRow>;
  /** The last period of each periodic job. */
  readonly periods: Table<string, number>;
  /** The highest sequence that was ever given out; one that was rolled back may come again. */
  readonly lastSequence: Table<"events" | "jobs", number>;

  /** One statement, all or none: at once inside a transaction, else when no transaction is open. */
  readonly statement: <A, E>(run: Effect.Effect<A, E>) => Effect.Effect<A, E>;
  /** A statement, all or none, that may only stand inside a transaction. */
  readonly inTransaction: <A, E>(run: Effect.Effect<A, E>) => Effect.Effect<A, E>;
  readonly transact: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
}

export const make = (): Database => {
  const journal: Journal = [];
  const lock = Effect.unsafeMakeSemaphore(1);
  const isInside = FiberRef.unsafeMake(false);

  /** Undoes what an effect changed if it does not succeed. */
  const allOrNone = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const start = journal.length;
      return Effect.onExit(effect, (exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit)) for (const undo of journal.splice(start).reverse()) undo();
        }),
      );
    });

  const forget = Effect.sync(() => {
    journal.length = 0;
  });

  const exclusively = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    lock.withPermits(1)(Effect.ensuring(allOrNone(effect), forget));

  const whereInside = <A, E, R>(
    inside: Effect.Effect<A, E, R>,
    outside: Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E, R> => Effect.flatMap(FiberRef.get(isInside), (is) => (is ? inside : outside));

  return {
    entities: new Table(journal),
    uids: new Table(journal),
    edges: new EdgeIndex(journal),
    events: new Table(journal),
    tokens: new Table(journal),
    subscriptions: new Table(journal),
    deliveries: new Table(journal),
    attempts: new Table(journal),
    dispatched: new Table(journal),
    jobs: new Table(journal),
    periods: new Table(journal),
    lastSequence: new Table(journal),
    statement: (run) => whereInside(run, exclusively(run)),
    inTransaction: (run) =>
      whereInside(allOrNone(run), Effect.dieMessage("this store call belongs inside UnitOfWork.transact")),
    transact: (effect) =>
      whereInside(
        Effect.dieMessage("UnitOfWork.transact is not to be nested"),
        exclusively(Effect.locally(effect, isInside, true)),
      ),
  };
};
