/**
 * A tool: what a model is told of it, who may call it, and what it does.
 */
import type { DomainError } from "@cadastre/api/Problem";
import type { Caller, Scope } from "@cadastre/domain/Principal";
import type { CallToolResult, Tool as Definition, ServerContext } from "@modelcontextprotocol/server";
import * as Effect from "effect/Effect";
import type * as Schema from "effect/Schema";
import { reader } from "./internal/arguments.ts";
import { ofInput, ofOutput } from "./internal/jsonSchema.ts";
import type { Toolset } from "./Toolset.ts";

export interface Tool {
  readonly definition: Definition;
  /** Undefined: it belongs to all. */
  readonly toolset: Toolset | undefined;
  /** Who lacks it neither sees nor calls the tool; undefined: anyone with a token. */
  readonly scope: Scope | undefined;
  /** `args` is unchecked. */
  readonly call: (args: unknown, context?: ServerContext) => Effect.Effect<CallToolResult, DomainError, Caller>;
}

export interface Answer<Output> {
  readonly structured: Output;
  /** For people, and for models whose host passes nothing else on. */
  readonly text: string;
  /** Entities that the answer speaks of, by their keys. */
  readonly links?: ReadonlyArray<string> | undefined;
}

interface Options<Input, Output> extends Pick<Tool, "toolset" | "scope"> {
  readonly name: string;
  readonly title: string;
  /** When to use it, first of all. */
  readonly description: string;
  readonly input: Schema.Schema<Input>;
  readonly output: Schema.Schema<Output>;
  readonly run: (input: Input) => Effect.Effect<Answer<NoInfer<Output>>, DomainError, Caller>;
}

/** A tool that changes nothing. */
export const reading = <Input, Output>(options: Options<Input, Output>): Tool =>
  make(options, { readOnlyHint: true, destructiveHint: false, idempotentHint: true });

/** A tool that writes; saying the same twice does no more than saying it once. */
export const writing = <Input, Output>(options: Options<Input, Output> & { readonly destructive: boolean }): Tool =>
  make(options, { readOnlyHint: false, destructiveHint: options.destructive, idempotentHint: true });

export const isReadOnly = ({ definition }: Tool): boolean => definition.annotations?.readOnlyHint === true;

/** `cadastre://entity/component/default/payments` of `component:default/payments`. */
export const uriOf = (key: string): string => `cadastre://entity/${key.replace(":", "/")}`;

/** What a result says in words. */
export const textOf = ({ content }: CallToolResult): string =>
  content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");

const make = <Input, Output>(
  { name, title, description, toolset, scope, input, output, run }: Options<Input, Output>,
  hints: NonNullable<Definition["annotations"]>,
): Tool => {
  const inputSchema = ofInput(input);
  const read = reader(input, inputSchema);
  return {
    definition: {
      name,
      title,
      description,
      inputSchema: inputSchema as Definition["inputSchema"], // JSON, which the SDK types as if it were to be changed
      outputSchema: ofOutput(output) as Definition["inputSchema"],
      // The catalog is the whole world of every tool.
      annotations: { ...hints, openWorldHint: false },
    },
    toolset,
    scope,
    call: (args) => Effect.map(Effect.flatMap(read(args), run), toResult),
  };
};

const toResult = <Output>({ structured, text, links = [] }: Answer<Output>): CallToolResult => ({
  content: [
    { type: "text", text },
    ...links.map((key) => ({
      type: "resource_link" as const,
      uri: uriOf(key),
      name: key,
      mimeType: "application/json",
    })),
  ],
  structuredContent: structured as CallToolResult["structuredContent"], // `output` describes an object
});
