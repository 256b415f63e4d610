/**
 * `node scripts/bench/queue.mjs [--jobs N] [--delayed N] [--json]`: the queue beside a bare loop of claims and ends on the
 * same driver, and on Postgres beside graphile-worker and pg-boss. No-op jobs; rates are jobs per second. SQLite at
 * `synchronous=NORMAL`, Postgres without fsync, for all alike: what is compared is the work, not the disk.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../../packages/testing/src/PostgresServer.mjs";
import { bundle } from "../bundle.mjs";
import { quantile } from "./load.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const file = join(root, "packages/testing/node_modules/.cache/queue-bench.cjs");
const require = createRequire(file);

const BATCH = 100;
const CONNECTIONS = 10;

const rate = async (count, run) => {
  const start = performance.now();
  await run();
  return Math.round((count / (performance.now() - start)) * 1000);
};

const benchQueue = async ({ jobs, delayed, note }) => {
  await bundle(join(root, "packages/testing/src/QueueBench.ts"), file);
  const { open } = require(file);
  const folder = mkdtempSync(join(tmpdir(), "cadastre-queue-"));
  const rows = [];
  const record = (database, what, value) => {
    rows.push({ database, what, value });
    note(`${database.padEnd(8)} ${what.padEnd(44)} ${value}`);
  };
  try {
    bareSqlite(join(folder, "bare.db"), jobs, (what, value) => record("sqlite", what, value));
    const tellSqlite = (what, value) => record("sqlite", what, value);
    await ours(open(join(folder, "ours.db"), "normal"), jobs, delayed, 1, tellSqlite);
    await idle(open(join(folder, "idle.db"), "normal"), commitsOfSqlite(join(folder, "idle.db")), tellSqlite);

    const server = await startServer("18", { settings: { max_connections: "100", shared_buffers: "256MB" } });
    try {
      const tell = (what, value) => record("postgres", what, value);
      await barePostgres(server.url("postgres"), jobs, tell);
      await graphile(server.url("postgres"), jobs, tell);
      await boss(server.url("postgres"), jobs, tell);
      await ours(open(server.url("postgres"), "normal"), jobs, delayed, CONNECTIONS - 2, tell);
      await idle(open(server.url("postgres"), "normal"), rowsOfPostgres(server.url("postgres")), tell);
    } finally {
      await server.remove();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
};

const ours = async (queue, jobs, delayed, concurrency, record) => {
  try {
    const single = Math.ceil(jobs / 10);
    record("cadastre, enqueue in batches of 1000", await rate(jobs, () => queue.enqueue(jobs)));
    record("cadastre, claims and ends by ones", await rate(single, () => queue.drain(single, 1, concurrency)));
    await queue.enqueue(single);
    record(`cadastre, claims and ends by ${BATCH}`, await rate(jobs, () => queue.drain(jobs, BATCH, concurrency)));
    await queue.enqueue(jobs);
    record("cadastre, a worker with 100 fibers", await rate(jobs, () => queue.work(jobs, 100)));
    const waits = await queue.latencies(40);
    record("cadastre, start after enqueueing, p50 ms", quantile(waits, 0.5).toFixed(2));
    record("cadastre, start after enqueueing, p99 ms", quantile(waits, 0.99).toFixed(2));
    if (delayed > 0) {
      await queue.enqueue(delayed, Date.now() + 86_400_000);
      await queue.enqueue(jobs);
      record(
        `cadastre, by ${BATCH}, beside ${delayed} delayed`,
        await rate(jobs, () => queue.drain(jobs, BATCH, concurrency)),
      );
    }
  } finally {
    await queue.close();
  }
};

/** What a worker without work writes, as the database itself counts it. */
const idle = async (queue, written, record) => {
  try {
    await queue.idle(2_000);
    const { count, close } = written();
    const before = await count();
    await queue.idle(IDLE);
    record(`cadastre, writes in ${IDLE / 1000} s without work`, (await count()) - before);
    await close();
  } finally {
    await queue.close();
  }
};

const IDLE = 20_000;

/** A number that changes with each commit of another connection. */
const commitsOfSqlite = (path) => () => {
  const Database = require("better-sqlite3");
  const db = new Database(path, { readonly: true });
  return { count: () => db.pragma("data_version", { simple: true }), close: () => db.close() };
};

/** Rows that were inserted, changed or deleted; the server tells of them when a second has passed. */
const rowsOfPostgres = (url) => () => {
  const pg = require("pg");
  const client = new pg.Client({ connectionString: url });
  const connected = client.connect();
  return {
    count: async () => {
      await connected;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const { rows } = await client.query(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::integer AS count FROM pg_stat_user_tables WHERE relname = 'jobs'",
      );
      return rows[0].count;
    },
    close: () => client.end(),
  };
};

/** The least that can be called a queue: one index, no leases, no attempts, no errors. */
const SCHEMA = [
  "CREATE TABLE bare (id INTEGER PRIMARY KEY, payload TEXT NOT NULL, state TEXT NOT NULL, run_at BIGINT NOT NULL)",
  "CREATE INDEX bare_ready ON bare (run_at) WHERE state = 'ready'",
];

