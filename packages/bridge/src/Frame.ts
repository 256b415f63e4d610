/**
 * JSON-RPC 2.0 frames as the bridge sees them: what must be known to pass one on, and the text itself, which is passed on
 * as it came.
 */

export type Id = string | number;

export interface Message {
  /** One line, as it came. */
  readonly text: string;
  readonly kind: "request" | "notification" | "answer";
  /** Of a request or an answer; null in the answer to what could not be read. */
  readonly id: Id | null;
  /** Empty in an answer. */
  readonly method: string;
  readonly body: unknown;
}

/** What came is no frame: to be answered with the error, under the id where that could be made out. */
export interface Malformed {
  readonly kind: "malformed";
  readonly id: Id | null;
  readonly code: typeof PARSE_ERROR | typeof INVALID_REQUEST;
  readonly message: string;
}

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const INVALID_PARAMS = -32602;

/** Codes of the bridge itself, outside of what JSON-RPC and MCP reserve. Documented in docs/mcp-bridge.md. */
export const Code = {
  /** No daemon answers, or it is not known where or with what token to ask. Nothing was done. */
  unreachable: -31001,
  /** The connection broke after the request was sent: it may have been carried out. */
  broken: -31002,
  /** The token is not accepted. */
  unauthenticated: -31003,
  /** HTTP said something else than an answer. */
  refused: -31004,
  /** What came is no answer to the request. */
  unreadable: -31005,
  /** Nothing was heard of the request for too long. */
  timeout: -31006,
  /** The bridge ends. */
  ended: -31007,
} as const;

/** The frames of a line: one, or those of a batch, which the revision 2025-03-26 has. */
export const read = (line: Uint8Array): ReadonlyArray<Message | Malformed> => {
  const text = decode(line);
  if (text === undefined) {
    return [malformed(salvage(line, line), PARSE_ERROR, "The line is not valid UTF-8.")];
  }
  return parse(text, () => salvage(line, line));
};

/** The frames of a text of which the line ends are of no account. */
export const parse = (text: string, idOf: () => Id | null = () => null): ReadonlyArray<Message | Malformed> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return [malformed(idOf(), PARSE_ERROR, `The line is not JSON: ${error instanceof Error ? error.message : error}.`)];
  }
  if (!Array.isArray(value)) return [classify(value, text.replace(/[\r\n]+/g, " "))];
  if (value.length === 0) return [malformed(null, INVALID_REQUEST, "The batch is empty.")];
  return value.map((part) => classify(part, JSON.stringify(part)));
};

/** A line that is too long to be kept: its id is looked for at both ends. */
export const oversize = (head: Uint8Array, tail: Uint8Array, limit: number): Malformed =>
  malformed(salvage(head, tail), INVALID_REQUEST, `The line is longer than ${limit} bytes.`);

const classify = (body: unknown, text: string): Message | Malformed => {
  const id = at(body, "id");
  const known = typeof id === "string" || typeof id === "number" ? id : null;
  const method = at(body, "method");
  if (at(body, "jsonrpc") !== "2.0") {
    return malformed(known, INVALID_REQUEST, 'This is no JSON-RPC 2.0 frame: "jsonrpc" must be "2.0".');
  }
  if (typeof method === "string") {
    if (id === undefined) return { kind: "notification", id: null, method, body, text };
    if (known !== null) return { kind: "request", id: known, method, body, text };
    return malformed(null, INVALID_REQUEST, "The id of a request must be a string or a number.");
  }
  if (at(body, "result") !== undefined || at(body, "error") !== undefined) {
    return { kind: "answer", id: known, method: "", body, text };
  }
  return malformed(known, INVALID_REQUEST, "A frame has a method, a result or an error.");
};

const malformed = (id: Id | null, code: Malformed["code"], message: string): Malformed => ({
  kind: "malformed",
  id,
  code,
  message,
});

/** What stands at a path of an unknown value; undefined where the path leads nowhere. */
export const at = (value: unknown, ...path: ReadonlyArray<string>): unknown => {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as { readonly [key: string]: unknown })[key];
  }
  return found;
};

/** The same, where it is a string. */
export const textAt = (value: unknown, ...path: ReadonlyArray<string>): string | undefined => {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
};

/** An answer that tells what went wrong. */
export const failure = (id: Id | null, code: number, message: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });

export const request = (id: Id, method: string, params: unknown): Message =>
  made({ jsonrpc: "2.0", id, method, params }, "request", id, method);

export const notification = (method: string, params?: unknown): Message =>
  made({ jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) }, "notification", null, method);

export const answer = ({ id }: Message, result: unknown): Message =>
  made({ jsonrpc: "2.0", id, result }, "answer", id, "");

/** The same frame under another id. */
export const withId = (message: Message, id: Id): Message =>
  made({ ...(message.body as object), id }, message.kind, id, message.method);

const made = (body: object, kind: Message["kind"], id: Id | null, method: string): Message => ({
  text: JSON.stringify(body),
  kind,
  id,
  method,
  body,
});

/** Invalid sequences are refused, not replaced: an agent that sends them means something else than what would arrive. */
const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** Bytes at each end of a frame in which an id is looked for. */
export const MARGIN = 1024;

/** Of what cannot be parsed: clients write the id first or last, and no string of the frame can look so at its ends. */
const salvage = (head: Uint8Array, tail: Uint8Array): Id | null => {
  const id = String.raw`"id"\s*:\s*(-?\d{1,15}|"[^"\\]*")`;
  const start = new TextDecoder().decode(head.subarray(0, MARGIN));
  const end = new TextDecoder().decode(tail.subarray(-MARGIN));
  const found =
    new RegExp(String.raw`^\s*\{\s*(?:"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,\s*)*${id}\s*,`).exec(start) ??
    new RegExp(String.raw`,\s*${id}\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$`).exec(end);
  return found?.[1] === undefined ? null : (JSON.parse(found[1]) as Id); // by the expression, a number or a string
};
