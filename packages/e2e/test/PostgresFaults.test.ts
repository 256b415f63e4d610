import { Agent } from "node:http";
import { component } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import { execute } from "@cadastre/testing/PostgresDatabase";
import { type PostgresServer, startServer } from "@cadastre/testing/PostgresServer";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";

const WRITERS = 8;

/** Seconds of load before a fault, and in which a server is paused: `scripts/soak.mjs faults --rounds 20` pauses for 20. */
const seconds = Number(process.env["SOAK_ROUNDS"] ?? 2);

const server = Effect.acquireRelease(
  Effect.promise(() => startServer("18", { settings: { max_connections: "60" } })),
  (it) => Effect.promise(() => it.remove()),
);

interface Load {
  readonly acknowledged: Array<string>;
  /** Milliseconds since the start at which a write was acknowledged. */
  readonly times: Array<number>;
  readonly statuses: Map<number, number>;
  on: boolean;
}

/** Each writer creates one entity after the other; what is refused with 503 is not asked for again. */
const write = (daemon: Program.Daemon, load: Load, writer: number) =>
  Effect.gen(function* () {
    const agent = new Agent({ keepAlive: true });
    for (let n = 0; load.on; n++) {
      const name = `w${writer}-${n}-${load.acknowledged.length}`;
      const path = `/v1/entities/by-ref/component/default/${name}`;
      const { status } = yield* Http.json(daemon, "PUT", path, component(name), { agent });
      load.statuses.set(status, (load.statuses.get(status) ?? 0) + 1);
      if (status === 201) {
        load.acknowledged.push(name);
        load.times.push(performance.now());
      } else yield* Effect.sleep("20 millis");
    }
    agent.destroy();
  });

const everything = (daemon: Program.Daemon) =>
  Effect.gen(function* () {
    const names = new Set<string>();
    let cursor: string | undefined;
    do {
      const at: string = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { text } = yield* Http.get(daemon, `/v1/entities?limit=1000&fields=metadata.name${at}`);
      const page = JSON.parse(text);
      for (const { metadata } of page.items) names.add(metadata.name);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return names;
  });

const wait = Effect.sleep(`${seconds} seconds`);

const restart = (mode: "fast" | "immediate") => (it: PostgresServer) =>
  Effect.promise(async () => {
    await it.stop(mode);
    await it.start();
  });

const FAULTS: { readonly [what: string]: (it: PostgresServer) => Effect.Effect<unknown> } = {
  "a server that is restarted": restart("fast"),
  "a server that crashes": restart("immediate"),
  "connections that are ended, one after the other": (it) =>
    Effect.repeatN(
      Effect.zipRight(
        execute(it.url(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cadastre'"),
        Effect.sleep("100 millis"),
      ),
      seconds * 5,
    ),
  "a server whose connections others have taken": (it) =>
    Effect.scoped(
      Effect.zipRight(
        Effect.forEach(
          Array.from({ length: 70 }),
          () =>
            Effect.forkScoped(
              Effect.catchAllCause(execute(it.url(), `SELECT pg_sleep(${seconds})`), () => Effect.void),
            ),
          { discard: true },
        ),
        wait,
      ),
    ),
  "a server that stands still": (it) =>
    Effect.acquireUseRelease(
      Effect.sync(() => it.signal("SIGSTOP")),
      () => wait,
      () => Effect.sync(() => it.signal("SIGCONT")),
    ),
};

const rate = ({ times }: Load, from: number, to: number): number =>
  (times.filter((at) => at >= from && at < to).length / (to - from)) * 1000;

for (const [what, fault] of Object.entries(FAULTS)) {
  it.scopedLive(
    `${what}: requests are answered, nothing acknowledged is lost, and the daemon goes on`,
    () =>
      Effect.gen(function* () {
        const postgres = yield* server;
        const env = { CADASTRE_DATABASE_URL: postgres.url() };
        const daemon = yield* Program.daemon(yield* Program.home, [], { env });
        const load: Load = { acknowledged: [], times: [], statuses: new Map(), on: true };
        const writers = yield* Effect.fork(
          Effect.all(
            Array.from({ length: WRITERS }, (_, i) => write(daemon, load, i)),
            { concurrency: "unbounded" },
          ),
        );
        yield* Effect.sleep("1 second");
        const before = performance.now();
        yield* wait;
        const began = performance.now();
        yield* fault(postgres);
        const returned = performance.now();
        // Until writes are acknowledged again, and then as long as before the fault.
        while (!load.times.some((at) => at > returned)) yield* Effect.sleep("20 millis");
        const back = load.times.find((at) => at > returned) ?? returned;
        yield* wait;
        yield* wait;
        load.on = false;
        yield* Fiber.join(writers);

        const ended = performance.now();
        console.log(
          `${what}: ${rate(load, before, began).toFixed(0)} writes/s before, first one ${(back - returned).toFixed(0)} ms after,`,
          `${rate(load, ended - seconds * 1000, ended).toFixed(0)}/s at the end; answers`,
          Object.fromEntries(load.statuses),
        );
        for (const status of load.statuses.keys()) expect([201, 503]).toContain(status);
        const found = yield* everything(daemon);
        expect(load.acknowledged.filter((name) => !found.has(name))).toEqual([]);
        expect((yield* Program.stop(daemon)).code).toBe(0);
      }),
    120_000 + seconds * 20_000,
  );
}
