/**
 * How Postgres answers what the workers ask, beside many jobs and deliveries that are done, or wait for their time.
 */
import type { DeliveryQuery } from "@cadastre/domain/DeliveryStore";
import { done } from "@cadastre/domain/Job";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as DeliveryLog from "@cadastre/sql/DeliveryLog";
import * as DeliveryStore from "@cadastre/sql/DeliveryStore";
import * as JobBoard from "@cadastre/sql/JobBoard";
import * as JobQueue from "@cadastre/sql/JobQueue";
import * as UnitOfWork from "@cadastre/sql/UnitOfWork";
import { attempt, claim, delivery, EPOCH, job } from "@cadastre/testing/Fixtures";
import { create, execute } from "@cadastre/testing/PostgresDatabase";
import { describe, expect, it } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as engines from "../src/internal/engine.ts";
import * as Postgres from "../src/Postgres.ts";
import * as plans from "./plans.ts";

/** What is done comes first in the table, as it does in life. */
const JOBS = `INSERT INTO jobs (queue, kind, group_key, payload, state, priority, run_at, max_attempts, created_at, updated_at, finished_at)
  SELECT 'q', 'k', CASE WHEN n % 2 = 0 THEN 'g' || n % 20 END, '{}', state, 0, CASE state WHEN 'scheduled' THEN 9e15 ELSE 0 END, 5, 0, 0, finished_at
  FROM (VALUES ('done', 0), ('scheduled', NULL), ('ready', NULL)) s (state, finished_at), generate_series(1, 20000) n`;

const DELIVERIES = `INSERT INTO deliveries
    (id, subscription_id, type, sequence, uid, reference, state, attempts, tries, created_at, finished_at)
  SELECT 'msg_' || lpad(n::text, 8, '0') || '-0000-7001-8000-000000000000',
    'sub_00000000-0000-7000-8000-' || lpad((n % 50)::text, 12, '0'), 'entity.updated',
    n, 'ent_' || n % 1000, 'component:default/n' || n % 1000, state, 1, 1, n,
    CASE state WHEN 'pending' THEN NULL ELSE 0 END
  FROM generate_series(1, 50000) n, LATERAL (
    SELECT CASE WHEN n % 101 = 0 THEN 'dead' WHEN n % 103 = 0 THEN 'pending' ELSE 'delivered' END AS state) s`;

const ATTEMPTS = `INSERT INTO attempts (delivery_id, number, at, attempt)
  SELECT id, 1, 0, '{}' FROM deliveries WHERE state = 'delivered'`;

const subscription = { id: SubscriptionId.make("sub_00000000-0000-7000-8000-000000000007") };

class Explained extends Context.Tag("test/Explained")<
  Explained,
  {
    readonly queue: ReturnType<typeof JobQueue.make>;
    readonly board: ReturnType<typeof JobBoard.make>;
    readonly deliveries: ReturnType<typeof DeliveryStore.make>;
    readonly log: ReturnType<typeof DeliveryLog.make>;
    readonly steps: ReturnType<typeof plans.watch>["steps"];
  }
>() {}

const layer = Layer.scoped(
  Explained,
  Effect.gen(function* () {
    const text = yield* create("18");
    const url = Redacted.make(text);
    yield* Postgres.migrate({ url });
    yield* execute(text, JOBS, DELIVERIES, ATTEMPTS, "VACUUM ANALYZE");
    const { watched, steps } = plans.watch(yield* engines.make({ url }));
    const unitOfWork = UnitOfWork.make(watched);
    return {
      queue: JobQueue.make(watched, unitOfWork),
      board: JobBoard.make(watched, unitOfWork),
      deliveries: DeliveryStore.make(watched, unitOfWork),
      log: DeliveryLog.make(watched, unitOfWork),
      steps,
    };
  }),
).pipe(Layer.orDie);

/** Where nothing is read from its beginning to its end. */
const expectIndexes = (found: ReadonlyArray<string>, ...indexes: ReadonlyArray<string>) => {
  expect(found.filter((step) => /^Seq Scan (jobs|deliveries|attempts)/.test(step))).toEqual([]);
  expect(found.flatMap((step) => step.match(/(?<=Scan )(jobs|deliveries|attempts)_\w+/)?.[0] ?? [])).toEqual(indexes);
};

