/**
 * A request that is being thought up, and what can become of it.
 */
import type { Random } from "../Random.ts";
import { chance, mutated, pick, text } from "./Values.ts";

export interface Context {
  readonly random: Random;
  /** Ids that answers have told, by what they begin with. */
  readonly known: Map<string, Array<string>>;
  /** Where callbacks may go. */
  readonly receiver: string;
  readonly tokens: ReadonlyArray<string>;
}

/** A request that is still being thought up. */
export interface Draft {
  method: string;
  target: string;
  headers: Array<readonly [string, string]>;
  /** The body as a value, as long as it is one. */
  value: unknown;
  body: Buffer | undefined;
  isWhole: boolean;
}

type Change = (context: Context, draft: Draft) => void;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "M-SEARCH"];

/** Headers that are read by somebody, each with what it may say. */
const HEADERS: ReadonlyArray<(context: Context) => readonly [string, string]> = [
  ({ random }) => [
    "Authorization",
    pick(random, [
      "",
      "Bearer",
      "Basic YTpi",
      `Bearer ${"a".repeat(9_000)}`,
      "Bearer a.b.c",
      `Bearer ${line(text(random))}`,
    ]),
  ],
  ({ random }) => [
    "Content-Type",
    pick(random, [
      "",
      "text/plain",
      "application/json; charset=utf-16",
      "multipart/form-data; boundary=x",
      "application/x-ndjson",
      "text/yaml",
      line(text(random)),
    ]),
  ],
  ({ random }) => [
    "Host",
    pick(random, ["", "evil.example", "127.0.0.1:99999", "[::1", "localhost", line(text(random))]),
  ],
  ({ random }) => ["Origin", pick(random, ["null", "http://evil.example", "http://127.0.0.1", line(text(random))])],
  ({ random }) => ["If-Match", pick(random, ["*", '"1"', 'W/"1"', '"a"', '"1", "2"', line(text(random))])],
  ({ random }) => ["Content-Encoding", pick(random, ["gzip", "identity", "br, gzip"])],
  ({ random }) => ["X-Request-Id", line(text(random))],
  ({ random }) => [
    "traceparent",
    pick(random, ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "ff-0-0-0", line(text(random))]),
  ],
  ({ random }) => ["Last-Event-ID", line(text(random))],
  ({ random }) => ["X-Forwarded-For", line(text(random))],
  ({ random }) => ["Accept", pick(random, ["text/html", "*/*;q=0", "application/xml", line(text(random))])],
  ({ random }) => ["Cookie", "a=b; ".repeat(pick(random, [1, 1_000, 4_000]))],
  ({ random }) => ["Mcp-Session-Id", line(text(random))],
  ({ random }) => ["X-MCP-Toolsets", line(text(random))],
  () => ["Range", "bytes=0-1"],
];

/** Those that say where the request ends: it may be another one for the server than for us. */
const FRAMING: ReadonlyArray<readonly [string, string]> = [
  ["Content-Length", "0"],
  ["Content-Length", "-1"],
  ["Content-Length", "5"],
  ["Content-Length", "99999999999999999999"],
  ["Content-Length", "1, 1"],
  ["Transfer-Encoding", "chunked"],
  ["Transfer-Encoding", "gzip, chunked"],
  ["Transfer-Encoding", "xchunked"],
  ["Expect", "100-continue"],
  ["Expect", "200-ok"],
  ["Upgrade", "websocket"],
  ["Connection", "keep-alive, Upgrade"],
];

export const CHANGES: ReadonlyArray<Change> = [
  ({ random }, draft) => {
    if (draft.value !== undefined) draft.value = mutated(random, draft.value);
  },
  ({ random }, draft) => {
    if (draft.value !== undefined) draft.value = mutated(random, draft.value);
  },
  ({ random }, draft) => {
    draft.body = garbled(random, bodyOf(draft) ?? Buffer.from("{}"));
    draft.value = undefined;
  },
  ({ random }, draft) => {
    draft.method = pick(random, METHODS);
  },
  ({ random }, draft) => {
    const separator = draft.target.includes("?") ? "&" : "?";
    const name = pick(random, [
      "filter",
      "q",
      "limit",
      "cursor",
      "depth",
      "fields",
      "orderBy",
      "unheardOf",
      "__proto__",
      "by",
      "state",
      "after",
    ]);
    const more = `${name}=${chance(random, 80) ? encode(text(random)) : pick(random, ["%", "%zz", "%ff", "%c0%80", "+", "&&", "=", "a=b=c"])}`;
    draft.target += separator + Array.from({ length: pick(random, [1, 1, 1, 2, 300]) }, () => more).join("&");
  },
  ({ random }, draft) => {
    const [path = "/", query] = draft.target.split("?");
    const segments = path.split("/");
    segments[1 + random.below(segments.length)] = chance(random, 70)
      ? encode(text(random))
      : pick(random, ["..", ".", "", "%2f", "%00", "%", ";", "*"]);
    draft.target = segments.join("/") + (query === undefined ? "" : `?${query}`);
  },
  ({ random }, draft) => {
    draft.target = pick(random, [
      "*",
      "//",
      "http://evil.example/v1/entities",
      "/v1/../v1/health",
      "/V1/health",
      "/v1/health/",
      "/%76%31/health",
      `/${"a/".repeat(3_000)}`,
    ]);
  },
  (context, draft) => {
    const [name, value] = pick(context.random, HEADERS)(context);
    draft.headers = draft.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase());
    draft.headers.push([name, value]);
  },
  ({ random }, draft) => {
    draft.headers.push(pick(random, draft.headers));
    draft.isWhole = false;
  },
  ({ random }, draft) => {
    draft.headers.push(pick(random, FRAMING));
    draft.isWhole = false;
  },
];

const bodyOf = ({ body, value }: Draft): Buffer | undefined =>
  body ?? (value === undefined ? undefined : Buffer.from(JSON.stringify(value)));

export const serialized = (draft: Draft): Buffer => {
  const body = bodyOf(draft);
  const isFramed = draft.headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  return Buffer.concat([
    Buffer.from(
      [
        `${draft.method} ${draft.target} HTTP/1.1`,
        ...draft.headers.map(([name, value]) => `${name}: ${value}`),
        ...(body === undefined || isFramed ? [] : [`Content-Length: ${body.length}`]),
        "",
        "",
      ].join("\r\n"),
      "latin1",
    ),
    body ?? Buffer.alloc(0),
  ]);
};

/** Bytes lost, turned, put in, repeated; or an end before the end. */
export const garbled = (random: Random, bytes: Buffer): Buffer => {
  const at = random.below(bytes.length + 1);
  const length = random.below(20);
  const junk = Buffer.from(Array.from({ length }, () => random.below(256)));
  switch (random.below(6)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), junk, bytes.subarray(at + length)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), junk, bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length))]);
    case 4:
      return bytes.subarray(0, at);
    default:
      return Buffer.concat([
        pick(random, [Buffer.from("\r\n"), Buffer.from("\ufeff"), Buffer.from([0x16, 3, 1, 2, 0]), junk]),
        bytes,
      ]);
  }
};

/** A lone surrogate has no UTF-8. */
export const encode = (value: string): string => encodeURIComponent(value.replace(/\p{Cs}/gu, "?")).slice(0, 12_000);

/** What a header may hold; the bytes of others are put in by `garbled`. */
export const line = (value: string): string => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, "?").slice(0, 10_000);
