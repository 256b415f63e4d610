/**
 * What an ill-meaning or broken client can send. Each request gets a 4xx problem document that says what is wrong, never a
 * 5xx, and the catalog is the same afterwards.
 */
import { Problem } from "@cadastre/api/Problem";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { type CallInit, component, start } from "./harness.ts";

const json = { "content-type": "application/json" };
const yaml = { "content-type": "application/yaml" };
const ndjson = { "content-type": "application/x-ndjson" };
const SQL = "'; DROP TABLE entities; --";
const BATCH = "/v1/entities/batch";
const NOWHERE = "/v1/entities/ent_00000000-0000-7000-8000-000000000000";

type Row = readonly [name: string, status: number, says: RegExp, method: string, path: string, init?: CallInit];

const post = (name: string, status: number, says: RegExp, body: string | Uint8Array): Row => [
  name,
  status,
  says,
  "POST",
  "/v1/entities",
  { body, headers: json },
];

const document = (name: string, says: RegExp, change: object): Row => [
  name,
  400,
  says,
  "POST",
  "/v1/entities",
  { json: { ...component("victim"), ...change } },
];

const list = (name: string, says: RegExp, query: string): Row => [name, 400, says, "GET", `/v1/entities?${query}`];

const ask = (name: string, says: RegExp, path: string): Row => [name, 400, says, "GET", path];

const encoded = encodeURIComponent;

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

const bomb = [
  "a: &a [x,x,x,x,x,x,x,x,x]",
  ..."bcdefghi".split("").map((key, i) => `${key}: &${key} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(",")}]`),
].join("\n");

