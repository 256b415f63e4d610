/**
 * The jobs of one ordering key: one at the most is not blocked, and it is the first of them.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "../Engine.ts";
import * as Statements from "./statements.ts";

export interface OrderingKey {
  readonly queue: string;
  readonly key: string;
}

export interface OrderingKeys {
  /** Lets others wait who change jobs of these keys; only inside a transaction. */
  readonly lock: (keys: ReadonlyArray<OrderingKey>) => Effect.Effect<void, StoreUnavailable>;
  /** Lets the first job of each key go if none does; only inside a transaction. */
  readonly advance: (keys: ReadonlyArray<OrderingKey>, now: number) => Effect.Effect<void, StoreUnavailable>;
}

export const make = (engine: Context.Tag.Service<Engine>): OrderingKeys => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);
  const take = dialect.lockTexts === undefined ? undefined : statements.prepare(sql`${dialect.lockTexts("texts")}`);
  const unblock = statements.prepareWrite(sql`
    UPDATE jobs SET state = CASE WHEN run_at <= ${"now"} THEN 'ready' ELSE 'scheduled' END, updated_at = ${"now"}
    WHERE id IN (
      SELECT (
        SELECT min(b.id) FROM jobs b WHERE b.queue = k.queue AND b.ordering_key = k.key AND b.state = 'blocked'
      )
      FROM (${dialect.records("keys", { queue: "text", key: "text" })}) k
      WHERE NOT EXISTS (
        SELECT 1 FROM jobs f
        WHERE f.queue = k.queue AND f.ordering_key = k.key AND f.state IN ('scheduled', 'ready', 'running')
      )
    )`);

  const lock: OrderingKeys["lock"] = (keys) => {
    if (take === undefined || keys.length === 0) return Effect.void;
    // In one order for all, so that no two wait for each other.
    const texts = [...new Set(keys.map(({ queue, key }) => JSON.stringify([queue, key])))].sort();
    return Effect.asVoid(take({ texts: JSON.stringify(texts) }));
  };

  return {
    lock,
    advance: (keys, now) =>
      keys.length === 0
        ? Effect.void
        : Effect.zipRight(
            lock(keys),
            Effect.asVoid(unblock({ keys: JSON.stringify(keys.map(({ queue, key }) => [queue, key])), now })),
          ),
  };
};

/** Keys of rows with `queue` and `ordering_key`. */
export const keysOf = (rows: ReadonlyArray<{ readonly [column: string]: unknown }>): ReadonlyArray<OrderingKey> =>
  rows.flatMap((row) =>
    row["ordering_key"] === null ? [] : [{ queue: String(row["queue"]), key: String(row["ordering_key"]) }],
  );
