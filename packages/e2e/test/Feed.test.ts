import { Agent } from "node:http";
import { component } from "@cadastre/e2e/Documents";
import * as EventStream from "@cadastre/e2e/EventStream";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as Random from "@cadastre/e2e/Random";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

const WRITERS = 8;
const READERS = 5;

/** Changes of each writer; `scripts/soak.mjs feed --rounds 2500` makes 20,000 in all. */
const rounds = Number(process.env["SOAK_ROUNDS"] ?? 75);
const seed = Number(process.env["SOAK_SEED"] ?? 20_261_124);

const total = WRITERS * rounds;

const LIFECYCLES = ["production", "experimental", "deprecated"];

/** One change a round: entities are created, replaced twice and deleted, one after the other. */
const write = (daemon: Program.Daemon, writer: number) =>
  Effect.gen(function* () {
    const agent = new Agent({ keepAlive: true });
    for (let round = 0; round < rounds; round++) {
      const [entity, step] = [Math.floor(round / 4), round % 4];
      const name = `e-${writer}-${entity}`;
      const path = `/v1/entities/by-ref/component/default/${name}`;
      const { status } =
        step === 3
          ? yield* Http.send(daemon, path, { method: "DELETE", agent })
          : yield* Http.json(daemon, "PUT", path, component(name, { lifecycle: LIFECYCLES[step] }), { agent });
      expect(status).toBe([201, 200, 200, 204][step]);
    }
    agent.destroy();
  });

/** Reads a few events, hangs up, comes back with the id of the last, until it has seen as many as there are. */
const read = (daemon: Program.Daemon, random: Random.Random) =>
  Effect.gen(function* () {
    const seen: Array<number> = [];
    let lastId = "0";
    let visits = 0;
    while (seen.length < total) {
      const wanted = Math.min(1 + random.below(Math.max(10, total / 20)), total - seen.length);
      const received = yield* EventStream.receive(daemon, lastId, wanted);
      seen.push(...received.events.map(({ sequence }) => sequence));
      lastId = received.lastId;
      visits += 1;
    }
    return { seen, visits };
  });

it.scopedLive(
  `each of ${READERS} readers that come and go sees each of ${total} changes by ${WRITERS} writers once and in order (seed ${seed})`,
  () =>
    Effect.gen(function* () {
      const daemon = yield* Program.daemon(yield* Program.home);
      const writers = Array.from({ length: WRITERS }, (_, i) => write(daemon, i));
      const readers = Array.from({ length: READERS }, (_, i) => read(daemon, Random.make(seed + i)));
      const [, reports] = yield* Effect.all(
        [Effect.all(writers, { concurrency: "unbounded" }), Effect.all(readers, { concurrency: "unbounded" })],
        { concurrency: "unbounded" },
      );

      const log: Array<number> = [];
      for (let after = 0, end = false; !end; ) {
        const { events, next } = JSON.parse((yield* Http.get(daemon, `/v1/events?limit=1000&after=${after}`)).text);
        log.push(...events.map(({ sequence }: { sequence: number }) => sequence));
        end = next === after;
        after = next;
      }
      expect(log.length).toBe(total);
      expect(log).toEqual([...new Set(log)].sort((a, b) => a - b));
      for (const { seen, visits } of reports) {
        expect(seen).toEqual(log);
        expect(visits).toBeGreaterThan(5);
      }
      expect(yield* Program.stop(daemon)).toMatchObject({ code: 0 });
    }),
  60_000 + total * 20,
);
