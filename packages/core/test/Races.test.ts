/**
 * What the stores of one process cannot show: a transaction that does not see what another committed after it began.
 */
import { Batches } from "@cadastre/core/Batches";
import { Entities } from "@cadastre/core/Entities";
import { EntityStore } from "@cadastre/domain/EntityStore";
import * as Memory from "@cadastre/testing/memory/Memory";
import { expect, it } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Layer from "effect/Layer";
import * as Stream from "effect/Stream";
import { component, events, layerOver } from "./support.ts";

/** In its first transactions nothing is found; what is saved meets what is really there. */
const layerLate = (transactions: number) =>
  layerOver(
    Layer.map(Layer.fresh(Memory.layer), (context) => {
      const store = Context.get(context, EntityStore);
      let left = transactions;
      const find: typeof store.find = (selector) =>
        Effect.suspend(() => (left-- > 0 ? Effect.succeedNone : store.find(selector)));
      const findMany: typeof store.findMany = (keys) =>
        Effect.suspend(() => (left-- > 0 ? Effect.succeed(new Map()) : store.findMany(keys)));
      return Context.add(context, EntityStore, { ...store, find, findMany });
    }),
  );

const target = {
  _tag: "Reference",
  reference: { kind: "component", namespace: "default", name: "payments" },
} as const;

const document = (type: string) => component("payments", { type });

const batchOf = (content: unknown) => Stream.succeed({ index: 0, line: 1, content: Either.right(content) });

const bestEffort = { mode: "best-effort", dryRun: false, force: false } as const;

/** The first transaction is the one that registers the entity: it has nothing to find. */
const late = (losses: number) => layerLate(1 + losses);

it.effect("for a free reference ends in AlreadyExists", () =>
  Effect.gen(function* () {
    const entities = yield* Entities;
    yield* entities.create(document("service"));
    expect((yield* Effect.flip(entities.create(document("library"))))._tag).toBe("AlreadyExists");
    expect(yield* events).toHaveLength(1);
  }).pipe(Effect.provide(late(1))),
);

it.effect("for a free reference ends in AlreadyExists, even if it is lost each time", () =>
  Effect.gen(function* () {
    const entities = yield* Entities;
    yield* entities.create(document("service"));
    expect((yield* Effect.flip(entities.create(document("library"))))._tag).toBe("AlreadyExists");
    expect(yield* events).toHaveLength(1);
  }).pipe(Effect.provide(late(1000))),
);

it.effect("of a put that asks for no revision is run again", () =>
  Effect.gen(function* () {
    const entities = yield* Entities;
    yield* entities.create(document("service"));
    expect(yield* entities.put(target, document("library"))).toMatchObject({ action: "updated" });
    expect(yield* events).toHaveLength(2);
  }).pipe(Effect.provide(late(2))),
);

for (const mode of ["best-effort", "atomic"] as const) {
  it.scoped(`of a batch (${mode}) is run again, and told once`, () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const batches = yield* Batches;
      yield* entities.create(document("service"));
      const { summary, results } = yield* batches.apply(batchOf(document("library")), { ...bestEffort, mode });
      expect(summary).toMatchObject({ updated: 1, documents: 1 });
      expect(yield* Stream.runCount(results)).toBe(1);
      expect(yield* events).toHaveLength(2);
    }).pipe(Effect.provide(late(2))),
  );
}

it.scoped("of a batch that is lost each time is given up, and can be tried again", () =>
  Effect.gen(function* () {
    const entities = yield* Entities;
    const batches = yield* Batches;
    yield* entities.create(document("service"));
    const failure = yield* Effect.flip(batches.apply(batchOf(document("library")), bestEffort));
    expect(failure._tag).toBe("StoreUnavailable");
    expect(yield* events).toHaveLength(1);
  }).pipe(Effect.provide(late(1000))),
);
