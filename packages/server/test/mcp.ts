/**
 * Requests as a client of the current revision sends them, without a client: so that they can be wrong too.
 */
import type { Reply, Running } from "./harness.ts";

export interface Rpc {
  readonly status: number;
  readonly result: ReturnType<typeof JSON.parse>;
  readonly error: { readonly code: number; readonly message: string } | undefined;
  readonly reply: Reply;
}

export interface Extra {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

const REVISION = "2026-07-28";

export const headersOf = (method: string, name: string | undefined, { token, headers }: Extra) => ({
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": REVISION,
  "mcp-method": method,
  ...(name === undefined ? {} : { "mcp-name": name }),
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  ...headers,
});

export const messageOf = (method: string, params: object) => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  params: {
    ...params,
    _meta: {
      "io.modelcontextprotocol/protocolVersion": REVISION,
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    },
  },
});

export const rpc = async (
  { call }: Running,
  method: string,
  params: { readonly name?: string; readonly [key: string]: unknown } = {},
  extra: Extra = {},
): Promise<Rpc> => {
  const reply = await call("POST", "/mcp", {
    headers: headersOf(method, params.name, extra),
    json: messageOf(method, params),
    ...(extra.signal === undefined ? {} : { signal: extra.signal }),
  });
  return { status: reply.status, result: reply.body?.result, error: reply.body?.error, reply };
};

export const tool = (running: Running, name: string, args: object = {}, extra: Extra = {}) =>
  rpc(running, "tools/call", { name, arguments: args }, extra);

/** A request of a revision of 2025. Its answer is an event, if it is one. */
export const legacy = async (
  { call }: Running,
  method: string,
  params: object,
  headers: Record<string, string> = {},
) => {
  const reply = await call("POST", "/mcp", {
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    json: { jsonrpc: "2.0", id: 1, method, params },
  });
  const data = /^data: (.*)$/m.exec(reply.text)?.[1];
  const message = data === undefined ? reply.body : JSON.parse(data);
  return { status: reply.status, headers: reply.headers, result: message?.result, error: message?.error };
};

export const INITIALIZE = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
};

/** The token of a new name with the given scopes. */
export const tokenOf = async ({ call }: Running, name: string, ...scopes: ReadonlyArray<string>): Promise<string> =>
  (await call("POST", "/v1/tokens", { json: { name, scopes } })).body.secret;

/** The data of server-sent events, as they come; ends with the stream. */
export const eventsOf = async function* (response: Response): AsyncGenerator<ReturnType<typeof JSON.parse>> {
  let rest = "";
  for await (const text of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
    const frames = (rest + text).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const data = /^data: (.+)$/m.exec(frame)?.[1];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
};
