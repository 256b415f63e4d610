import { Entities } from "@cadastre/core/Entities";
import { Events, type FeedPage, type FeedQuery } from "@cadastre/core/Events";
import { byKey } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { Wakeups } from "@cadastre/domain/Wakeups";
import { backend } from "@cadastre/testing/Backends";
import { entity, event } from "@cadastre/testing/Fixtures";
import { expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Stream from "effect/Stream";
import * as TestClock from "effect/TestClock";
import { component, group, layerOver, onEachStore } from "./support.ts";

const all: FeedQuery = { types: [], kinds: [] };

const payments = byKey("component:default/payments");

/** Four changes: of sequence 1 to 4. */
const changes = Effect.gen(function* () {
  const entities = yield* Entities;
  yield* entities.create(component("payments"));
  yield* entities.create(group("team-a"));
  yield* entities.patch(payments, { spec: { owner: "group:team-b" } });
  yield* entities.remove(payments);
});

const sequences = ({ events }: FeedPage) => events.map(({ sequence }) => sequence);

onEachStore("the feed", (test) => {
  test("has every change in order, page by page, and goes on from its end", () =>
    Effect.gen(function* () {
      yield* changes;
      const { list } = yield* Events;
      const first = yield* list(all, 0, 3);
      expect([sequences(first), first.next]).toEqual([[1, 2, 3], 3]);
      const second = yield* list(all, first.next, 3);
      expect([sequences(second), second.next]).toEqual([[4], 4]);
      expect(yield* list(all, 4, 3)).toEqual({ events: [], next: 4, unevaluated: undefined });
    }));

  test("tells after which change a time begins", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { at } = yield* Events;
      expect(yield* at(0)).toBe(0);
      const start = yield* Clock.currentTimeMillis;
      for (const name of ["a", "b", "c", "d", "e"]) {
        yield* entities.create(component(name));
        yield* TestClock.adjust("1 minute");
      }
      const found = yield* Effect.forEach([0, 1, 60_000, 60_001, 180_000, 240_000, 240_001], (after) =>
        at(start + after),
      );
      expect(found).toEqual([0, 1, 1, 2, 3, 4, 5]);
    }));

  test("is chosen by type, kind and filter, and next advances over what is not wanted", () =>
    Effect.gen(function* () {
      yield* changes;
      const { list } = yield* Events;
      const found = (query: Partial<FeedQuery>) =>
        Effect.map(list({ ...all, ...query }, 0, 10), (page) => [sequences(page), page.next]);
      expect(yield* found({ types: ["entity.created"] })).toEqual([[1, 2], 4]);
      expect(yield* found({ kinds: ["COMPONENT"] })).toEqual([[1, 3, 4], 4]);
      expect(yield* found({ kinds: ["API"] })).toEqual([[], 4]);
      expect(yield* found({ filter: 'event.patch.exists(p, p.path == "/spec/owner")' })).toEqual([[3], 4]);
      expect(yield* found({ filter: 'kind == "Group" && event.actor == "token:tests"' })).toEqual([[2], 4]);
      expect(yield* found({ kinds: ["component"], types: ["entity.deleted"], filter: "event.revision == 3" })).toEqual([
        [4],
        4,
      ]);
    }));

  test("tells what the filter could not be evaluated on, and refuses a wrong one", () =>
    Effect.gen(function* () {
      yield* changes;
      const { list, follow } = yield* Events;
      const page = yield* list({ ...all, filter: 'entity.spec.lifecycle == "production"' }, 0, 10);
      expect(sequences(page)).toEqual([1, 3, 4]);
      expect(page.unevaluated).toMatchObject({ count: 1, sample: { reference: "group:default/team-a" } });
      const wrong = { ...all, filter: "event.color == 1" };
      expect(yield* Effect.flip(list(wrong, 0, 1))).toMatchObject({ _tag: "InvalidInput" });
      expect(yield* Effect.flip(follow(wrong, 0))).toMatchObject({ _tag: "InvalidInput" });
    }));

  test("can be followed from a sequence, and from now on", () =>
    Effect.gen(function* () {
      yield* changes;
      const { follow } = yield* Events;
      const taken = (query: FeedQuery, after: number | undefined, pages: number) =>
        Effect.gen(function* () {
          const following = yield* follow(query, after);
          const found = yield* Effect.fork(Stream.runCollect(Stream.take(following.pages, pages)));
          yield* TestClock.adjust("1 second");
          return [following.after, found] as const;
        });
      const [, old] = yield* taken(all, 2, 1);
      expect(Chunk.toArray(yield* Fiber.join(old)).map(sequences)).toEqual([[3, 4]]);
      const [after, next] = yield* taken(all, undefined, 1);
      expect(after).toBe(4);
      yield* (yield* Entities).create(component("orders"));
      yield* TestClock.adjust("1 second");
      expect(Chunk.toArray(yield* Fiber.join(next)).map(sequences)).toEqual([[5]]);
    }));
});

