import { DeliveryLog, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Backend } from "../Backends.ts";
import { attempt, delivery, EPOCH, subscription } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `SubscriptionStore`. */
export const subscriptions = (backend: Backend): void => {
  const { test } = tester(backend);
  const nobody = SubscriptionId.make("sub_00000000-0000-7000-8000-ffffffffffff");
  const healthy = { failingSince: undefined, unevaluated: 0, sample: undefined };

  describe(`SubscriptionStore on ${backend.name}`, () => {
    test("a subscription is found as it was inserted", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore;
        const plain = subscription();
        const full = subscription({
          name: "Ünïcode 'n' \"all\"",
          channel: {
            type: "servicenow",
            instance: "https://example.service-now.com",
            target: { interface: "table", table: "incident", correlationField: "correlation_id" },
            fields: { short_description: "{/entity/metadata/name}" },
            correlationId: "{/entity/metadata/uid}",
            auth: { type: "basic", username: "cadastre" },
          },
          types: ["entity.deleted", "subscription.disabled"],
          filter: 'kind == "API"',
          retry: [0, 1],
          rateLimit: 3,
          ordered: true,
          disabled: { reason: "failing", at: EPOCH + 2 },
          revision: 3,
          since: 4,
          until: 5,
        });
        yield* store.insert(plain);
        yield* store.insert(full);
        expect(yield* store.find(plain.id)).toEqual(Option.some({ ...plain, ...healthy }));
        expect(yield* store.find(full.id)).toEqual(Option.some({ ...full, ...healthy }));
        expect(yield* store.find(nobody)).toEqual(Option.none());
      }));

    test("all are listed, oldest first", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore;
        const [young, old] = [subscription({ createdAt: EPOCH + 1 }), subscription()];
        yield* Effect.forEach([young, old], store.insert);
        expect((yield* store.list).map(({ id }) => id)).toEqual([old.id, young.id]);
      }));

    test("a name is taken once, in whatever case, by new ones and by renamed ones", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore;
        const [one, other] = [subscription({ name: "Deploys" }), subscription()];
        yield* Effect.forEach([one, other], store.insert);
        const taken = { _tag: "AlreadyExists", reference: "dePloys" };
        expect(yield* Effect.flip(store.insert(subscription({ name: "dePloys" })))).toMatchObject(taken);
        expect(yield* Effect.flip(store.save({ ...other, name: "dePloys", revision: 2 }))).toMatchObject(taken);
        yield* store.save({ ...one, name: "deploys", revision: 2 });
        expect((yield* store.list).map(({ name }) => name)).toEqual(["deploys", other.name]);
      }));

    test("a revision replaces the one before, and no other", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore;
        const one = subscription();
        yield* store.insert(one);
        const second = {
          ...one,
          sealed: "other",
          ordered: true,
          disabled: { reason: "gone", at: 9 },
          revision: 2,
        } as const;
        yield* store.save(second);
        expect(yield* store.find(one.id)).toEqual(Option.some({ ...second, ...healthy }));
        const stale = yield* Effect.flip(store.save({ ...second, name: "stale" }));
        expect(stale).toMatchObject({ _tag: "RevisionConflict", current: 2 });
        const gone = yield* Effect.flip(store.save(subscription({ revision: 2 })));
        expect(gone._tag).toBe("RevisionConflict");
        expect(yield* store.list).toEqual([{ ...second, ...healthy }]);
      }));

    test("what happens to a subscription is noted beside its revisions, and kept by them", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore;
        const [one, other] = [subscription(), subscription()];
        yield* Effect.forEach([one, other], store.insert);
        yield* store.noteFailing(one.id, EPOCH + 3);
        yield* store.noteUnevaluated(one.id, 2, { reference: "a:b/c", message: "first" });
        yield* store.noteUnevaluated(one.id, 3, { reference: "d:e/f", message: 'there is no field "x"' });
        yield* store.noteFailing(nobody, EPOCH);
        yield* store.save({ ...one, name: "renamed", revision: 2 });
        const sample = { reference: "d:e/f", message: 'there is no field "x"' };
        expect(yield* store.find(one.id)).toEqual(
          Option.some({ ...one, name: "renamed", revision: 2, failingSince: EPOCH + 3, unevaluated: 5, sample }),
        );
        yield* store.noteFailing(one.id, undefined);
        expect(Option.getOrThrow(yield* store.find(one.id)).failingSince).toBe(undefined);
        expect(yield* store.find(other.id)).toEqual(Option.some({ ...other, ...healthy }));
      }));

    test("one that is removed takes its deliveries and their attempts along, and no others", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore;
        const deliveries = yield* DeliveryStore;
        const log = yield* DeliveryLog;
        const [one, other] = [subscription(), subscription()];
        yield* Effect.forEach([one, other], store.insert);
        const [gone, kept] = [delivery(one), delivery(other)];
        yield* deliveries.insert([gone, kept]);
        yield* deliveries.log(attempt(gone, 1));
        yield* deliveries.log(attempt(kept, 1));
        expect(yield* store.remove(one.id)).toBe(true);
        expect(yield* store.remove(one.id)).toBe(false);
        expect((yield* store.list).map(({ id }) => id)).toEqual([other.id]);
        expect(yield* deliveries.find(gone.id)).toEqual(Option.none());
        expect(yield* deliveries.find(kept.id)).toEqual(Option.some(kept));
        expect(yield* log.attempts([gone.id, kept.id])).toEqual([attempt(kept, 1)]);
      }));

    test("inside a transaction its calls are part of it", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore;
        const { transact } = yield* UnitOfWork;
        const [kept, dropped] = [subscription(), subscription()];
        yield* store.insert(kept);
        yield* Effect.flip(
          transact(
            Effect.all([
              store.insert(dropped),
              store.save({ ...kept, name: "other", revision: 2 }),
              store.noteFailing(kept.id, EPOCH),
              store.remove(kept.id),
              Effect.fail("no"),
            ]),
          ),
        );
        expect(yield* store.list).toEqual([{ ...kept, ...healthy }]);
      }));
  });
};
