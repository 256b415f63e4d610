import { done } from "@cadastre/domain/Job";
import { claim, EPOCH, job } from "@cadastre/testing/Fixtures";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as TestClock from "effect/TestClock";
import * as plans from "./plans.ts";

const BY_ID = "SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)";
const ready = (group: string) => `SEARCH jobs USING COVERING INDEX jobs_ready (queue=? AND ${group})`;
const LISTED = "SCAN json_each VIRTUAL TABLE INDEX 1:";

/** What touches the table of jobs, or sorts. */
const stepsOf = (plan: ReadonlyArray<string>) => plan.filter((detail) => detail !== LISTED);

describe("query plans of jobs", () => {
  it.scoped(
    "a claim reads what it takes, in its order, and nothing else, however many wait or are done",
    () =>
      Effect.gen(function* () {
        const { queue, plans: of } = yield* plans.make();
        yield* queue.enqueue([job({ runAt: 5 }), job(), job({ groupKey: "g" })]);
        yield* queue.claim(claim({ lease: 3, limit: 1 }));
        yield* TestClock.adjust(10);
        const [look, promote, takeBack, take, ...more] = yield* of(queue.claim(claim({ perGroup: 1 })));
        expect(more).toEqual([]);
        expect(stepsOf(look ?? []).filter((detail) => detail.includes(" jobs "))).toEqual([
          ...["group_key=?", "group_key>?", "group_key>?", "group_key=?"].map(ready),
          "SEARCH jobs USING COVERING INDEX jobs_scheduled (queue=?)",
          "SEARCH jobs USING COVERING INDEX jobs_running (queue=?)",
        ]);
        expect(stepsOf(promote ?? [])).toEqual([
          BY_ID,
          "SEARCH jobs USING COVERING INDEX jobs_scheduled (queue=? AND run_at<?)",
        ]);
        expect(stepsOf(takeBack ?? [])).toEqual([
          BY_ID,
          "SEARCH jobs USING COVERING INDEX jobs_running (queue=? AND lease_until<?)",
        ]);
        expect(stepsOf(take ?? []).filter((detail) => / (jobs|j) /.test(detail))).toEqual([
          BY_ID,
          ...["group_key=?", "group_key>?", "group_key>?"].map(ready),
          BY_ID.replace("jobs", "j"),
          ready("group_key=?"),
        ]);
      }),
    60_000,
  );

  it.scoped(
    "leases are extended and ended by id, and the next of an ordering key is found by index",
    () =>
      Effect.gen(function* () {
        const { queue, plans: of } = yield* plans.make();
        yield* queue.enqueue([job({ orderingKey: "o" }), job({ orderingKey: "o" })]);
        const { jobs } = yield* queue.claim(claim());
        const leases = jobs.map(({ lease }) => lease);
        expect((yield* of(queue.extend(leases, EPOCH))).map(stepsOf)).toEqual([[BY_ID]]);
        const [end, advance, ...more] = yield* of(queue.finish(leases.map((lease) => ({ lease, outcome: done }))));
        expect(more).toEqual([]);
        expect(stepsOf(end ?? [])).toEqual([BY_ID]);
        expect(stepsOf(advance ?? [])).toEqual(
          expect.arrayContaining([
            BY_ID,
            "SEARCH b USING COVERING INDEX jobs_blocked (queue=? AND ordering_key=?)",
            "SEARCH f USING INDEX jobs_first (queue=? AND ordering_key=?)",
          ]),
        );
      }),
    60_000,
  );

  it.scoped(
    "jobs of a state are listed, counted and deleted by index",
    () =>
      Effect.gen(function* () {
        const { board, plans: of } = yield* plans.make();
        expect(yield* of(board.list({ limit: 9 }))).toEqual([[BY_ID, "SCAN jobs"]]);
        const before = BY_ID.replace("=?", "<?");
        expect(yield* of(board.list({ limit: 9, before: 7 }))).toEqual([[BY_ID, before]]);
        expect(yield* of(board.list({ limit: 9, state: "done", before: 7 }))).toEqual([[BY_ID, before]]);
        const states = ["scheduled", "blocked", "ready", "running", "dead", "discarded"] as const;
        const [counted] = yield* of(board.counts);
        for (const state of states) {
          const index = `jobs_${state}`;
          const [[all, ids] = []] = yield* of(board.list({ limit: 9, state, before: 7 }));
          expect([all, ids]).toEqual([BY_ID, expect.stringMatching(new RegExp(`COVERING INDEX ${index}\\b`))]);
          expect(counted?.some((detail) => detail.includes(`INDEX ${index}`))).toBe(true);
        }
        const [prune] = yield* of(board.prune("done", EPOCH, 9));
        expect(prune).toEqual([BY_ID, "SEARCH jobs USING COVERING INDEX jobs_finished (state=? AND finished_at<?)"]);
      }),
    60_000,
  );
});
