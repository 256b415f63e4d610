/**
 * What the daemon is measured against: `node:http` and better-sqlite3 with nothing between. It stores what it returns,
 * checks nothing and knows no tokens; it keeps the same promises of durability and writes an event with each entity.
 * Started as `node bare.mjs <database> <port>`.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { StringDecoder } from "node:string_decoder";

const require = createRequire(new URL("../../packages/cli/package.json", import.meta.url));
const Database = require("better-sqlite3");

const [path, port] = process.argv.slice(2);
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
const insertEvent = database.prepare("INSERT INTO events (uid, type, at, envelope) VALUES (?, 'entity.created', ?, ?)");

/** UUIDv7. */
const identifier = (prefix, now) => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${prefix}_${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

const relation = (type, targetRef) =>
  exists.get(targetRef) === 1 ? { type, targetRef } : { type, targetRef, dangling: true };

const store = ({ apiVersion, kind, metadata, spec }) => {
  const now = Date.now();
  const at = new Date(now).toISOString();
  const uid = identifier("ent", now);
  const envelope = {
    apiVersion,
    kind,
    metadata: { namespace: "default", ...metadata, uid, revision: 1, createdAt: at, updatedAt: at },
    spec,
    status: { state: "active", since: at },
    source: { type: "api" },
    relations: [
      ...spec.dependsOn.map((target) => relation("dependsOn", target.replace(":", ":default/"))),
      relation("ownedBy", `group:default/${spec.owner}`),
      relation("partOf", `system:default/${spec.system}`),
    ],
  };
  const json = JSON.stringify(envelope);
  const name = metadata.name.toLowerCase();
  insertEntity.run(uid, `${kind.toLowerCase()}:default/${name}`, kind.toLowerCase(), name, json);
  insertEvent.run(uid, now, json);
  return json;
};

const storeOne = database.transaction(store);
const storeMany = database.transaction((documents) => {
  for (const document of documents) store(document);
});

/** Documents of a transaction of the batch. */
const CHUNK = 500;

const SEPARATORS = { "application/x-ndjson": "\n", "application/yaml": "---\n" };

const batch = async (request, response) => {
  const type = request.headers["content-type"];
  const parse = type === "application/yaml" ? require("yaml").parse : JSON.parse;
  const decoder = new StringDecoder("utf8");
  let documents = [];
  let rest = "";
  let count = 0;
  const take = (text) => {
    if (text === "") return;
    documents.push(parse(text));
    count += 1;
    if (documents.length === CHUNK) {
      storeMany(documents);
      documents = [];
    }
  };
  for await (const chunk of request) {
    const parts = (rest + decoder.write(chunk)).split(SEPARATORS[type]);
    rest = parts.pop();
    parts.forEach(take);
  }
  take(rest);
  storeMany(documents);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.end(`{"summary":{"documents":${count},"created":${count}}}\n`);
};

const send = (response, status, json) => {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(json) });
  response.end(json);
};

const cursor = ({ name, uid }) => Buffer.from(JSON.stringify(["name", false, name, uid])).toString("base64url");

const list = (response, url) => {
  const limit = Number(url.searchParams.get("limit"));
  const rows = page.all(url.searchParams.get("kind"), limit + 1);
  const shown = rows.slice(0, limit);
  const items = shown.map(({ json }) => json).join(",");
  const next = rows.length > limit ? `,"nextCursor":"${cursor(shown[limit - 1])}"` : "";
  send(response, 200, `{"items":[${items}]${next}}`);
};

const create = (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => send(response, 201, storeOne(JSON.parse(Buffer.concat(chunks).toString("utf8")))));
};

const ENTITY = "/v1/entities/";

const server = createServer((request, response) => {
  const { method, url } = request;
  if (method === "POST")
    return url.startsWith("/v1/entities/batch") ? batch(request, response) : create(request, response);
  if (url.startsWith(ENTITY)) return send(response, 200, byUid.get(url.slice(ENTITY.length)));
  if (url.startsWith("/v1/entities?")) return list(response, new URL(url, "http://localhost"));
  return send(response, 200, '{"status":"healthy"}');
});
server.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
