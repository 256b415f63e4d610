import { isDeepStrictEqual } from "node:util";
import type * as Job from "@cadastre/domain/Job";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as fc from "effect/FastCheck";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as TestClock from "effect/TestClock";
import type { Backend } from "../Backends.ts";
import { claim, EPOCH, job } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";
import * as Memory from "../memory/Memory.ts";

/** Whatever is asked of the queue, in whatever order: it answers, and looks afterwards, as the one in memory does. */
export const jobModel = (backend: Backend): void => {
  const { property } = tester(backend);

  describe(`the queue on ${backend.name}, whatever is asked of it`, () => {
    const fact = "answers and looks as the model does";
    const body = (all: ReadonlyArray<Command>) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(EPOCH);
        const subject = yield* session;
        const model = yield* Effect.provide(session, yield* Layer.build(Layer.fresh(Memory.layer)));
        for (const command of all) {
          if (command._tag === "Wait") yield* TestClock.adjust(command.millis);
          else same(yield* subject.run(command), yield* model.run(command));
          const jobs = yield* subject.jobs;
          same(jobs, yield* model.jobs);
          const underWay = jobs.filter(
            ({ state, orderingKey }) => orderingKey !== undefined && ["scheduled", "ready", "running"].includes(state),
          );
          const keys = underWay.map(({ queue, orderingKey }) => `${queue} ${orderingKey}`);
          expect(new Set(keys).size).toBe(keys.length);
        }
      }).pipe(Effect.scoped);
    property(fact, commands, body, 0.4);
  });
};

/** `expect` takes a hundred times as long to find two things equal. */
const same = (actual: unknown, expected: unknown): void => {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
};

type Command =
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "Enqueue"; readonly jobs: ReadonlyArray<Job.NewJob>; readonly delays: ReadonlyArray<number> }
  | { readonly _tag: "EnqueueOnce"; readonly name: string; readonly period: number }
  | { readonly _tag: "Claim"; readonly claim: Parameters<typeof claim>[0] }
  | { readonly _tag: "Extend"; readonly leases: ReadonlyArray<number>; readonly millis: number }
  | {
      readonly _tag: "Finish";
      readonly settlements: ReadonlyArray<readonly [lease: number, Job.Outcome["_tag"], millis: number]>;
    }
  | { readonly _tag: "Retry" | "Discard"; readonly job: number }
  | {
      readonly _tag: "Prune";
      readonly state: "done" | "dead" | "discarded";
      readonly millis: number;
      readonly limit: number;
    }
  | { readonly _tag: "RolledBack"; readonly command: Exclude<Command, { readonly _tag: "Wait" | "RolledBack" }> };

/** One queue, whose ids and leases are told by the order in which they were first seen. */
const session = Effect.gen(function* () {
  const queue = yield* JobQueue;
  const board = yield* JobBoard;
  const { transact } = yield* UnitOfWork;
  const ids: Array<Job.JobId> = [];
  const leases: Array<Job.Lease> = [];
  const known = (id: Job.JobId): number => (ids.includes(id) ? ids.indexOf(id) : ids.push(id) - 1);
  const at = <A>(all: ReadonlyArray<A>, n: number): Option.Option<A> =>
    Option.fromNullable(all[n % Math.max(all.length, 1)]);
  const leaseAt = (n: number) => Option.getOrElse(at(leases, n), () => ({ id: -1, seq: 1 }));
  const idAt = (n: number) => Option.getOrElse(at(ids, n), () => -1);
  const tell = ({ id, seq }: Job.Lease) => [ids.indexOf(id), seq];

  const run = (command: Exclude<Command, { readonly _tag: "Wait" }>): Effect.Effect<unknown, unknown> =>
    Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<unknown, unknown> => {
      switch (command._tag) {
        case "Enqueue": {
          const all = command.jobs.map((one, i) => ({ ...one, runAt: now + (command.delays[i] ?? 0) }));
          return Effect.map(queue.enqueue(all), (given) => given.map(known));
        }
        case "EnqueueOnce":
          return Effect.map(queue.enqueueOnce(command.name, command.period, job()), Option.map(known));
        case "Claim":
          return Effect.map(queue.claim(claim(command.claim)), ({ jobs, nextAt }) => {
            leases.push(...jobs.map(({ lease }) => lease));
            return {
              nextAt,
              jobs: jobs.map(({ id, lease, ...rest }) => ({ ...rest, id: known(id), lease: tell(lease) })),
            };
          });
        case "Extend":
          return Effect.map(queue.extend(unique(command.leases.map(leaseAt)), now + command.millis), (lost) =>
            lost.map(tell),
          );
        case "Finish": {
          const settlements = command.settlements.map(([n, tag, millis]) => ({
            lease: leaseAt(n),
            outcome: outcomeOf(tag, now + millis),
          }));
          const leases = unique(settlements.map(({ lease }) => lease));
          const each = leases.flatMap((lease) => settlements.filter((one) => one.lease === lease).slice(0, 1));
          return Effect.map(queue.finish(each), (lost) => lost.map(tell));
        }
        case "Retry":
        case "Discard":
          return Effect.map(
            command._tag === "Retry" ? board.retry(idAt(command.job)) : board.discard(idAt(command.job)),
            Option.map(({ job: moved, changed }) => ({ changed, job: { ...moved, id: known(moved.id) } })),
          );
        case "Prune":
          return board.prune(command.state, now - command.millis, command.limit);
        case "RolledBack": {
          const before = [ids.length, leases.length] as const;
          return Effect.ensuring(
            Effect.flip(transact(Effect.flatMap(run(command.command), (told) => Effect.fail(told)))),
            Effect.sync(() => {
              [ids.length, leases.length] = before;
            }),
          );
        }
      }
    });

  return {
    run,
    /** Every job there is, by its place. */
    jobs: Effect.map(board.list({ limit: 1000 }), (all) => all.map((one) => ({ ...one, id: ids.indexOf(one.id) }))),
  };
});

