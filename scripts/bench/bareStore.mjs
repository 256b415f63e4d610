/**
 * What the bare server keeps, by the drivers themselves: better-sqlite3, or `pg` with a pool as large as the daemon's.
 */
import { createRequire } from "node:module";

const requireOf = (name) => createRequire(new URL(`../../packages/${name}/package.json`, import.meta.url));

const openSqlite = (path) => {
  const Database = requireOf("cli")("better-sqlite3");
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec(`
    CREATE TABLE IF NOT EXISTS entities (
      uid TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entities_by_kind_and_name ON entities (kind, name, uid);
    CREATE TABLE IF NOT EXISTS events (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL, envelope TEXT NOT NULL
    ) STRICT;
  `);
  const byUid = database.prepare("SELECT json FROM entities WHERE uid = ?").pluck();
  const exists = database.prepare("SELECT 1 FROM entities WHERE key = ?").pluck();
  const page = database.prepare("SELECT uid, name, json FROM entities WHERE kind = ? ORDER BY name, uid LIMIT ?");
  const insertEntity = database.prepare("INSERT INTO entities (uid, key, kind, name, json) VALUES (?, ?, ?, ?, ?)");
  const insertEvent = database.prepare(
    "INSERT INTO events (uid, type, at, envelope) VALUES (?, 'entity.created', ?, ?)",
  );
  return {
    read: (uid) => byUid.get(uid),
    page: (kind, limit) => page.all(kind, limit),
    existing: (keys) => new Set(keys.filter((key) => exists.get(key) === 1)),
    insert: database.transaction((rows) => {
      for (const { uid, key, kind, name, json, at } of rows) {
        insertEntity.run(uid, key, kind, name, json);
        insertEvent.run(uid, at, json);
      }
    }),
    close: () => database.close(),
  };
};

const openPostgres = async (connectionString) => {
  const pg = requireOf("postgres")("pg");
  const pool = new pg.Pool({ connectionString, max: 10 });
  await pool.query(`
    CREATE TABLE IF NOT EXISTS bare_entities (
      uid text COLLATE "C" PRIMARY KEY, key text COLLATE "C" NOT NULL UNIQUE, kind text COLLATE "C" NOT NULL,
      name text COLLATE "C" NOT NULL, json text NOT NULL
    );
    CREATE INDEX IF NOT EXISTS bare_entities_by_kind_and_name ON bare_entities (kind, name, uid);
    CREATE TABLE IF NOT EXISTS bare_events (
      sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, uid text NOT NULL, type text NOT NULL, at bigint NOT NULL,
      envelope text NOT NULL
    )`);
  const ask = async (name, text, values) => (await pool.query({ name, text, values })).rows;
  return {
    read: async (uid) => (await ask("read", "SELECT json FROM bare_entities WHERE uid = $1", [uid]))[0].json,
    page: (kind, limit) =>
      ask("page", "SELECT uid, name, json FROM bare_entities WHERE kind = $1 ORDER BY name, uid LIMIT $2", [
        kind,
        limit,
      ]),
    existing: async (keys) =>
      new Set(
        (await ask("existing", "SELECT key FROM bare_entities WHERE key = ANY ($1)", [keys])).map(({ key }) => key),
      ),
    insert: async (rows) => {
      const client = await pool.connect();
      const run = (name, text, values) => client.query({ name, text, values });
      try {
        await client.query("BEGIN");
        for (const { uid, key, kind, name, json, at } of rows) {
          await run("entity", "INSERT INTO bare_entities VALUES ($1, $2, $3, $4, $5)", [uid, key, kind, name, json]);
          await run(
            "event",
            "INSERT INTO bare_events (uid, type, at, envelope) VALUES ($1, 'entity.created', $2, $3)",
            [uid, at, json],
          );
        }
        await client.query("COMMIT");
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
};

/** Runs one statement, as an administrator would. */
export const administer = async (connectionString, text) => {
  const pg = requireOf("postgres")("pg");
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
};

export const open = (database) => (database.startsWith("postgres") ? openPostgres(database) : openSqlite(database));
