import type { Backlog, DeliveryLog } from "@cadastre/domain/DeliveryStore";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Fragment } from "@effect/sql/Statement";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "./Engine.ts";
import * as deliveryRows from "./internal/deliveryRows.ts";
import * as Statements from "./internal/statements.ts";
import { join } from "./UnitOfWork.ts";

export const make = (
  engine: Context.Tag.Service<Engine>,
  unitOfWork: Context.Tag.Service<UnitOfWork>,
): Context.Tag.Service<DeliveryLog> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);
  const atomically = join(unitOfWork);
  const selectAttempts = statements.prepare(sql`
    SELECT * FROM attempts WHERE delivery_id IN (${dialect.texts("ids")}) ORDER BY delivery_id, number`);
  // From the few subscriptions to what each holds: one that is disabled may hold very many. Some words are there for the
  // partial indexes.
  const selectReleasable = statements.prepare(sql`
    SELECT d.* FROM subscriptions s CROSS JOIN deliveries d
    WHERE s.disabled_at IS NULL AND d.subscription_id = s.id AND d.state = 'held'
      AND NOT (s.ordered = 1 AND EXISTS (
        SELECT 1 FROM deliveries e
        WHERE e.subscription_id = d.subscription_id AND e.uid = d.uid AND e.sequence < d.sequence AND e.state = 'pending'
          AND e.state IN ('pending', 'held') AND e.sequence IS NOT NULL
      ))
    ORDER BY s.id, d.sequence
    LIMIT ${"limit"}`);
  const selectAbandoned = statements.prepare(sql`
    SELECT d.* FROM subscriptions s CROSS JOIN deliveries d
    WHERE d.subscription_id = s.id AND d.state = 'pending' AND d.state <> 'delivered' AND NOT EXISTS (
      SELECT 1 FROM jobs j WHERE j.id = d.job AND j.state IN ('scheduled', 'blocked', 'ready', 'running')
    )
    ORDER BY s.id, d.sequence
    LIMIT ${"limit"}`);
  const selectBacklog = statements.prepare(sql`
    SELECT subscription_id, state, count(*) AS count FROM deliveries
    WHERE state <> 'delivered' GROUP BY subscription_id, state`);
  const prune = statements.prepareWrite(sql`
    DELETE FROM deliveries WHERE id IN (
      SELECT id FROM deliveries WHERE state = ${"state"} AND finished_at < ${"before"} AND finished_at IS NOT NULL
      ORDER BY finished_at LIMIT ${"limit"})
    RETURNING id`);

  return {
    list: ({ subscription, states, types, reference, since, until, before, limit }) => {
      const conditions = [
        sql`subscription_id = ${subscription}`,
        ...(types.length === 0 ? [] : [sql`type IN ${sql.in(types)}`]),
        ...(reference === undefined ? [] : [sql`reference = ${reference}`]),
        ...(since === undefined ? [] : [sql`created_at >= ${since}`]),
        ...(until === undefined ? [] : [sql`created_at < ${until}`]),
        ...(before === undefined ? [] : [sql`id < ${before}`]),
      ];
      const latest = (...more: ReadonlyArray<Fragment>) => sql`
        SELECT * FROM deliveries WHERE ${sql.and([...conditions, ...more])} ORDER BY id DESC LIMIT ${limit}`;
      // What was delivered is most of all. Of the others each state is looked at by itself, for its index has their order.
      const found =
        states.length === 0 || states.includes("delivered")
          ? latest(...(states.length === 0 ? [] : [sql`state IN ${sql.in(states)}`]))
          : [...new Set(states)]
              .map((state) => sql`SELECT * FROM (${latest(sql`state = ${state}`, sql`state <> 'delivered'`)}) s`)
              .reduce((all, one) => sql`${all} UNION ALL ${one}`);
      return Effect.map(statements.run(sql`SELECT * FROM (${found}) d ORDER BY id DESC LIMIT ${limit}`), (rows) =>
        rows.map(deliveryRows.decode),
      );
    },

    attempts: (deliveries) =>
      Effect.map(selectAttempts({ ids: JSON.stringify(deliveries) }), (rows) => rows.map(deliveryRows.decodeAttempt)),

    releasable: (limit) => Effect.map(selectReleasable({ limit }), (rows) => rows.map(deliveryRows.decode)),

    abandoned: (limit) => Effect.map(selectAbandoned({ limit }), (rows) => rows.map(deliveryRows.decode)),

    backlog: Effect.map(selectBacklog({}), (rows) => {
      const backlogs = new Map<SubscriptionId, Backlog>();
      for (const row of rows) {
        const id = SubscriptionId.make(String(row["subscription_id"]));
        const before = backlogs.get(id) ?? { pending: 0, held: 0, dead: 0 };
        backlogs.set(id, { ...before, [String(row["state"])]: Number(row["count"]) });
      }
      return backlogs;
    }),

    prune: (state, before, limit) =>
      Effect.map(atomically(prune({ state, before, limit })), (removed) => removed.length),
  };
};