const bareSqlite = (path, jobs, record) => {
  const Database = require("better-sqlite3");
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  for (const statement of SCHEMA) db.exec(statement);
  const insert = db.prepare("INSERT INTO bare (payload, state, run_at) VALUES ('{}', 'ready', ?)");
  const fill = db.transaction((count) => {
    for (let i = 0; i < count; i++) insert.run(i);
  });
  for (const batch of [1, BATCH]) {
    const count = batch === 1 ? Math.ceil(jobs / 10) : jobs;
    fill(count);
    const claim = db.prepare(
      `UPDATE bare SET state = 'running' WHERE id IN (
        SELECT id FROM bare WHERE state = 'ready' ORDER BY run_at LIMIT ${batch}) RETURNING id, payload`,
    );
    const end = db.prepare("UPDATE bare SET state = 'done' WHERE id IN (SELECT value FROM json_each(?))");
    const start = performance.now();
    for (let left = count; left > 0; ) {
      const rows = claim.all();
      end.run(JSON.stringify(rows.map(({ id }) => id)));
      left -= rows.length;
    }
    record(`bare, claims and ends by ${batch}`, Math.round((count / (performance.now() - start)) * 1000));
  }
  db.close();
};

const barePostgres = async (url, jobs, record) => {
  const pg = require("pg");
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  for (const statement of SCHEMA) {
    await pool.query(statement.replace("INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"));
  }
  for (const batch of [1, BATCH]) {
    const count = batch === 1 ? Math.ceil(jobs / 10) : jobs;
    await pool.query(
      "INSERT INTO bare (payload, state, run_at) SELECT '{}', 'ready', n FROM generate_series(1, $1) n",
      [count],
    );
    let left = count;
    const work = async () => {
      while (left > 0) {
        const { rows } = await pool.query({
          name: `claim${batch}`,
          text: `WITH picked AS MATERIALIZED (
              SELECT id FROM bare WHERE state = 'ready' ORDER BY run_at LIMIT ${batch} FOR UPDATE SKIP LOCKED)
            UPDATE bare SET state = 'running' FROM picked WHERE bare.id = picked.id RETURNING bare.id, payload`,
        });
        if (rows.length === 0) return;
        const ids = rows.map(({ id }) => id);
        await pool.query({
          name: "end",
          text: "UPDATE bare SET state = 'done' WHERE id = ANY($1::bigint[])",
          values: [ids],
        });
        left -= rows.length;
      }
    };
    record(
      `bare, claims and ends by ${batch}`,
      await rate(count, () => Promise.all(Array.from({ length: CONNECTIONS }, work))),
    );
  }
  await pool.end();
};

/** Counts what is done; resolves when all is. */
const counter = (count) => {
  let left = count;
  let resolve;
  const ended = new Promise((end) => {
    resolve = end;
  });
  return {
    ended,
    one: () => {
      left -= 1;
      if (left === 0) resolve();
    },
  };
};

const graphile = async (url, jobs, record) => {
  const { run, makeWorkerUtils, Logger } = createRequire(join(root, "package.json"))("graphile-worker");
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  const settings = [
    ["graphile-worker, as it comes", jobs / 10, { concurrentJobs: CONNECTIONS }],
    [
      "graphile-worker, tuned",
      jobs,
      {
        concurrentJobs: 24,
        preset: {
          worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
        },
      },
    ],
  ];
  for (const [what, count, { concurrentJobs, preset = {} }] of settings) {
    await utils.addJobs(Array.from({ length: count }, () => ({ identifier: "k", payload: {} })));
    const { ended, one } = counter(count);
    let runner;
    record(
      what,
      await rate(count, async () => {
        runner = await run({
          preset: { ...preset, worker: { connectionString: url, logger, concurrentJobs, ...preset.worker } },
          taskList: { k: async () => one() },
          noHandleSignals: true,
        });
        await ended;
      }),
    );
    await runner.stop();
  }
  await utils.release();
};

const boss = async (url, jobs, record) => {
  const PgBoss = createRequire(join(root, "package.json"))("pg-boss");
  const queue = new PgBoss({ connectionString: url, max: CONNECTIONS });
  await queue.start();
  await queue.createQueue("k");
  const count = Math.ceil(jobs / 4);
  await queue.insert(Array.from({ length: count }, () => ({ name: "k", data: {} })));
  const { ended, one } = counter(count);
  record(
    `pg-boss, in batches of ${BATCH}`,
    await rate(count, async () => {
      await Promise.all(
        Array.from({ length: CONNECTIONS - 2 }, () =>
          queue.work("k", { batchSize: BATCH, pollingIntervalSeconds: 0.5 }, async (all) => {
            for (const _ of all) one();
          }),
        ),
      );
      await ended;
    }),
  );
  await queue.stop({ graceful: false });
};

const { values: options } = parseArgs({
  options: {
    jobs: { type: "string", default: "20000" },
    delayed: { type: "string", default: "1000000" },
    json: { type: "boolean", default: false },
  },
});
const node = `Node ${process.versions.node} on ${cpus().length} × ${cpus()[0]?.model.trim()}`;
const note = (text) => process.stderr.write(`${text}\n`);
note(node);
const rows = await benchQueue({ jobs: Number(options.jobs), delayed: Number(options.delayed), note });
if (options.json) console.log(JSON.stringify({ node, rows }, undefined, 2));
