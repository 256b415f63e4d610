import type { DeliveryStore } from "@cadastre/domain/DeliveryStore";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Engine } from "./Engine.ts";
import * as deliveryRows from "./internal/deliveryRows.ts";
import * as Statements from "./internal/statements.ts";
import { join } from "./UnitOfWork.ts";

export const make = (
  engine: Context.Tag.Service<Engine>,
  unitOfWork: Context.Tag.Service<UnitOfWork>,
): Context.Tag.Service<DeliveryStore> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);
  const atomically = join(unitOfWork);
  const selectCursor = statements.prepare(sql`SELECT sequence FROM dispatch WHERE id = 1`);
  // There is no row before the first move.
  const moveCursor = statements.prepareWrite(sql`
    INSERT INTO dispatch (id, sequence) VALUES (1, ${"to"})
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence WHERE dispatch.sequence = ${"from"}
    RETURNING sequence`);
  const insert = statements.insert(deliveryRows.INSERTION);
  const moving = Object.keys(deliveryRows.MOVING).map((column) => sql.literal(`${column} = n.${column}`));
  const replace = statements.prepareWrite(sql`
    UPDATE deliveries SET ${sql.csv(moving)}
    FROM (${dialect.records("rows", { id: "text", ...deliveryRows.MOVING })}) n WHERE deliveries.id = n.id`);
  const selectThese = statements.prepare(
    sql`SELECT * FROM deliveries WHERE id IN (${dialect.texts("ids")}) ${dialect.skipLocked}`,
  );
  const select = statements.prepare(sql`SELECT * FROM deliveries WHERE id = ${"id"} ${dialect.lockRow}`);
  const insertAttempt = statements.insert(deliveryRows.ATTEMPTS);
  const selectEarlier = statements.prepare(sql`
    SELECT 1 FROM deliveries
    WHERE subscription_id = ${"subscription"} AND uid = ${"uid"} AND sequence < ${"sequence"}
      AND state IN ('pending', 'held') AND sequence IS NOT NULL
    LIMIT 1`);

  return {
    cursor: Effect.map(selectCursor({}), ([row]) => Number(row?.["sequence"] ?? 0)),

    moveCursor: (from, to) => Effect.map(atomically(moveCursor({ from, to })), (moved) => moved.length > 0),

    insert: (deliveries) =>
      atomically(Effect.catchTag(Effect.asVoid(insert(deliveries.map(deliveryRows.valuesOf))), "Conflict", Effect.die)),

    find: (id) => Effect.map(select({ id }), ([row]) => Option.map(Option.fromNullable(row), deliveryRows.decode)),

    take: (deliveries) =>
      Effect.map(selectThese({ ids: JSON.stringify(deliveries.map(({ id }) => id)) }), (rows) => {
        const found = new Map(rows.map(deliveryRows.decode).map((delivery) => [delivery.id, delivery]));
        return deliveries.flatMap(({ id, state, job }) => {
          const now = found.get(id);
          return now?.state === state && now.job === job ? [now] : [];
        });
      }),

    save: (deliveries) => {
      const rows = deliveries.map((delivery) => [delivery.id, ...deliveryRows.movingOf(delivery)]);
      return Effect.asVoid(atomically(replace({ rows: JSON.stringify(rows) })));
    },

    // Who logs has found the delivery, so that it stays: its attempts are numbered by it.
    log: (attempt) =>
      atomically(
        Effect.catchTag(Effect.asVoid(insertAttempt([deliveryRows.attemptValues(attempt)])), "Conflict", Effect.die),
      ),

    hasEarlier: ({ subscription, subject }) =>
      subject === undefined
        ? Effect.succeed(false)
        : Effect.map(selectEarlier({ subscription, ...subject }), (rows) => rows.length > 0),
  };
};