describe("query plans of Postgres beside a backlog", () => {
  it.layer(layer, { timeout: 120_000 })((it) => {
    it.effect("a claim reads what it takes, in its order, and nothing else", () =>
      Effect.gen(function* () {
        const { queue, steps } = yield* Explained;
        expectIndexes(
          yield* steps(queue.claim(claim({ limit: 5, lease: 60_000 }))),
          // Without those that go from one group to the next, of which Postgres does not tell.
          ...["jobs_ready", "jobs_ready", "jobs_ready", "jobs_scheduled", "jobs_running"],
          ...["jobs_ready", "jobs_ready", "jobs_ready", "jobs_pkey"],
        );
      }),
    );

    it.effect("leases are extended and ended by id, and the next of an ordering key is found by index", () =>
      Effect.gen(function* () {
        const { queue, steps } = yield* Explained;
        expectIndexes(
          yield* steps(queue.enqueue([job({ orderingKey: "o" }), job({ orderingKey: "o" })])),
          ...["jobs_first", "jobs_blocked", "jobs_pkey"],
        );
        const { jobs } = yield* queue.claim(claim({ limit: 3, lease: 60_000 }));
        const leases = jobs.map(({ lease }) => lease);
        expectIndexes(yield* steps(queue.extend(leases, EPOCH)), "jobs_pkey");
        const ends = leases.map((lease) => ({ lease, outcome: done }));
        expectIndexes(yield* steps(queue.finish(ends)), "jobs_pkey");
      }),
    );

    it.effect("jobs are listed, counted and deleted by index", () =>
      Effect.gen(function* () {
        const { board, steps } = yield* Explained;
        expectIndexes(yield* steps(board.list({ limit: 9 })), "jobs_pkey", "jobs_pkey");
        expectIndexes(yield* steps(board.list({ limit: 9, state: "dead" })), "jobs_pkey", "jobs_dead");
        expectIndexes(
          yield* steps(board.counts),
          ...["scheduled", "blocked", "ready", "running", "dead", "discarded"].map((state) => `jobs_${state}`),
        );
        expectIndexes(yield* steps(board.prune("done", EPOCH, 9)), "jobs_finished", "jobs_pkey");
      }),
    );

    it.effect("what is done for one delivery costs the same however many there are", () =>
      Effect.gen(function* () {
        const { deliveries, log, steps } = yield* Explained;
        const one = delivery(subscription, { sequence: 1e6 });
        yield* deliveries.insert([one]);
        expectIndexes(yield* steps(deliveries.find(one.id)), "deliveries_pkey");
        expectIndexes(yield* steps(deliveries.take([one])), "deliveries_pkey");
        expectIndexes(yield* steps(deliveries.save([one])), "deliveries_pkey");
        expectIndexes(yield* steps(deliveries.log(attempt(one, 1))));
        expectIndexes(yield* steps(deliveries.hasEarlier(one)), "deliveries_waiting");
        expectIndexes(yield* steps(log.attempts([one.id])), "attempts_pkey");
      }),
    );

    it.effect("people's lists of deliveries walk an index that has their order", () =>
      Effect.gen(function* () {
        const { log, steps } = yield* Explained;
        const list = (query: Partial<DeliveryQuery>) =>
          steps(log.list({ subscription: subscription.id, states: [], types: [], limit: 9, ...query }));
        expectIndexes(yield* list({}), "deliveries_by_subscription");
        expectIndexes(yield* list({ states: ["dead", "pending"] }), "deliveries_undelivered", "deliveries_undelivered");
        expectIndexes(yield* list({ reference: "component:default/n7" }), "deliveries_by_reference");
      }),
    );

    it.effect("what is looked for again and again is found by index", () =>
      Effect.gen(function* () {
        const { log, steps } = yield* Explained;
        expectIndexes(yield* steps(log.releasable(9)), "deliveries_held", "deliveries_waiting");
        expectIndexes(yield* steps(log.abandoned(9)), "deliveries_undelivered", "jobs_pkey");
        expectIndexes(yield* steps(log.backlog), "deliveries_undelivered");
        expectIndexes(yield* steps(log.prune("dead", EPOCH, 9)), "deliveries_finished", "deliveries_pkey");
      }),
    );
  });
});
