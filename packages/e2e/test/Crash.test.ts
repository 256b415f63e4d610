import * as Database from "@cadastre/e2e/Database";
import { component, components } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as Random from "@cadastre/e2e/Random";
import { until } from "@cadastre/e2e/Waiting";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Fiber from "effect/Fiber";

/** `scripts/soak.mjs kill` asks for more. */
const rounds = Number(process.env["SOAK_ROUNDS"] ?? 5);
const seed = Number(process.env["SOAK_SEED"] ?? 20_261_124);

interface State {
  readonly revision: number;
  readonly lifecycle: string;
}

/** What clients were told: the states in which an entity may be found, more than one while a write is under way. */
type Acknowledged = Map<string, ReadonlyArray<State>>;

/** Names of the documents of one atomic batch: all of them are found, or none. */
type Atomic = ReadonlyArray<string>;

const LIFECYCLES = ["experimental", "production", "deprecated"] as const;

const CREATED: State = { revision: 1, lifecycle: "production" };

/** Creates and replaces single entities until the connection breaks. */
const writeSingly = (daemon: Program.Daemon, round: number, random: Random.Random, known: Acknowledged) =>
  Effect.gen(function* () {
    for (let i = 0; ; i++) {
      const name = `single-${round}-${i}`;
      const created = yield* Http.json(daemon, "POST", "/v1/entities", component(name));
      expect(created.status).toBe(201);
      known.set(name, [CREATED]);
      const { uid } = JSON.parse(created.text).metadata;

      const lifecycle = LIFECYCLES[random.below(3)] ?? "production";
      const next = lifecycle === CREATED.lifecycle ? CREATED : { revision: 2, lifecycle };
      known.set(name, [CREATED, next]);
      const replaced = yield* Http.json(daemon, "PUT", `/v1/entities/${uid}`, component(name, { lifecycle }));
      expect(replaced.status).toBe(200);
      known.set(name, [next]);
    }
  });

/** Sends batches one after the other until the connection breaks; each line of an answer is an acknowledged write. */
const writeBatches = (
  daemon: Program.Daemon,
  round: number,
  random: Random.Random,
  known: Acknowledged,
  atomics: Array<Atomic>,
) =>
  Effect.gen(function* () {
    for (let i = 0; ; i++) {
      const documents = components(`batch-${round}-${i}`, 200 + random.below(1_500));
      const mode = random.below(2) === 0 ? "atomic" : "best-effort";
      if (mode === "atomic") atomics.push(documents.map(({ metadata }) => metadata.name));
      const answer = yield* Http.ndjson(daemon, `/v1/entities/batch?mode=${mode}`, documents);
      expect(answer.status).toBe(200);
      for (const line of answer.text.trim().split("\n")) {
        const { action, index } = JSON.parse(line);
        const name = documents[index]?.metadata.name;
        if (action === "created" && name !== undefined) known.set(name, [CREATED]);
      }
    }
  });

/** Every entity of the catalog, by name. */
const everything = (daemon: Program.Daemon) =>
  Effect.gen(function* () {
    const found = new Map<string, State>();
    let cursor: string | undefined;
    do {
      const query: string = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { text } = yield* Http.get(daemon, `/v1/entities?limit=1000${query}`);
      const page = JSON.parse(text);
      for (const { metadata, spec } of page.items) {
        found.set(metadata.name, { revision: metadata.revision, lifecycle: spec.lifecycle });
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return found;
  });

describe(`kill -9 (seed ${seed})`, () => {
  it.scopedLive(
    `loses no acknowledged write and leaves the database whole, ${rounds} times`,
    () =>
      Effect.gen(function* () {
        const random = Random.make(seed);
        const home = yield* Program.home;
        const known: Acknowledged = new Map();
        const atomics: Array<Atomic> = [];
        for (let round = 0; round < rounds; round++) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const daemon = yield* Program.daemon(home);
              const before = known.size;
              const writers = yield* Effect.fork(
                Effect.all(
                  [
                    Effect.either(writeSingly(daemon, round, random, known)),
                    Effect.either(writeBatches(daemon, round, random, known, atomics)),
                  ],
                  { concurrency: "unbounded" },
                ),
              );
              // How fast the machine is decides nothing.
              yield* Effect.timeout(
                until(() => known.size > before),
                "30 seconds",
              );
              yield* Effect.sleep(`${random.below(1_500)} millis`);
              yield* daemon.signal("SIGKILL");
              for (const ended of yield* Fiber.join(writers)) {
                expect(Either.isLeft(ended) && ended.left).toBeInstanceOf(Http.NoAnswer);
              }
              yield* daemon.ended;
            }),
          );

          const daemon = yield* Program.daemon(home);
          const found = yield* everything(daemon);
          const lost = [...known].filter(
            ([name, states]) =>
              !states.some(
                ({ revision, lifecycle }) =>
                  found.get(name)?.revision === revision && found.get(name)?.lifecycle === lifecycle,
              ),
          );
          expect(lost, `round ${round}`).toEqual([]);
          const halves = atomics.filter((names) => new Set(names.map((name) => found.has(name))).size === 2);
          expect(halves, `round ${round}`).toEqual([]);
          yield* Program.stop(daemon);
          expect(yield* Database.integrity(home), `round ${round}`).toBe("ok");
        }
        console.log(`kill -9: ${rounds} rounds, ${known.size} acknowledged writes, none lost`);
        expect(known.size).toBeGreaterThanOrEqual(rounds);
      }),
    rounds * 60_000,
  );
});
