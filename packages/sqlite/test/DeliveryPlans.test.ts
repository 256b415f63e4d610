import { attempt, delivery, EPOCH, subscription } from "@cadastre/testing/Fixtures";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as plans from "./plans.ts";

const BY_ID = "SEARCH deliveries USING PRIMARY KEY (id=?)";
const LISTED = "SCAN json_each VIRTUAL TABLE INDEX 1:";
const OF_SUBSCRIPTION = "SEARCH deliveries USING INDEX deliveries_by_subscription (subscription_id=?";
const UNDELIVERED = "SEARCH deliveries USING INDEX deliveries_undelivered (subscription_id=? AND state=?)";
const EARLIER = "deliveries_waiting (subscription_id=? AND uid=? AND sequence>? AND sequence<?)";

describe("query plans of deliveries", () => {
  it.scoped("what is done for one delivery costs the same however many there are", () =>
    Effect.gen(function* () {
      const { deliveries, plans: of } = yield* plans.make();
      const one = delivery(subscription());
      yield* deliveries.insert([one]);
      expect(yield* of(deliveries.cursor)).toEqual([["SEARCH dispatch USING INTEGER PRIMARY KEY (rowid=?)"]]);
      expect(yield* of(deliveries.find(one.id))).toEqual([[BY_ID]]);
      expect(yield* of(deliveries.take([one]))).toEqual([[BY_ID, LISTED]]);
      expect(yield* of(deliveries.save([one]))).toEqual([[LISTED, BY_ID]]);
      expect(yield* of(deliveries.log(attempt(one, 1)))).toEqual([[]]);
      expect(yield* of(deliveries.hasEarlier(one))).toEqual([[`SEARCH deliveries USING INDEX ${EARLIER}`]]);
    }),
  );

  it.scoped("people's lists walk an index that has their order, past nothing that was delivered unless asked", () =>
    Effect.gen(function* () {
      const { deliveryLog, plans: of } = yield* plans.make();
      const { id } = subscription();
      const list = (query: Partial<Parameters<typeof deliveryLog.list>[0]>) =>
        Effect.map(of(deliveryLog.list({ subscription: id, states: [], types: [], limit: 9, ...query })), ([plan]) =>
          plan?.filter((step) => step.includes("deliveries")),
        );
      const { id: before } = delivery({ id });
      expect(yield* list({})).toEqual([`${OF_SUBSCRIPTION})`]);
      expect(yield* list({ before, states: ["delivered"] })).toEqual([`${OF_SUBSCRIPTION} AND id<?)`]);
      expect(yield* list({ states: ["dead"], since: EPOCH })).toEqual([UNDELIVERED]);
      expect(yield* list({ states: ["dead", "held"] })).toEqual([UNDELIVERED, UNDELIVERED]);
      expect(yield* list({ reference: "component:default/a" })).toEqual([
        "SEARCH deliveries USING INDEX deliveries_by_reference (subscription_id=? AND reference=?)",
      ]);
      expect(yield* of(deliveryLog.attempts([before]))).toEqual([
        ["SEARCH attempts USING PRIMARY KEY (delivery_id=?)", LISTED],
      ]);
    }),
  );

  it.scoped("what is looked for again and again is found by index", () =>
    Effect.gen(function* () {
      const { deliveryLog, plans: of } = yield* plans.make();
      expect(yield* of(deliveryLog.releasable(9))).toEqual([
        ["SCAN s", "SEARCH d USING INDEX deliveries_held (subscription_id=?)", `SEARCH e USING INDEX ${EARLIER}`],
      ]);
      const [abandoned] = yield* of(deliveryLog.abandoned(9));
      expect(abandoned?.slice(0, 3)).toEqual([
        "SCAN s",
        "SEARCH d USING INDEX deliveries_undelivered (subscription_id=? AND state=?)",
        "SEARCH j USING INTEGER PRIMARY KEY (rowid=?)",
      ]);
      expect(yield* of(deliveryLog.backlog)).toEqual([["SCAN deliveries USING COVERING INDEX deliveries_undelivered"]]);
      const [prune] = yield* of(deliveryLog.prune("dead", EPOCH, 9));
      expect(prune?.slice(0, 2)).toEqual([
        BY_ID,
        "SEARCH deliveries USING COVERING INDEX deliveries_finished (state=? AND finished_at>? AND finished_at<?)",
      ]);
    }),
  );

  it.scoped("a subscription is found by id or name, and goes with what it was to be told, by index", () =>
    Effect.gen(function* () {
      const { subscriptions, plans: of } = yield* plans.make();
      const one = subscription();
      yield* subscriptions.insert(one);
      const byId = "SEARCH subscriptions USING PRIMARY KEY (id=?)";
      expect(yield* of(subscriptions.find(one.id))).toEqual([[byId]]);
      expect(yield* of(subscriptions.save({ ...one, revision: 2 }))).toEqual([
        [byId],
        ["SEARCH subscriptions USING INDEX subscriptions_by_name (<expr>=?)"],
        [byId],
      ]);
      const [told, gone] = yield* of(subscriptions.remove(one.id));
      expect(told?.[0]).toMatch(/SEARCH deliveries USING INDEX \w+ \(subscription_id=\?\)/);
      expect(gone).toEqual([byId]);
    }),
  );
});
