/**
 * What the daemon is measured against: `node:http` and the database's driver with nothing between. It stores what it returns,
 * checks nothing and knows no tokens; it keeps the same promises of durability and writes an event with each entity.
 * Started as `node bare.mjs <database> <port>`.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { StringDecoder } from "node:string_decoder";
import { open } from "./bareStore.mjs";

const require = createRequire(new URL("../../packages/cli/package.json", import.meta.url));

const [database, port] = process.argv.slice(2);
const store = await open(database);

/** UUIDv7. */
const identifier = (prefix, now) => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${prefix}_${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

const targetsOf = ({ dependsOn, owner, system }) => [
  ...dependsOn.map((target) => ["dependsOn", target.replace(":", ":default/")]),
  ["ownedBy", `group:default/${owner}`],
  ["partOf", `system:default/${system}`],
];

/** Stores documents in one transaction; gives what it stored. */
const storeAll = async (documents) => {
  const known = await store.existing(documents.flatMap(({ spec }) => targetsOf(spec).map(([, target]) => target)));
  const now = Date.now();
  const at = new Date(now).toISOString();
  const rows = documents.map(({ apiVersion, kind, metadata, spec }) => {
    const uid = identifier("ent", now);
    const json = JSON.stringify({
      apiVersion,
      kind,
      metadata: { namespace: "default", ...metadata, uid, revision: 1, createdAt: at, updatedAt: at },
      spec,
      status: { state: "active", since: at },
      source: { type: "api" },
      relations: targetsOf(spec).map(([type, targetRef]) =>
        known.has(targetRef) ? { type, targetRef } : { type, targetRef, dangling: true },
      ),
    });
    const name = metadata.name.toLowerCase();
    return { uid, key: `${kind.toLowerCase()}:default/${name}`, kind: kind.toLowerCase(), name, json, at: now };
  });
  await store.insert(rows);
  return rows;
};

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
  const take = async (text) => {
    if (text === "") return;
    documents.push(parse(text));
    count += 1;
    if (documents.length === CHUNK) {
      await storeAll(documents);
      documents = [];
    }
  };
  for await (const chunk of request) {
    const parts = (rest + decoder.write(chunk)).split(SEPARATORS[type]);
    rest = parts.pop();
    for (const part of parts) await take(part);
  }
  await take(rest);
  if (documents.length > 0) await storeAll(documents);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.end(`{"summary":{"documents":${count},"created":${count}}}\n`);
};

const send = (response, status, json) => {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(json) });
  response.end(json);
};

const cursor = ({ name, uid }) => Buffer.from(JSON.stringify(["name", false, name, uid])).toString("base64url");

const list = async (response, url) => {
  const limit = Number(url.searchParams.get("limit"));
  const rows = await store.page(url.searchParams.get("kind"), limit + 1);
  const shown = rows.slice(0, limit);
  const items = shown.map(({ json }) => json).join(",");
  const next = rows.length > limit ? `,"nextCursor":"${cursor(shown[limit - 1])}"` : "";
  send(response, 200, `{"items":[${items}]${next}}`);
};

const create = (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    const [row] = await storeAll([JSON.parse(Buffer.concat(chunks).toString("utf8"))]);
    send(response, 201, row.json);
  });
};

const ENTITY = "/v1/entities/";

const server = createServer(async (request, response) => {
  const { method, url } = request;
  if (method === "POST")
    return url.startsWith("/v1/entities/batch") ? batch(request, response) : create(request, response);
  if (url.startsWith(ENTITY)) return send(response, 200, await store.read(url.slice(ENTITY.length)));
  if (url.startsWith("/v1/entities?")) return list(response, new URL(url, "http://localhost"));
  return send(response, 200, '{"status":"healthy"}');
});
server.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
