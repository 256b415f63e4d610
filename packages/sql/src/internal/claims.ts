/**
 * Claiming: what is due is made ready, what may run is leased.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Claim, JobQueue } from "@cadastre/domain/JobQueue";
import type { Row } from "@effect/sql/SqlConnection";
import * as Clock from "effect/Clock";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "../Engine.ts";
import * as jobRows from "./jobRows.ts";
import { keysOf, type OrderingKeys } from "./orderingKeys.ts";
import type { Statements } from "./statements.ts";

/** Jobs that one claim makes ready, or takes back, so that no transaction is long. */
const SWEEP = 1000;

type Atomically = <A>(effect: Effect.Effect<A, StoreUnavailable>) => Effect.Effect<A, StoreUnavailable>;

export const make = (
  { client: sql, dialect }: Context.Tag.Service<Engine>,
  statements: Statements,
  keys: OrderingKeys,
  atomically: Atomically,
): Context.Tag.Service<JobQueue>["claim"] => {
  const claimable = sql`queue = ${"queue"} AND state = 'ready' AND kind IN (${dialect.texts("kinds")})
    AND (group_key IS NULL OR group_key NOT IN (${dialect.texts("full")}))`;

  // On the reader: an idle worker takes no lock and writes nothing.
  const look = statements.prepare(sql`
    SELECT EXISTS (SELECT 1 FROM jobs WHERE ${claimable}) AS claimable,
      (SELECT min(run_at) FROM jobs WHERE queue = ${"queue"} AND state = 'scheduled') AS due,
      (SELECT min(lease_until) FROM jobs WHERE queue = ${"queue"} AND state = 'running') AS ending`);

  const now = sql`CAST(${"now"} AS BIGINT)`;
  const swept = sql.literal(String(SWEEP));
  const promote = statements.prepareWrite(sql`
    UPDATE jobs SET state = 'ready', updated_at = ${now} WHERE id IN (
      SELECT id FROM jobs WHERE queue = ${"queue"} AND state = 'scheduled' AND run_at <= ${now}
      ORDER BY run_at LIMIT ${swept} ${dialect.skipLocked}
    )`);
  const isLast = sql`attempts >= max_attempts`;
  // The delay is `crashBackoff`, the error `expired`.
  const takeBack = statements.prepareWrite(sql`
    UPDATE jobs SET state = CASE WHEN ${isLast} THEN 'dead' ELSE 'scheduled' END,
      finished_at = CASE WHEN ${isLast} THEN ${now} END,
      run_at = CASE WHEN ${isLast} THEN run_at ELSE ${now} + (1000 << CASE WHEN attempts < 6 THEN attempts ELSE 6 END) END,
      last_error = 'the worker ' || leased_by || ' did not finish it within its lease',
      lease_until = NULL, leased_by = NULL, updated_at = ${now}
    WHERE id IN (
      SELECT id FROM jobs WHERE queue = ${"queue"} AND state = 'running' AND lease_until <= ${now}
      ORDER BY lease_until LIMIT ${swept} ${dialect.skipLocked}
    )
    RETURNING queue, ordering_key, state`);

  const pick = statements.prepare(sql`
    SELECT id, group_key FROM jobs WHERE ${claimable}
    ORDER BY priority DESC, run_at, id LIMIT ${"limit"} ${dialect.skipLocked}`);
  const lease = statements.prepareWrite(sql`
    UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_seq = lease_seq + 1,
      lease_until = ${"until"}, leased_by = ${"worker"}, dedupe_key = NULL, updated_at = ${now}
    WHERE id IN (SELECT id FROM (${dialect.records("ids", { id: "integer" })}) picked)
    RETURNING ${sql.literal(jobRows.CLAIMED)}`);

  const sweep = Effect.fnUntraced(function* (queue: string, { due, ending }: Times, at: number) {
    if (due <= at) yield* promote({ queue, now: at });
    if (ending > at) return;
    const back = yield* takeBack({ queue, now: at });
    yield* keys.advance(keysOf(back.filter(({ state }) => state === "dead")), at);
  });

  return Effect.fnUntraced(function* (claim) {
    const at = yield* Clock.currentTimeMillis;
    const full = [...claim.running].filter(([, count]) => count >= claim.perGroup).map(([group]) => group);
    const wanted = { queue: claim.queue, kinds: JSON.stringify(claim.kinds), full: JSON.stringify(full) };
    const [found] = yield* look(wanted);
    const times: Times = { due: timeOf(found?.["due"]), ending: timeOf(found?.["ending"]) };
    const next = Math.min(times.due, times.ending);
    if (!found?.["claimable"] && next > at) return { jobs: [], nextAt: Number.isFinite(next) ? next : undefined };

    const jobs = yield* atomically(
      Effect.gen(function* () {
        yield* sweep(claim.queue, times, at);
        const ids = chosen(yield* pick({ ...wanted, limit: claim.limit }), claim);
        if (ids.length === 0) return [];
        const parameters = { until: at + claim.lease, worker: claim.worker, now: at };
        const rows = yield* lease({ ...parameters, ids: JSON.stringify(ids.map((id) => [id])) });
        const places = new Map(ids.map((id, place) => [id, place]));
        // RETURNING keeps no order.
        return rows.map(jobRows.claimed).sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
      }),
    );
    return { jobs, nextAt: at };
  });
};

interface Times {
  /** When the next job is due; infinite if none is scheduled. */
  readonly due: number;
  /** When the next lease ends. */
  readonly ending: number;
}

const timeOf = (value: unknown): number => (value === null ? Number.POSITIVE_INFINITY : Number(value));

/** The ids of the rows whose group has room for them. */
const chosen = (rows: ReadonlyArray<Row>, { running, perGroup }: Claim): ReadonlyArray<number> => {
  const counts = new Map(running);
  return rows.flatMap((row) => {
    const id = Number(row["id"]);
    if (row["group_key"] === null) return [id];
    const group = String(row["group_key"]);
    const count = counts.get(group) ?? 0;
    if (count >= perGroup) return [];
    counts.set(group, count + 1);
    return [id];
  });
};
