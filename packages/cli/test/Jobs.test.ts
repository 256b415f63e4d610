import { callback } from "@cadastre/domain/Delivery";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { claim, job } from "@cadastre/testing/Fixtures";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { daemonWithStores, program } from "./support.ts";

/** A daemon whose queue has a job that is dead, one that waits and one that delivers a callback. */
const cadastre = Effect.gen(function* () {
  const { variables, stores } = yield* daemonWithStores;
  const { run } = yield* program({}, variables);
  const ids = yield* Effect.gen(function* () {
    const queue = yield* JobQueue;
    const [dead] = yield* queue.enqueue([job({ payload: { n: 1 } })]);
    const { jobs } = yield* queue.claim(claim());
    yield* queue.finish(
      jobs.map(({ lease }) => ({
        lease,
        outcome: { _tag: "Failed", error: "it\u001b[31m broke", retryAt: undefined },
      })),
    );
    const [ready, delivering] = yield* queue.enqueue([job({ queue: "r" }), job({ kind: callback.name })]);
    return { dead: String(dead), ready: String(ready), delivering: String(delivering) };
  }).pipe(Effect.provide(stores));
  return { ...ids, job: (...words: ReadonlyArray<string>) => run(["job", ...words]) };
});

it.scoped("lists jobs, the latest first, by state, queue and kind", () =>
  Effect.gen(function* () {
    const { job, dead, ready, delivering } = yield* cadastre;
    expect((yield* job("list", "-oname")).out).toBe(`${delivering}\n${ready}\n${dead}\n`);
    const table = yield* job("list", "--state", "dead");
    expect(table.out).toMatch(/^ *ID +STATE +QUEUE +KIND +ATTEMPTS +RUN AT +LAST ERROR\n/);
    expect(table.out.split("\n")[1]).toMatch(/^ *\d+ +dead +q +k +1\/10 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +it.*broke/);
    expect(table.out).not.toContain("\u001b");
    expect((yield* job("list", "--queue", "r", "-oname")).out).toBe(`${ready}\n`);
    expect((yield* job("list", "--kind", callback.name, "-oname")).out).toBe(`${delivering}\n`);
    expect(yield* job("list", "--queue", "none")).toEqual({ exit: 0, out: "", err: "No job fits.\n" });
    expect(yield* job("list", "--limit", "2", "-oname")).toMatchObject({ out: `${delivering}\n${ready}\n` });
    expect(JSON.parse((yield* job("list", "-ojson")).out)).toHaveLength(3);
  }),
);

it.scoped("shows one, retries it and takes it out", () =>
  Effect.gen(function* () {
    const { job, dead } = yield* cadastre;
    expect((yield* job("get", dead)).out).toContain("state: dead\n");
    expect(JSON.parse((yield* job("get", dead, "-ojson")).out)).toMatchObject({ payload: { n: 1 }, attempts: 1 });
    expect(yield* job("retry", dead)).toEqual({ exit: 0, out: `job ${dead} (k) is ready\n`, err: "" });
    expect(yield* job("discard", dead)).toEqual({ exit: 0, out: `job ${dead} (k) is discarded\n`, err: "" });
  }),
);

it.scoped("says what it cannot do and why, and changes nothing", () =>
  Effect.gen(function* () {
    const { job, delivering } = yield* cadastre;
    const before = yield* job("list", "-ojson");
    for (const [words, exit, why] of [
      [["get", "99999"], 3, "There is no job 99999."],
      [["get", "spoon"], 2, '"spoon" is not the id of a job: ids are numbers, as `cadastre job list` shows them.'],
      [["discard", delivering], 4, "redeliver that, or disable its subscription"],
      [["list", "--limit", "0"], 2, "--limit"],
    ] as const) {
      const refused = yield* job(...words);
      expect(refused, words.join(" ")).toMatchObject({ exit, out: "" });
      expect(refused.err, words.join(" ")).toContain(why);
    }
    expect(yield* job("list", "-ojson")).toEqual(before);
  }),
);
