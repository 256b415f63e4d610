import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Database from "@cadastre/e2e/Database";
import * as Random from "@cadastre/e2e/Random";
import { eventually, until } from "@cadastre/e2e/Waiting";
import { temporaryDirectory } from "@cadastre/testing/Backends";
import { beforeAll, describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

/** `scripts/soak.mjs jobs` asks for more. */
const rounds = Number(process.env["SOAK_ROUNDS"] ?? 8);
const seed = Number(process.env["SOAK_SEED"] ?? 20_261_126);

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const PROGRAM = path("../../testing/node_modules/.cache/jobs.cjs");

interface Place {
  readonly database: string;
  readonly log: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly stderr: () => string;
}

/** A process of `JobProgram`; it is killed with the scope. */
const start = (
  mode: "work" | "fill" | "hold",
  { database, log }: Place,
  chance: number,
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [PROGRAM, mode, database, log, String(chance)]);
      const errors: Array<string> = [];
      child.stderr.on("data", (chunk) => errors.push(String(chunk)));
      const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      return { child, ended, stderr: () => errors.join("") };
    }),
    ({ child, ended }) =>
      Effect.promise(() => {
        child.kill("SIGKILL");
        return ended;
      }),
  );

const lines = ({ log }: Place): ReadonlyArray<ReadonlyArray<string>> =>
  existsSync(log)
    ? readFileSync(log, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => line.split(" "))
    : [];

const count = ({ database }: Place, condition: string) =>
  Effect.map(Database.rows(database, `SELECT count(*) AS n FROM jobs WHERE ${condition}`), ([row]) =>
    Number(row?.["n"]),
  );

const place = Effect.map(temporaryDirectory, (folder) => ({
  database: join(folder, "jobs.db"),
  log: join(folder, "log"),
}));

beforeAll(() => {
  execFileSync(process.execPath, [
    path("../../../scripts/bundle.mjs"),
    path("../../testing/src/JobProgram.ts"),
    PROGRAM,
  ]);
});

describe(`jobs (seed ${seed})`, () => {
  it.scopedLive(
    `kill -9 of those who work and those who enqueue, ${rounds} times: no job is lost, and none comes from nowhere`,
    () =>
      Effect.gen(function* () {
        const random = Random.make(seed);
        const at = yield* place;
        for (let round = 0; round < rounds; round++) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const all = [
                yield* start("fill", at, random.below(1e9)),
                yield* start("work", at, random.below(1e9)),
                yield* start("work", at, random.below(1e9)),
              ];
              // One or two first, so that the others work on beside the dead.
              for (const one of all.slice(random.below(3))) {
                yield* Effect.sleep(`${50 + random.below(400)} millis`);
                one.child.kill("SIGKILL");
                yield* Effect.promise(() => one.ended);
              }
            }),
          );
        }
        yield* start("work", at, 1);
        yield* eventually(count(at, "state NOT IN ('done', 'dead')"), (left) => left === 0);

        const log = lines(at);
        const wanted = new Set(log.filter(([word]) => word === "want").flatMap(([, ...all]) => all));
        const had = log.filter(([word]) => word === "have").flatMap(([, ...all]) => all.map((one) => one.split(":")));
        const did = new Map<string, number>();
        for (const [word, n = ""] of log) if (word === "did") did.set(n, (did.get(n) ?? 0) + 1);
        expect(had.length).toBeGreaterThan(rounds);
        expect(had.filter(([n = ""]) => !did.has(n))).toEqual([]);
        expect([...did.keys()].filter((n) => !wanted.has(n))).toEqual([]);
        const stored = yield* Database.rows(
          at.database,
          "SELECT id, state, attempts, ordering_key, payload ->> 'n' AS n FROM jobs ORDER BY id",
        );
        expect(stored.filter(({ state }) => state !== "done")).toEqual([]);
        // What was done twice was claimed twice: its worker was killed, or late.
        const repeated = stored.filter((row) => (did.get(String(row["n"])) ?? 0) > Number(row["attempts"]));
        expect(repeated).toEqual([]);
        for (const key of ["o0", "o1", "o2"]) {
          const ids = new Set(stored.filter((row) => row["ordering_key"] === key).map(({ id }) => String(id)));
          const firsts = [
            ...new Set(log.filter(([word, , id = ""]) => word === "did" && ids.has(id)).map(([, , id]) => id)),
          ];
          expect(firsts.map(Number)).toEqual(firsts.map(Number).toSorted((a, b) => a - b));
        }
        expect(yield* Database.rows(at.database, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
        const twice = [...did.values()].filter((times) => times > 1).length;
        console.log(
          `kill -9: ${rounds} rounds, ${had.length} acknowledged jobs, none lost, ${twice} done more than once`,
        );
      }),
    rounds * 60_000,
  );

  it.scopedLive("a worker that slept beyond its lease changes nothing when it wakes", () =>
    Effect.gen(function* () {
      const at = yield* place;
      const zombie = yield* start("hold", at, 1);
      yield* Database.execute(
        at.database,
        `INSERT INTO jobs (queue, kind, payload, state, priority, run_at, max_attempts, created_at, updated_at)
         VALUES ('soak', 'soak.one', '{"n":1}', 'ready', 0, 0, 5, 0, 0)`,
      );
      yield* eventually(count(at, "state = 'running'"), (running) => running === 1);
      zombie.child.kill("SIGSTOP");
      // The lease ends, the job comes back after two seconds, and another has it.
      const other = yield* start("work", { ...at, log: `${at.log}.other` }, 1);
      yield* eventually(count(at, "state = 'done' AND attempts > 1"), (done) => done === 1);
      other.child.kill("SIGKILL");
      yield* Effect.promise(() => other.ended);
      const before = yield* Database.rows(at.database, "SELECT * FROM jobs");
      writeFileSync(`${at.log}.go`, "");
      zombie.child.kill("SIGCONT");
      yield* until(() => lines(at).some(([word]) => word === "did"));
      yield* until(() => zombie.stderr().includes("came after their leases"));
      expect(yield* Database.rows(at.database, "SELECT * FROM jobs")).toEqual(before);
    }),
  );
});