it.scoped("who follows is woken by every kind of write, without the clock", () =>
  Effect.gen(function* () {
    const { follow } = yield* Events;
    const entities = yield* Entities;
    const { pages } = yield* follow(all, 0);
    const found = yield* Effect.fork(
      Stream.runCollect(
        pages.pipe(
          Stream.flatMap(({ events }) => Stream.fromIterable(events)),
          Stream.take(3),
        ),
      ),
    );
    const settled = Effect.repeatN(Effect.yieldNow(), 100);
    yield* settled;
    yield* entities.create(component("payments"));
    yield* settled;
    yield* entities.patch(payments, { metadata: { title: "Pay" } });
    yield* settled;
    yield* entities.remove(payments);
    const types = Chunk.toArray(yield* Fiber.join(found)).map(({ type }) => type);
    expect(types).toEqual(["entity.created", "entity.updated", "entity.deleted"]);
  }).pipe(Effect.provide(layerOver(backend("memory").layer))),
);

it.scoped("who follows looks each second, should every wake-up be lost", () =>
  Effect.gen(function* () {
    const { follow } = yield* Events;
    const { pages } = yield* follow(all, 0);
    const found = yield* Effect.fork(Stream.runHead(pages));
    yield* TestClock.adjust("10 millis");
    yield* (yield* Entities).create(component("payments"));
    yield* TestClock.adjust("1 second");
    expect(yield* Fiber.join(found)).toMatchObject({ value: { next: 1 } });
  }).pipe(
    Effect.provide(
      layerOver(
        Layer.merge(
          backend("memory").layer,
          Layer.succeed(Wakeups, { notify: () => Effect.void, listen: () => Stream.never }),
        ),
      ),
    ),
  ),
);

/** As many events, of sequence 1 on, each of an entity of its own. */
const append = (count: number) =>
  Effect.flatMap(Effect.all([UnitOfWork, EventLog]), ([{ transact }, log]) =>
    transact(log.append(Array.from({ length: count }, (_, i) => event(entity({ name: `e${i + 1}` }))))),
  );

it.scoped("a call reads on until its page is full, however rare what is wanted is", () =>
  Effect.gen(function* () {
    yield* append(700);
    const { list } = yield* Events;
    const page = yield* list({ ...all, filter: 'name in ["e3", "e250", "e500", "e699", "e700"]' }, 0, 4);
    expect([sequences(page), page.next]).toEqual([[3, 250, 500, 699], 699]);
  }).pipe(Effect.provide(layerOver(backend("memory").layer))),
);

it.scoped("no more than a page is read ahead of who follows slowly", () => {
  const asked: Array<number> = [];
  const counted = Layer.map(backend("memory").layer, (context) => {
    const log = Context.get(context, EventLog);
    const since: typeof log.since = (after, limit) => {
      asked.push(after);
      return log.since(after, limit);
    };
    return Context.add(context, EventLog, { ...log, since });
  });
  return Effect.gen(function* () {
    yield* append(1000);
    const { follow } = yield* Events;
    const { pages } = yield* follow(all, 0);
    yield* Effect.forkScoped(Stream.runForEach(pages, () => Effect.never));
    yield* TestClock.adjust("10 seconds");
    expect(asked.length).toBeLessThanOrEqual(2);
  }).pipe(Effect.provide(layerOver(counted)));
});

it.scoped("a call that takes too long answers with a short page that goes on", () =>
  Effect.gen(function* () {
    const { list } = yield* Events;
    const query = { ...all, filter: "event.revision == 99" };
    const first = yield* list(query, 0, 10);
    expect(first).toMatchObject({ events: [], next: 1 });
    expect(yield* list(query, first.next, 10)).toMatchObject({ events: [], next: 2 });
    expect(yield* list(query, 2, 10)).toMatchObject({ events: [], next: 2 });
  }).pipe(Effect.provide(layerOver(slowLog))),
);

/** Two events; each call for them takes longer than a call may. */
const slowLog = Layer.map(backend("memory").layer, (context) => {
  const log = Context.get(context, EventLog);
  const events = [1, 2].map((sequence) => ({ ...event(entity()), sequence }));
  return Context.add(context, EventLog, {
    ...log,
    since: (after) =>
      Effect.as(
        TestClock.adjust("300 millis"),
        events.filter(({ sequence }) => sequence > after),
      ),
  });
});
