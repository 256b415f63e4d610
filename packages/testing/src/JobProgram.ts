/**
 * A process that works on a queue, or one that fills it, to be killed: `work | fill | hold <database> <log> <seed>`. What it
 * does it first writes into the log, a line each, which outlives it.
 */
import * as fs from "node:fs";
import * as Kinds from "@cadastre/domain/JobKind";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { Wakeups } from "@cadastre/domain/Wakeups";
import * as Sqlite from "@cadastre/sqlite/Sqlite";
import * as Handler from "@cadastre/workers/Handler";
import * as Runner from "@cadastre/workers/Runner";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Schedule from "effect/Schedule";
import * as Schema from "effect/Schema";

const [, , mode = "", database = "", log = "", seed = "1"] = process.argv;

const kind = Kinds.make({
  queue: "soak",
  name: "soak.one",
  payload: Schema.Struct({ n: Schema.Number }),
  maxAttempts: 100,
  backoff: () => Duration.millis(200),
});

/** Mulberry32: the same seed makes the same choices. */
let state = Number(seed) >>> 0;
const below = (limit: number): number => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % limit;
};

const note = (...words: ReadonlyArray<string | number>) =>
  Effect.sync(() => fs.appendFileSync(log, `${words.join(" ")}\n`));

/** Does jobs: most at once, some slowly; some fail, some break, some are put off. */
const unsteady = Handler.make(kind, ({ n }, { id, attempts }) =>
  Effect.gen(function* () {
    yield* note("run", n, id, attempts);
    yield* Effect.sleep(below(4) === 0 ? `${below(60)} millis` : "1 millis");
    const luck = below(20);
    if (luck === 0) return yield* new Handler.AttemptFailed({ message: "bad luck" });
    if (luck === 1) return yield* Effect.dieMessage("a bug");
    if (luck === 2) return yield* new Handler.Postponed({ until: Date.now() + 50 });
    yield* note("did", n, id, attempts);
  }),
);

/** Holds its job until a file says otherwise, whatever anyone tells it. */
const holding = Handler.make(kind, ({ n }, { id, attempts }) =>
  Effect.gen(function* () {
    yield* note("run", n, id, attempts);
    while (!fs.existsSync(`${log}.go`)) yield* Effect.sleep("20 millis");
    yield* note("did", n, id, attempts);
  }).pipe(Effect.uninterruptible),
);

/** Enqueues small batches for ever, a tenth of them in transactions of their own kind: ordered, or put off. */
const filling = Effect.gen(function* () {
  const queue = yield* JobQueue;
  const { notify } = yield* Wakeups;
  for (let n = Date.now() * 1000; ; ) {
    const batch = Array.from({ length: 1 + below(8) }, () => n++);
    yield* note("want", ...batch);
    const ids = yield* queue.enqueue(
      batch.map((one) =>
        Kinds.job(
          kind,
          { n: one },
          below(3) === 0 ? { orderingKey: `o${below(3)}` } : below(5) === 0 ? { runAt: Date.now() + below(300) } : {},
        ),
      ),
    );
    yield* note("have", ...ids.map((id, i) => `${batch[i]}:${id}`));
    yield* notify("jobs");
    yield* Effect.sleep(`${below(10)} millis`);
  }
});

const lease = Duration.seconds(1);
const worker = (handler: Handler.Handler, concurrency: number) =>
  Runner.layer(
    { queue: "soak", worker: String(process.pid), concurrency, lease, poll: Duration.millis(100) },
    Effect.succeed([handler]),
  );

const PROGRAMS: { readonly [name: string]: Layer.Layer<never, never, JobQueue | Wakeups> } = {
  work: worker(unsteady, 8),
  hold: worker(holding, 1),
  fill: Layer.scopedDiscard(Effect.forkScoped(Effect.retry(filling, Schedule.spaced("50 millis")))),
};

const program = PROGRAMS[mode] ?? Layer.die(`no such program: ${mode}`);
const fiber = Effect.runFork(
  Layer.launch(
    Layer.effectDiscard(Effect.sync(() => process.stdout.write("ready\n"))).pipe(
      Layer.provide(program),
      Layer.provide(Sqlite.layer({ filename: database, synchronous: "normal" })),
      Layer.provide(Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))),
    ),
  ),
);
process.on("SIGTERM", () => {
  fiber.unsafeInterruptAsFork(fiber.id());
  fiber.addObserver(() => process.exit(0));
});
