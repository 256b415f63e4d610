/**
 * The two eras of the protocol, and what each wants in the head of a request. The revision 2026-07-28 has no sessions: a
 * request names its revision itself, and headers repeat parts of the body, for those on the way that do not read it. Before
 * it, `initialize` settled both for all that follows.
 */
import * as Frame from "./Frame.ts";

export const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";
export const SUBSCRIPTION_KEY = "io.modelcontextprotocol/subscriptionId";

/** The revision that the frame names; undefined in frames of the older era. */
export const revision = ({ body }: Frame.Message): string | undefined =>
  Frame.textAt(body, "params", "_meta", VERSION_KEY);

/** What a parameter of a tool is repeated in (`x-mcp-header` of its schema). */
export interface MirroredParameter {
  readonly path: ReadonlyArray<string>;
  readonly header: string;
}

/** Headers of a request of the newer era (2026-07-28, Streamable HTTP, "Standard Request Headers"). */
export const headers = (
  { method, body }: Frame.Message,
  revision: string,
  mirrored: ReadonlyArray<MirroredParameter>,
): { readonly [name: string]: string } => {
  const field = NAMES.get(method);
  const name = field === undefined ? undefined : Frame.textAt(body, "params", field);
  const parameters = mirrored.flatMap(({ path, header }) => {
    const value = Frame.at(body, "params", "arguments", ...path);
    return typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value)
      ? [[`mcp-param-${header}`, encoded(String(value))] as const]
      : [];
  });
  return {
    "mcp-protocol-version": revision,
    "mcp-method": method,
    ...(name === undefined ? {} : { "mcp-name": encoded(name) }),
    ...Object.fromEntries(parameters),
  };
};

/** Which parameter `Mcp-Name` repeats. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/** As it is where HTTP keeps it as it is, otherwise as Base64 between marks. */
const encoded = (value: string): string =>
  /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value)
    ? value
    : `=?base64?${Buffer.from(value, "utf8").toString("base64")}?=`;