const table: ReadonlyArray<Row> = [
  // bodies that are no JSON
  post("an empty body", 400, /JSON/, ""),
  post("half an object", 400, /JSON/, '{"kind":'),
  post("two values", 400, /JSON/, "{} {}"),
  post("a comment", 400, /JSON/, "{/* hello */}"),
  post("single quotes", 400, /JSON/, "{'kind': 'Component'}"),
  post("a trailing comma", 400, /JSON/, '{"kind":"Component",}'),
  post("NaN", 400, /JSON/, '{"kind":NaN}'),
  post("a duplicate key", 400, /kind/, '{"kind":"Component","kind":"API"}'),
  post("a duplicate key in depth", 400, /name/, '{"apiVersion":"a/v1","kind":"K","metadata":{"name":"a","name":"b"}}'),
  post("a body that is no UTF-8", 400, /UTF-8/, new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
  post(
    "a lone surrogate, escaped",
    400,
    /surrogate|character|Unicode/i,
    JSON.stringify(component("victim")).replace("production", "\\ud800"),
  ),
  post(
    "NUL, escaped",
    400,
    /NUL|character|U\+0000|control/i,
    JSON.stringify(component("victim")).replace("production", "\\u0000"),
  ),
  post("NUL, raw", 400, /JSON/, JSON.stringify(component("victim")).replace("production", "\0")),
  post("100,000 levels", 400, /deep|nest|level/i, nested(100_000)),
  post(
    "1,000 levels in a spec",
    400,
    /deep|nest|level/i,
    `{"apiVersion":"a/v1","kind":"K","metadata":{"name":"a"},"spec":{"a":${nested(1000)}}}`,
  ),
  post("a body of 2 MiB", 413, /1048576/, JSON.stringify(component("victim", { spec: { type: "x".repeat(2 ** 21) } }))),
  // bodies that are no documents
  post("a list", 400, /list|array|mapping|object/i, "[]"),
  post("null", 400, /null|mapping|object/i, "null"),
  post("a text", 400, /text|string|mapping|object/i, '"Component"'),
  post("a number", 400, /number|mapping|object/i, "42"),
  post("an empty object", 400, /apiVersion|kind|descriptor/, "{}"),
  document("an apiVersion of the wrong type", /apiVersion/, { apiVersion: 1 }),
  document("a kind of the wrong type", /kind/, { kind: ["Component"] }),
  document("a kind with SQL", /kind/, { kind: SQL }),
  document("metadata of the wrong type", /metadata/, { metadata: "victim" }),
  document("no metadata", /metadata/, { metadata: undefined }),
  document("a name of the wrong type", /name/, { metadata: { name: 7 } }),
  document("a name that is empty", /name/, { metadata: { name: "" } }),
  document("a name with SQL", /name/, { metadata: { name: SQL } }),
  document("a name with a path", /name/, { metadata: { name: "../../etc/passwd" } }),
  document("a name of 64 characters", /name/, { metadata: { name: "a".repeat(64) } }),
  document("a name of bidirectional controls", /name/, { metadata: { name: "a\u202eb" } }),
  document("a namespace of the wrong type", /namespace/, { metadata: { name: "a", namespace: {} } }),
  document("a namespace with SQL", /namespace/, { metadata: { name: "a", namespace: SQL } }),
  document("a title of the wrong type", /title/, { metadata: { name: "a", title: 1 } }),
  document("labels of the wrong type", /labels/, { metadata: { name: "a", labels: ["x"] } }),
  document("a label's value of the wrong type", /labels/, { metadata: { name: "a", labels: { x: 1 } } }),
  document("a label's key with SQL", /labels/, { metadata: { name: "a", labels: { [SQL]: "x" } } }),
  document("annotations of the wrong type", /annotations/, { metadata: { name: "a", annotations: { x: {} } } }),
  document("tags of the wrong type", /tags/, { metadata: { name: "a", tags: "java" } }),
  document("a tag of the wrong type", /tags/, { metadata: { name: "a", tags: [null] } }),
  document("links of the wrong type", /links/, { metadata: { name: "a", links: [{ title: "no url" }] } }),
  document("a spec of the wrong type", /spec/, { spec: [] }),
  document("an owner of the wrong type", /owner/, { spec: { ...component("a").spec, owner: 1 } }),
  document("a reference that is none", /dependsOn/, { spec: { ...component("a").spec, dependsOn: ["::/"] } }),
  post(
    "__proto__",
    400,
    /__proto__|proto/,
    `{"__proto__":{"admin":true},${JSON.stringify(component("victim")).slice(1)}`,
  ),
  // batches
  ["a YAML bomb", 400, /alias|anchor|expand/i, "POST", BATCH, { body: bomb, headers: yaml }],
  ["a recursive anchor", 400, /inside what it repeats/, "POST", BATCH, { body: "a: &a\n  b: *a\n", headers: yaml }],
  ["an alias without an anchor", 400, /alias|anchor/i, "POST", BATCH, { body: "a: *nobody\n", headers: yaml }],
  [
    "a YAML tag that makes objects",
    400,
    /tag|apiVersion|descriptor/i,
    "POST",
    BATCH,
    { body: "!!js/function 'x'\n", headers: yaml },
  ],
  ["YAML with a tab", 400, /./, "POST", BATCH, { body: "a:\n\t- b\n", headers: yaml }],
  [
    "YAML with a duplicate key",
    400,
    /kind|unique|duplicate/i,
    "POST",
    BATCH,
    { body: "kind: A\nkind: B\n", headers: yaml },
  ],
  ["deeply nested YAML", 400, /deep|nest|level/i, "POST", BATCH, { body: nested(10_000), headers: yaml }],
  [
    "NDJSON with a bad line",
    400,
    /./,
    "POST",
    BATCH,
    { body: `${JSON.stringify(component("victim"))}\n{\n`, headers: ndjson },
  ],
  [
    "one reference twice",
    400,
    /of this batch too/,
    "POST",
    BATCH,
    { json: [component("victim"), component("VICTIM")] },
  ],
  ["a batch of numbers", 400, /./, "POST", BATCH, { json: [1, 2, 3] }],
  [
    "a batch with a document of 2 MiB",
    400,
    /1048576|MiB|bytes|large/i,
    "POST",
    BATCH,
    { body: `${JSON.stringify(component("victim", { spec: { type: "x".repeat(2 ** 21) } }))}\n`, headers: ndjson },
  ],
  ["an unknown mode", 400, /atomic/, "POST", `${BATCH}?mode=maybe`, { json: [] }],
  ["a switch that is neither", 400, /true, false/, "POST", `${BATCH}?dryRun=1`, { json: [] }],
  // parameters
  ...["kind", "namespace", "owner", "tag", "label", "fields"].map(
    (name): Row => list(`NUL in ${name}`, new RegExp(name), `${name}=%00`),
  ),
  list("SQL in state", /active/, `state=${encodeURIComponent(SQL)}`),
  list("SQL in orderBy", /orderBy/, `orderBy=${encodeURIComponent(`name ${SQL}`)}`),
  list("SQL in limit", /whole number/, `limit=${encodeURIComponent(`1 ${SQL}`)}`),
  list("SQL in cursor", /cursor/, `cursor=${encodeURIComponent(SQL)}`),
  list(
    "a cursor of somebody else's",
    /cursor/,
    `cursor=${Buffer.from('["name",false,"x","nobody"]').toString("base64url")}`,
  ),
  list(
    "a cursor of another order",
    /order/,
    `orderBy=kind&cursor=${Buffer.from('["name",false,"x","ent_00000000-0000-7000-8000-000000000000"]').toString("base64url")}`,
  ),
  list("a limit of 0", /1 to 1000/, "limit=0"),
  list("a limit above the limit", /1 to 1000/, "limit=1001"),
  list("half a limit", /whole number/, "limit=1.5"),
  list("a limit in hexadecimal", /whole number/, "limit=0x10"),
  list("an infinite limit", /whole number/, "limit=Infinity"),
  list("a limit twice", /twice/, "limit=1&limit=2"),
  list("an unknown parameter", /did you mean "limit"/, "limt=1"),
  list("an unknown parameter like none", /takes kind, namespace/, "xyzzyxyzzyxyzzy=1"),
  list("__proto__ as a parameter", /__proto__/, "__proto__=1"),
  list("bad percent-encoding in a value", /UTF-8/, "kind=%E0%A4%A"),
  list("bad percent-encoding in a name", /UTF-8/, "%ff=1"),
  list("an owner that is no reference", /owner/, "owner=:/"),
  list("an empty kind", /kind/, "kind="),
  list("NUL in q", /q/, "q=%00"),
  list("201 characters of q", /1 to 200/, `q=${"a".repeat(201)}`),
  list("an order by relevance to nothing", /relevance/, "orderBy=relevance"),
  list("a descending relevance", /orderBy/, "q=a&orderBy=-relevance"),
  list("an explanation that is neither", /true, false/, "explain=yes"),
  list(
    "a cursor of an order by relevance",
    /order/,
    `orderBy=name&q=a&cursor=${Buffer.from('["relevance",false,1,"ent_00000000-0000-7000-8000-000000000000"]').toString("base64url")}`,
  ),
  // expressions
  list("an empty filter", /filter/, "filter="),
  list("a filter with SQL", /line 1, column 1/, `filter=${encoded(SQL)}`),
  list("a filter that is no condition", /filter/, `filter=${encoded("1 + 1")}`),
  list("a filter of an unknown variable", /line 1, column 1[\s\S]*\^/, "filter=__proto__"),
  list("a filter that looks into a prototype", /filter/, `filter=${encoded("entity.constructor == 1")}`),
  list("a filter of 3,000 characters", /filter/, `filter=${encoded(`kind == "${"a".repeat(3000)}"`)}`),
  list("a filter nested 1,000 deep", /filter/, `filter=${encoded("(".repeat(1000))}`),
  list("a catastrophic pattern", /filter/, `filter=${encoded('name.matches("(?=a)(a+)+$")')}`),
  list(
    "loops without end",
    /filter/,
    `filter=${encoded("tags.all(a, tags.all(b, tags.all(c, tags.all(d, a == b && c == d))))")}`,
  ),
  list("a filter of events in a list", /filter/, `filter=${encoded("event.revision == 1")}`),
  list("a filter twice", /twice/, "filter=true&filter=true"),
  list("NUL in a filter", /filter/, "filter=%00"),
  // facets
  ask("counts by nothing", /by/, "/v1/facets"),
  ask("counts by nothing, with a kind", /by/, "/v1/facets?kind=Component"),
  ask("counts by what there is not", /label:<key>/, "/v1/facets?by=colour"),
  ask("counts by SQL", /by/, `/v1/facets?by=${encoded(SQL)}`),
  ask("counts by no label", /by/, "/v1/facets?by=label:"),
  ask("counts by NUL", /by/, "/v1/facets?by=spec.%00"),
  ask("counts by too much", /at most 20/, `/v1/facets?by=${Array(21).fill("kind").join(",")}`),
  ask("too many values", /1 to 1000/, "/v1/facets?by=kind&limit=1001"),
  ask("counts under a wrong filter", /filter/, "/v1/facets?by=kind&filter=("),
  ask("counts in pages", /cursor/, "/v1/facets?by=kind&cursor=x"),
  // graph and history
  ask("a direction to nowhere", /dependencies, dependents, both/, `${NOWHERE}/graph?direction=up`),
  ask("a relation that is none", /ownedBy/, `${NOWHERE}/graph?relation=loves`),
  ask("a depth of 0", /1 to 20, or all/, `${NOWHERE}/graph?depth=0`),
  ask("a depth of 21", /1 to 20, or all/, `${NOWHERE}/graph?depth=21`),
  ask("a depth with SQL", /1 to 20, or all/, `${NOWHERE}/graph?depth=${encoded(SQL)}`),
  ask("more nodes than there may be", /1 to 10000/, `${NOWHERE}/graph?limit=10001`),
  ["a graph of nobody", 404, /./, "GET", `${NOWHERE}/graph`],
  ask("a graph of SQL", /uid/, `/v1/entities/${encoded(SQL)}/graph`),
  ask("a way to nothing", /to/, `${NOWHERE}/path`),
  ask("a way to no reference", /to/, `${NOWHERE}/path?to=:/`),
  ask("a way to a name alone", /kind/, `${NOWHERE}/path?to=payments`),
  ["a way from nobody", 404, /./, "GET", `${NOWHERE}/path?to=component:a`],
  ["a history of nobody", 404, /./, "GET", `${NOWHERE}/history`],
  ask("a history of no path", /JSON pointer/, `${NOWHERE}/history?path=spec`),
  ask("a history of a broken path", /JSON pointer/, `${NOWHERE}/history?path=/a~2`),
  ask("a history of SQL", /JSON pointer/, `${NOWHERE}/history?path=${encoded(SQL)}`),
  ask("a history before time", /whole number/, `${NOWHERE}/history?before=0`),
  ask("a revision 0", /whole number/, `${NOWHERE}?revision=0`),
  ask("a revision with SQL", /whole number/, `${NOWHERE}?revision=${encoded(SQL)}`),
  ["a revision of nobody", 404, /revision 1/, "GET", `${NOWHERE}?revision=1`],
  ["a revision of no reference", 404, /./, "GET", "/v1/entities/by-ref/component/default/nobody?revision=1"],
  [
    "a revision that is to come",
    404,
    /revision 9/,
    "GET",
    "/v1/entities/by-ref/component/default/bystander?revision=9",
  ],
  // the feed
  ask("events after SQL", /whole number/, `/v1/events?after=${encoded(SQL)}`),
  ask("events before the first", /whole number/, "/v1/events?after=-1"),
  ask("events after more than a number", /whole number/, "/v1/events?after=99999999999999999999"),
  ask("events of no type", /entity.created/, "/v1/events?type=entity.exploded"),
  ask("events with everything", /entity/, "/v1/events?include=everything"),
  ask("too many events", /1 to 1000/, "/v1/events?limit=1001"),
  ask("events under a wrong filter", /filter/, "/v1/events?filter=event.colour"),
  ask("a stream under a wrong filter", /filter/, "/v1/events/stream?filter=("),
  ask("a stream with a limit", /limit/, "/v1/events/stream?limit=1"),
  ask("a stream of no type", /entity.created/, "/v1/events/stream?type=*"),
  ["a Last-Event-ID with SQL", 400, /last-event-id/, "GET", "/v1/events/stream", { headers: { "last-event-id": SQL } }],
  ["a stream without credentials", 401, /token/, "GET", "/v1/events/stream", { headers: { authorization: "" } }],
  ["a wrong method on the feed", 405, /does not take POST/, "POST", "/v1/events", { json: {} }],
  // paths
  ["a uid that is none", 400, /uid/, "GET", "/v1/entities/42"],
  ["a uid with SQL", 400, /uid/, "GET", `/v1/entities/${encodeURIComponent(SQL)}`],
  ["a uid of nobody", 404, /./, "GET", NOWHERE],
  ["bad percent-encoding in the path", 400, /UTF-8/, "GET", "/v1/entities/%zz"],
  ["an empty name in a reference", 400, /name/, "GET", "/v1/entities/by-ref/component/default/"],
  ["NUL in a reference", 400, /name/, "GET", "/v1/entities/by-ref/component/default/%00"],
  ["SQL in a reference", 404, /./, "GET", `/v1/entities/by-ref/component/default/${encodeURIComponent(SQL)}`],
  [
    "a reference that is not the document's",
    400,
    /renamed|name/,
    "PUT",
    "/v1/entities/by-ref/component/default/other",
    { json: component("victim") },
  ],
  ["a path that is nowhere", 404, /nothing at/, "GET", "/v2/entities"],
  ["a path above the root", 404, /nothing at/, "GET", "/..%2f..%2fetc/passwd"],
  ["a trailing slash", 400, /uid/, "GET", "/v1/entities/"],
  ["a token id that is none", 400, /token id/, "DELETE", "/v1/tokens/1"],
  ["a token id of nobody", 404, /./, "DELETE", "/v1/tokens/tok_00000000-0000-7000-8000-000000000000"],
  // methods, types, headers
  ["a wrong method on the list", 405, /does not take DELETE/, "DELETE", "/v1/entities"],
  ["a wrong method on an entity", 405, /does not take POST/, "POST", NOWHERE, { json: {} }],
  ["a wrong method on a batch", 405, /does not take GET/, "GET", BATCH],
  ["a method of another protocol", 405, /does not take PROPFIND/, "PROPFIND", "/v1/entities"],
  [
    "a form",
    415,
    /application\/json/,
    "POST",
    "/v1/entities",
    { body: "kind=Component", headers: { "content-type": "application/x-www-form-urlencoded" } },
  ],
  ["no content type", 415, /no content type/, "POST", "/v1/entities", { body: new Uint8Array([123, 125]) }],
  [
    "XML",
    415,
    /application\/json/,
    "POST",
    "/v1/entities",
    { body: "<xml/>", headers: { "content-type": "text/xml" } },
  ],
  [
    "a charset other than UTF-8",
    415,
    /UTF-8/,
    "POST",
    "/v1/entities",
    { body: "{}", headers: { "content-type": "application/json; charset=utf-16" } },
  ],
  [
    "a compressed body",
    415,
    /compressed/,
    "POST",
    "/v1/entities",
    { body: "{}", headers: { ...json, "content-encoding": "gzip" } },
  ],
  ["an If-Match without quotes", 400, /if-match/, "DELETE", NOWHERE, { headers: { "if-match": "1" } }],
  ["an If-Match with SQL", 400, /if-match/, "DELETE", NOWHERE, { headers: { "if-match": SQL } }],
  ["a weak If-Match", 400, /if-match/, "DELETE", NOWHERE, { headers: { "if-match": 'W/"1"' } }],
  [
    "an If-None-Match on a write",
    400,
    /if-none-match/,
    "PUT",
    "/v1/entities/by-ref/component/default/bystander",
    { json: component("bystander"), headers: { "if-none-match": "*" } },
  ],
  [
    "an If-Match on a creation",
    400,
    /if-match/,
    "POST",
    "/v1/entities",
    { json: component("victim"), headers: { "if-match": '"1"' } },
  ],
  ["an If-Match with many", 400, /if-match/, "DELETE", NOWHERE, { headers: { "if-match": '"1", "2"' } }],
  ["no credentials", 401, /token/, "GET", "/v1/entities", { headers: { authorization: "" } }],
  ["credentials of another kind", 401, /token/, "GET", "/v1/entities", { headers: { authorization: "Basic YTpi" } }],
  ["an unknown token", 401, /token/, "GET", "/v1/entities", { headers: { authorization: "Bearer cad_nobody" } }],
  ["a token with SQL", 401, /token/, "GET", "/v1/entities", { headers: { authorization: `Bearer ${SQL}` } }],
  [
    "a token input of wrong types",
    400,
    /name[\s\S]*scopes/,
    "POST",
    "/v1/tokens",
    { json: { name: 1, scopes: "admin" } },
  ],
  ["a token of an unknown scope", 400, /scopes/, "POST", "/v1/tokens", { json: { name: "x", scopes: ["root"] } }],
  [
    "a token that expires at no time",
    400,
    /expiresAt/,
    "POST",
    "/v1/tokens",
    { json: { name: "x", scopes: ["admin"], expiresAt: "soon" } },
  ],
];

describe("a hostile request", () => {
  it("is told from others by its name", () => {
    expect(table.length).toBeGreaterThanOrEqual(60);
    expect(new Set(table.map(([name]) => name)).size).toBe(table.length);
  });

  it.scopedLive(
    "gets a 4xx problem document that says what is wrong, and changes nothing",
    () =>
      Effect.gen(function* () {
        const { call, contents, log } = yield* start();
        yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("bystander") }));
        const before = yield* Effect.promise(contents);
        const wrong: Array<string> = [];
        for (const [name, status, says, method, path, init] of table) {
          const reply = yield* Effect.promise(() => call(method, path, init));
          const problem = Schema.decodeUnknownEither(Problem, { onExcessProperty: "error" })(reply.body);
          const isAsExpected =
            reply.status === status &&
            reply.headers.get("content-type") === "application/problem+json" &&
            problem._tag === "Right" &&
            problem.right.status === status &&
            problem.right.requestId === reply.headers.get("x-request-id") &&
            says.test(`${problem.right.detail} ${JSON.stringify(problem.right.errors ?? [])}`);
          if (!isAsExpected) wrong.push(`${name}: ${reply.status} ${reply.text.slice(0, 500)}`);
        }
        expect(wrong).toEqual([]);
        expect(yield* Effect.promise(contents)).toBe(before);
        expect(log.filter(({ level }) => level === "ERROR" || level === "FATAL")).toEqual([]);
      }),
    30_000,
  );

  const head = "Host: localhost\r\nConnection: close\r\n";
  it.scopedLive.each([
    ["garbage", 400, "\x16\x03\x01\x02\x00 hello\r\n\r\n"],
    ["a protocol that is none", 400, "GET / HTTQ/1.1\r\n\r\n"],
    ["a header without a colon", 400, `GET / HTTP/1.1\r\n${head}nonsense\r\n\r\n`],
    ["a NUL in a header", 400, `GET / HTTP/1.1\r\n${head}X-A: a\0b\r\n\r\n`],
    [
      "two content lengths",
      400,
      `POST /v1/entities HTTP/1.1\r\n${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    ],
    [
      "a content length beside chunks",
      400,
      `POST /v1/entities HTTP/1.1\r\n${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["a negative content length", 400, `POST /v1/entities HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`],
    ["20 KiB of headers", 431, `GET / HTTP/1.1\r\n${head}X-A: ${"a".repeat(20_000)}\r\n\r\n`],
    ["20 KiB of path", 431, `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${head}\r\n`],
    ["no Host", 400, "GET /v1/health HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["the Host of somebody else", 403, "GET /v1/health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"],
    ["the Origin of somebody else", 403, `GET /v1/health HTTP/1.1\r\n${head}Origin: https://evil.example\r\n\r\n`],
    [
      "an expectation that cannot be met",
      417,
      `POST /v1/entities HTTP/1.1\r\n${head}Expect: miracles\r\nContent-Length: 0\r\n\r\n`,
    ],
    ["a tunnel", 405, "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n"],
  ] as const)("on the raw socket gets one too: %s", ([_, status, bytes]) =>
    Effect.gen(function* () {
      const { raw } = yield* start();
      const [top = "", body = ""] = (yield* Effect.promise(() => raw(bytes))).split("\r\n\r\n");
      expect(top).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(top).toMatch(/content-type: application\/problem\+json/i);
      const problem = Schema.decodeUnknownSync(Problem, { onExcessProperty: "error" })(JSON.parse(body));
      expect(problem.status).toBe(status);
      expect(top).toContain(problem.requestId);
    }),
  );
});
