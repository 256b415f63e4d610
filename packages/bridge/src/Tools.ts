/**
 * What the lists of tools that pass by tell of each, and which of them this bridge lets through.
 */
import type { MirroredParameter } from "./Era.ts";
import * as Frame from "./Frame.ts";

/** Which tools an agent may see and call here. It can only take away from what the daemon grants to the token. */
export interface Policy {
  /** Only tools that say of themselves that they change nothing. */
  readonly readOnly: boolean;
  /** Only these; all where it is empty. */
  readonly allowed: ReadonlyArray<string>;
  readonly denied: ReadonlyArray<string>;
}

export interface Tools {
  /** Why the call is not let through; undefined where it is. */
  readonly refusal: (request: Frame.Message) => string | undefined;
  /** Takes note of an answer, and gives what of it is to be seen. */
  readonly seen: (request: Frame.Message, answer: Frame.Message) => Frame.Message;
  /** The request may be sent twice: it changes nothing. */
  readonly isHarmless: (request: Frame.Message) => boolean;
  readonly mirrored: (request: Frame.Message) => ReadonlyArray<MirroredParameter>;
}

interface Tool {
  readonly readOnly: boolean;
  readonly mirrored: ReadonlyArray<MirroredParameter>;
}

export const make = ({ readOnly, allowed, denied }: Policy): Tools => {
  const tools = new Map<string, Tool>();
  const isListed = (name: string) => (allowed.length === 0 || allowed.includes(name)) && !denied.includes(name);
  const called = ({ method, body }: Frame.Message) =>
    method === "tools/call" ? (Frame.textAt(body, "params", "name") ?? "") : undefined;
  const isVisible = (tool: unknown) => {
    const name = Frame.textAt(tool, "name") ?? "";
    return isListed(name) && (!readOnly || tools.get(name)?.readOnly === true);
  };
  return {
    refusal: (request) => {
      const name = called(request);
      if (name === undefined) return undefined;
      if (!isListed(name)) return `The tool "${name}" is not let through by this bridge (--allow-tool, --deny-tool).`;
      // What was never listed the daemon judges: it is told that only reading is wanted.
      return readOnly && tools.get(name)?.readOnly === false
        ? `The tool "${name}" changes things, and this bridge lets only reading through (--read-only).`
        : undefined;
    },
    seen: (request, answer) => {
      const listed = request.method === "tools/list" ? Frame.at(answer.body, "result", "tools") : undefined;
      if (!Array.isArray(listed)) return answer;
      for (const tool of listed) {
        const name = Frame.textAt(tool, "name");
        if (name !== undefined) {
          tools.set(name, {
            readOnly: Frame.at(tool, "annotations", "readOnlyHint") === true,
            mirrored: mirroredIn(Frame.at(tool, "inputSchema"), []),
          });
        }
      }
      const visible = listed.filter(isVisible);
      if (visible.length === listed.length) return answer;
      const { result } = answer.body as { readonly result: object }; // `listed` was found in it
      return Frame.answer(request, { ...result, tools: visible });
    },
    isHarmless: (request) => {
      const name = called(request);
      return name === undefined ? READING.has(request.method) : tools.get(name)?.readOnly === true;
    },
    mirrored: (request) => tools.get(called(request) ?? "")?.mirrored ?? [],
  };
};

const READING: ReadonlySet<string> = new Set([
  "initialize",
  "server/discover",
  "ping",
  "tools/list",
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "completion/complete",
  "logging/setLevel",
]);

/** Declared by `x-mcp-header` of a property, at any depth of properties. */
const mirroredIn = (schema: unknown, path: ReadonlyArray<string>): ReadonlyArray<MirroredParameter> => {
  const header = Frame.textAt(schema, "x-mcp-header");
  const own = header !== undefined && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header) ? [{ path, header }] : [];
  const properties = Frame.at(schema, "properties");
  const inner =
    typeof properties === "object" && properties !== null
      ? Object.entries(properties).flatMap(([key, child]) => mirroredIn(child, [...path, key]))
      : [];
  return [...own, ...inner];
};
