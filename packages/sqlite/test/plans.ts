/**
 * The stores on a new database in memory, and how SQLite answers what they ask.
 */
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import type { EntityWrite } from "@cadastre/domain/EntityStore";
import type { Place, Predicate } from "@cadastre/domain/Predicate";
import * as DeliveryLog from "@cadastre/sql/DeliveryLog";
import * as DeliveryStore from "@cadastre/sql/DeliveryStore";
import * as EntityGraph from "@cadastre/sql/EntityGraph";
import * as EntityStore from "@cadastre/sql/EntityStore";
import * as EventLog from "@cadastre/sql/EventLog";
import * as FacetStore from "@cadastre/sql/FacetStore";
import * as JobBoard from "@cadastre/sql/JobBoard";
import * as JobQueue from "@cadastre/sql/JobQueue";
import * as Migrations from "@cadastre/sql/Migrations";
import * as SubscriptionStore from "@cadastre/sql/SubscriptionStore";
import * as UnitOfWork from "@cadastre/sql/UnitOfWork";
import { entity, everything } from "@cadastre/testing/Fixtures";
import * as Watched from "@cadastre/testing/Watched";
import * as Effect from "effect/Effect";
import * as engines from "../src/internal/engine.ts";
import { SCHEMA } from "../src/internal/schema.ts";

interface Step {
  readonly id: number;
  readonly parent: number;
  readonly detail: string;
}

interface Asked {
  readonly text: string;
  readonly values: ReadonlyArray<unknown>;
  readonly plan: ReadonlyArray<Step>;
}

export const make = Effect.fnUntraced(function* (...entities: ReadonlyArray<EntityWrite>) {
  const engine = yield* engines.make({ filename: ":memory:" });
  yield* Migrations.migrate(engine, SCHEMA);
  if (entities.length > 0) {
    yield* UnitOfWork.make(engine).transact(EntityStore.make(engine).save(entities));
  }
  const asked: Array<Asked> = [];
  const watched = Watched.watched(engine, (connection, text, values) =>
    Effect.tap(connection.execute(`EXPLAIN QUERY PLAN ${text}`, values, undefined), (plan) =>
      Effect.sync(() => {
        // SQLite's own columns.
        asked.push({ text, values, plan: plan as ReadonlyArray<Step> });
      }),
    ),
  );
  const unitOfWork = UnitOfWork.make(watched);

  /** Every statement that a call runs. */
  const statements = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<ReadonlyArray<Asked>, E> =>
    Effect.suspend(() => {
      asked.length = 0;
      return Effect.map(call, () => [...asked]);
    });

  return {
    statements,
    /** What each statement of a call does to tables. */
    plans: <A, E>(call: Effect.Effect<A, E>) =>
      Effect.map(statements(call), (all) => all.map(({ plan }) => under(plan))),
    store: EntityStore.make(watched),
    facets: FacetStore.make(watched),
    graph: EntityGraph.make(watched),
    log: EventLog.make(watched),
    queue: JobQueue.make(watched, unitOfWork),
    board: JobBoard.make(watched, unitOfWork),
    deliveries: DeliveryStore.make(watched, unitOfWork),
    deliveryLog: DeliveryLog.make(watched, unitOfWork),
    subscriptions: SubscriptionStore.make(watched, unitOfWork),
  };
});

/** What is done under the step of that name, or at all, in order: only what touches tables or sorts. */
export const stepsOf = (plan: ReadonlyArray<Step>, name: string): ReadonlyArray<string> =>
  under(
    plan,
    plan.find(({ detail }) => detail.endsWith(` ${name}`)),
  );

const under = (plan: ReadonlyArray<Step>, step?: Step): ReadonlyArray<string> =>
  plan
    .filter(({ parent }) => parent === (step?.id ?? 0))
    .flatMap((child) => [child.detail, ...under(plan, child)])
    .filter((detail) => /^(SEARCH|SCAN|USE TEMP)/.test(detail));

/** What the use case asks for unless told. */
export const active: EntityQuery = { ...everything, states: ["active"], limit: 50 };

/** More than are sorted, alike in almost everything. */
export const alike = Array.from({ length: 3100 }, (_, i) =>
  entity({
    name: `n${i}`,
    title: `t${i}`,
    description: "common",
    tags: i < 5 ? ["common", "rare"] : ["common"],
    labels: { common: "v" },
    spec: { owner: "common", n: i },
  }),
);

export const place = (...path: ReadonlyArray<string>): Place => ({ root: "envelope", path });
export const isOf = (at: Place, value: string): Predicate => ({ _tag: "OneOf", at, values: [value] });
export const hasN: Predicate = { _tag: "Order", at: place("spec", "n"), op: ">=", value: 0 };