const unique = <A>(all: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(all)];

const outcomeOf = (tag: Job.Outcome["_tag"], at: number): Job.Outcome => {
  switch (tag) {
    case "Failed":
      return { _tag: tag, error: "no", retryAt: at % 5 === 0 ? undefined : at };
    case "Postponed":
      return { _tag: tag, until: at };
    default:
      return { _tag: tag };
  }
};

/** Few keys, short times: things meet. */
const short = fc.integer({ min: 0, max: 12 });
const maybe = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined, freq: 1 });
const newJob = fc.record({
  queue: fc.constantFrom("q", "q", "r"),
  kind: fc.constantFrom("k", "l"),
  payload: fc.nat(9),
  priority: fc.integer({ min: -1, max: 1 }),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  dedupeKey: maybe(fc.constantFrom("d", "e")),
  orderingKey: maybe(fc.constantFrom("o", "p")),
  groupKey: maybe(fc.constantFrom("g", "h")),
});
const place = fc.nat(40);

const command: fc.Arbitrary<Exclude<Command, { readonly _tag: "Wait" | "RolledBack" }>> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: fc.constant("Enqueue" as const),
      jobs: fc.array(newJob, { maxLength: 4 }),
      delays: fc.array(fc.constantFrom(0, 0, 3, 9), { minLength: 4, maxLength: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      _tag: fc.constant("Claim" as const),
      claim: fc.record({
        queue: fc.constantFrom("q", "q", "r"),
        kinds: fc.constantFrom(["k", "l"], ["k", "l"], ["l"], []),
        limit: fc.integer({ min: 1, max: 4 }),
        worker: fc.constantFrom("v", "w"),
        lease: fc.integer({ min: 1, max: 12 }),
        perGroup: fc.integer({ min: 1, max: 2 }),
        running: fc.constantFrom(new Map(), new Map([["g", 1]]), new Map([["h", 2]])),
      }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      _tag: fc.constant("Finish" as const),
      settlements: fc.array(
        fc.tuple(
          place,
          fc.constantFrom("Done" as const, "Failed" as const, "Postponed" as const, "Released" as const),
          short,
        ),
        { maxLength: 4 },
      ),
    }),
  },
  fc.record({ _tag: fc.constant("Extend" as const), leases: fc.array(place, { maxLength: 4 }), millis: short }),
  fc.record({ _tag: fc.constantFrom("Retry" as const, "Discard" as const), job: place }),
  fc.record({ _tag: fc.constant("EnqueueOnce" as const), name: fc.constantFrom("a", "b"), period: fc.nat(3) }),
  fc.record({
    _tag: fc.constant("Prune" as const),
    state: fc.constantFrom("done" as const, "dead" as const, "discarded" as const),
    millis: short,
    limit: fc.integer({ min: 1, max: 2 }),
  }),
);

const commands: fc.Arbitrary<ReadonlyArray<Command>> = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: command },
    {
      weight: 3,
      arbitrary: fc.record({ _tag: fc.constant("Wait" as const), millis: fc.constantFrom(1, 2, 5, 11, 2000, 64_000) }),
    },
    { weight: 1, arbitrary: fc.record({ _tag: fc.constant("RolledBack" as const), command }) },
  ),
  { maxLength: 60, size: "max" },
);
