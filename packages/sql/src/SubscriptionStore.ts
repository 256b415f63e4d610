import { AlreadyExists, RevisionConflict } from "@cadastre/domain/Errors";
import type { Subscription } from "@cadastre/domain/Subscription";
import type { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Engine } from "./Engine.ts";
import * as Statements from "./internal/statements.ts";
import * as subscriptionRows from "./internal/subscriptionRows.ts";
import { join } from "./UnitOfWork.ts";

export const make = (
  engine: Context.Tag.Service<Engine>,
  unitOfWork: Context.Tag.Service<UnitOfWork>,
): Context.Tag.Service<SubscriptionStore> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);
  const atomically = join(unitOfWork);
  const insert = statements.insert(subscriptionRows.INSERTION);
  const select = statements.prepare(sql`SELECT * FROM subscriptions WHERE id = ${"id"} ${dialect.lockRow}`);
  const selectAll = statements.prepare(sql`SELECT * FROM subscriptions ORDER BY created_at, id`);
  const named = statements.prepare(sql`SELECT 1 FROM subscriptions WHERE lower(name) = ${"name"} AND id <> ${"id"}`);
  const columns = subscriptionRows.INSERTION.columns.filter((column) => column !== "id");
  const update = statements.prepareWrite(
    sql`UPDATE subscriptions SET ${sql.csv(columns.map((column) => sql`${sql.literal(column)} = ${column}`))} WHERE id = ${"id"}`,
  );
  const removeDeliveries = statements.prepareWrite(sql`DELETE FROM deliveries WHERE subscription_id = ${"id"}`);
  const remove = statements.prepareWrite(sql`DELETE FROM subscriptions WHERE id = ${"id"} RETURNING id`);
  const noteFailing = statements.prepareWrite(
    sql`UPDATE subscriptions SET failing_since = ${"since"} WHERE id = ${"id"}`,
  );
  const noteUnevaluated = statements.prepareWrite(sql`
    UPDATE subscriptions SET unevaluated = unevaluated + ${"count"}, unevaluated_sample = ${"sample"} WHERE id = ${"id"}`);

  return {
    insert: (subscription) =>
      atomically(
        Effect.mapError(Effect.asVoid(insert([subscriptionRows.valuesOf(subscription)])), (error) =>
          error._tag === "Conflict" ? taken(subscription) : error,
        ),
      ),

    find: (id) => Effect.map(select({ id }), ([row]) => Option.map(Option.fromNullable(row), subscriptionRows.decode)),

    list: Effect.map(selectAll({}), (rows) => rows.map(subscriptionRows.decode)),

    save: (subscription) =>
      atomically(
        Effect.gen(function* () {
          const { id, name, revision } = subscription;
          const [row] = yield* select({ id });
          const current = row === undefined ? undefined : Number(row["revision"]);
          if (current !== revision - 1) return yield* stale(subscription, current);
          if ((yield* named({ id, name: name.toLowerCase() })).length > 0) return yield* taken(subscription);
          const values = subscriptionRows.valuesOf(subscription);
          yield* update(Object.fromEntries(subscriptionRows.INSERTION.columns.map((column, i) => [column, values[i]])));
        }),
      ),

    remove: (id) =>
      atomically(
        Effect.map(Effect.zipRight(removeDeliveries({ id }), remove({ id })), (removed) => removed.length > 0),
      ),

    noteFailing: (id, since) => Effect.asVoid(atomically(noteFailing({ id, since: since ?? null }))),

    noteUnevaluated: (id, count, sample) =>
      Effect.asVoid(atomically(noteUnevaluated({ id, count, sample: JSON.stringify(sample) }))),
  };
};

const taken = ({ name }: Subscription) =>
  new AlreadyExists({ message: `there is a subscription named ${name} already: choose another name`, reference: name });

const stale = ({ name, revision }: Subscription, current: number | undefined) =>
  new RevisionConflict({
    message: `${name} is not at revision ${revision - 1} any more: read it again`,
    ...(current === undefined ? {} : { current }),
  });
