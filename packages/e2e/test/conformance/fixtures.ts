/**
 * The tools, resources and prompts that the conformance suite calls by name, on the endpoint of the product.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { Prompt } from "@cadastre/mcp/Prompt";
import type { Resource } from "@cadastre/mcp/Resource";
import type { Surface } from "@cadastre/mcp/Surface";
import type { Tool } from "@cadastre/mcp/Tool";
import {
  type CallToolResult,
  type GetPromptResult,
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as Effect from "effect/Effect";

type Content = CallToolResult["content"][number];

type Run = (
  args: Record<string, unknown>,
  context: ServerContext,
) => Promise<CallToolResult | ReturnType<typeof inputRequired>>;

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

/** What the SDK ends a call with passes through the fiber as a defect, and out of it again. */
const promised = <A>(evaluate: () => Promise<A>): Effect.Effect<A> => Effect.promise(evaluate);

const tool = (name: string, properties: object, run: Run, schema: object = {}): Tool => ({
  definition: {
    name,
    description: `Conformance: ${name}.`,
    inputSchema: { type: "object", properties: properties as Record<string, never>, ...schema },
  },
  toolset: undefined,
  scope: undefined,
  call: (args, context) =>
    promised(async () => {
      if (context === undefined) throw new Error("no context");
      // A result that asks for input is none that the product's tools have.
      return (await run((args ?? {}) as Record<string, unknown>, context)) as CallToolResult;
    }),
});

const says = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });

const content = (name: string, ...blocks: ReadonlyArray<Content>) =>
  tool(name, {}, async () => ({ content: [...blocks] }));

const text = (text: string): Content => ({ type: "text", text });
const image: Content = { type: "image", data: PNG, mimeType: "image/png" };
const audio: Content = { type: "audio", data: WAV, mimeType: "audio/wav" };
const embedded = (uri: string): Content => ({
  type: "resource",
  resource: { uri, mimeType: "text/plain", text: "This is an embedded resource content." },
});

const asks = (message: string, properties: object, required: ReadonlyArray<string> = Object.keys(properties)) => ({
  message,
  requestedSchema: {
    type: "object" as const,
    properties: properties as Record<string, never>,
    required: [...required],
  },
});

const elicit = (message: string, properties: object) => inputRequired.elicit(asks(message, properties));

/** Asks on the stream of the call itself: the client's other one may not be open yet. */
const elicited = ({ send }: ServerContext["mcpReq"], params: ReturnType<typeof asks>) =>
  send({ method: "elicitation/create", params });

const NAME = { name: { type: "string" } };
const OK = { ok: { type: "boolean" } };

const sample = (question: string, maxTokens = 100) =>
  inputRequired.createMessage({ messages: [{ role: "user", content: { type: "text", text: question } }], maxTokens });

const SECRET = randomBytes(32);

const sign = (state: string): string => `${state}.${createHmac("sha256", SECRET).update(state).digest("hex")}`;

/** The state that was signed, or an error of the protocol. */
const verified = ({ mcpReq }: ServerContext): string | undefined => {
  const given = mcpReq.requestState<string>();
  if (given === undefined) return undefined;
  const state = given.slice(0, given.lastIndexOf("."));
  if (sign(state) !== given)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "The request state was tampered with");
  return state;
};

const answers = ({ mcpReq }: ServerContext) => Object.keys(mcpReq.inputResponses ?? {});

const tools: ReadonlyArray<Tool> = [
  content("test_simple_text", text("This is a simple text response for testing.")),
  content("test_image_content", image),
  content("test_audio_content", audio),
  content("test_embedded_resource", embedded("test://embedded-resource")),
  content(
    "test_multiple_content_types",
    text("Multiple content types test:"),
    image,
    embedded("test://mixed-content-resource"),
  ),
  tool("test_error_handling", {}, async () => ({
    ...says("This tool intentionally returns an error for testing"),
    isError: true,
  })),
  tool("test_tool_with_progress", {}, async (_, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
      }
    }
    return says("done");
  }),
  tool("test_tool_with_logging", {}, async (_, { mcpReq }) => {
    for (const line of ["Tool execution started", "Tool processing data", "Tool execution completed"])
      await mcpReq.log("info", line);
    return says("logged");
  }),
  tool("test_logging_tool", {}, async (_, { mcpReq }) => {
    await mcpReq.log("info", "Only for who asked for it");
    return says("logged");
  }),
  tool("test_sampling", { prompt: { type: "string" } }, async ({ prompt }, { mcpReq }) => {
    const { content } = await mcpReq.send({
      method: "sampling/createMessage",
      params: { messages: [{ role: "user", content: { type: "text", text: String(prompt) } }], maxTokens: 100 },
    });
    return says(`LLM response: ${JSON.stringify(content)}`);
  }),
  tool("test_elicitation", { message: { type: "string" } }, async ({ message }, { mcpReq }) => {
    const { action, content } = await elicited(
      mcpReq,
      asks(String(message), { username: { type: "string" }, email: { type: "string" } }),
    );
    return says(`User response: action=${action}, content=${JSON.stringify(content)}`);
  }),
  tool("test_elicitation_sep1034_defaults", {}, async (_, { mcpReq }) => {
    const { action, content } = await elicited(
      mcpReq,
      asks(
        "Defaults",
        {
          name: { type: "string", default: "John Doe" },
          age: { type: "integer", default: 30 },
          score: { type: "number", default: 95.5 },
          status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
          verified: { type: "boolean", default: true },
        },
        [],
      ),
    );
    return says(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
  }),
  tool("test_elicitation_sep1330_enums", {}, async (_, { mcpReq }) => {
    const options = ["option1", "option2", "option3"];
    const titled = [1, 2, 3].map((n) => ({ const: `value${n}`, title: `Option ${n}` }));
    const { action, content } = await elicited(
      mcpReq,
      asks(
        "Enums",
        {
          untitledSingle: { type: "string", enum: options },
          titledSingle: { type: "string", oneOf: titled },
          legacyEnum: {
            type: "string",
            enum: ["opt1", "opt2", "opt3"],
            enumNames: ["Option One", "Option Two", "Option Three"],
          },
          untitledMulti: { type: "array", items: { type: "string", enum: options } },
          titledMulti: { type: "array", items: { anyOf: titled } },
        },
        [],
      ),
    );
    return says(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
  }),
  tool("json_schema_2020_12_tool", {}, async () => says("ok"), {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $defs: {
      address: {
        $anchor: "addressDef",
        type: "object",
        properties: { street: { type: "string" }, city: { type: "string" } },
      },
    },
    properties: {
      name: { type: "string" },
      address: { $ref: "#/$defs/address" },
      contactMethod: { type: "string", enum: ["phone", "email"] },
      phone: { type: "string" },
      email: { type: "string" },
    },
    allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
    if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ["phone"] },
    else: { required: ["email"] },
    additionalProperties: false,
  }),
  tool("test_missing_capability", {}, async () =>
    inputRequired({ inputRequests: { question: sample("Are you there?") } }),
  ),
  tool("test_streaming_elicitation", {}, async (_, context) =>
    answers(context).length > 0
      ? says("done")
      : inputRequired({ inputRequests: { name: elicit("What is your name?", NAME) } }),
  ),
  tool("test_input_required_result_elicitation", {}, async (_, context) =>
    answers(context).includes("user_name")
      ? says(`Hello, ${JSON.stringify(context.mcpReq.inputResponses?.["user_name"])}!`)
      : inputRequired({ inputRequests: { user_name: elicit("What is your name?", NAME) } }),
  ),
  tool("test_input_required_result_sampling", {}, async (_, context) =>
    answers(context).includes("capital_question")
      ? says(JSON.stringify(context.mcpReq.inputResponses?.["capital_question"]))
      : inputRequired({ inputRequests: { capital_question: sample("What is the capital of France?") } }),
  ),
  tool("test_input_required_result_list_roots", {}, async (_, context) =>
    answers(context).includes("client_roots")
      ? says(JSON.stringify(context.mcpReq.inputResponses?.["client_roots"]))
      : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } }),
  ),
  tool("test_input_required_result_request_state", {}, async (_, context) =>
    verified(context) === "confirming"
      ? says("state-ok")
      : inputRequired({ inputRequests: { confirm: elicit("Please confirm", OK) }, requestState: sign("confirming") }),
  ),
  tool("test_input_required_result_tampered_state", {}, async (_, context) =>
    verified(context) === "untampered"
      ? says("state-ok")
      : inputRequired({ inputRequests: { confirm: elicit("Please confirm", OK) }, requestState: sign("untampered") }),
  ),
  tool("test_input_required_result_multiple_inputs", {}, async (_, context) =>
    verified(context) === "several" && answers(context).length === 3
      ? says("all of them")
      : inputRequired({
          inputRequests: {
            user_name: elicit("What is your name?", NAME),
            greeting: sample("Generate a greeting", 50),
            client_roots: inputRequired.listRoots(),
          },
          requestState: sign("several"),
        }),
  ),
  tool("test_input_required_result_multi_round", {}, async (_, context) => {
    switch (verified(context)) {
      case "round 1":
        return inputRequired({
          inputRequests: { color: elicit("Which colour?", { color: { type: "string" } }) },
          requestState: sign("round 2"),
        });
      case "round 2":
        return says("three rounds");
      default:
        return inputRequired({
          inputRequests: { name: elicit("What is your name?", NAME) },
          requestState: sign("round 1"),
        });
    }
  }),
  tool("test_input_required_result_capabilities", {}, async (_, context) => {
    const declared =
      (context.mcpReq.envelope as { readonly [key: string]: object | undefined } | undefined)?.[
        "io.modelcontextprotocol/clientCapabilities"
      ] ?? {};
    return inputRequired({
      inputRequests: {
        ...(!("sampling" in declared) ? {} : { greeting: sample("Generate a greeting", 50) }),
        ...(!("elicitation" in declared) ? {} : { name: elicit("What is your name?", NAME) }),
      },
    });
  }),
];

const fixed = (
  uri: string,
  name: string,
  contents: { readonly mimeType: string; readonly text: string } | { readonly mimeType: string; readonly blob: string },
): Resource => ({
  scope: undefined,
  list: Effect.succeed([{ uri, name, description: `Conformance: ${name}.`, mimeType: contents.mimeType }]),
  read: (asked) => (asked === uri ? Effect.succeed({ contents: [{ uri, ...contents }] }) : undefined),
});

const resources: ReadonlyArray<Resource> = [
  fixed("test://static-text", "static text", {
    mimeType: "text/plain",
    text: "This is the content of the static text resource.",
  }),
  fixed("test://static-binary", "static binary", { mimeType: "image/png", blob: PNG }),
  fixed("test://watched-resource", "watched", { mimeType: "text/plain", text: "Watched." }),
  {
    scope: undefined,
    list: Effect.succeed([]),
    template: {
      name: "template",
      uriTemplate: "test://template/{id}/data",
      description: "Conformance: a template.",
      mimeType: "application/json",
    },
    read: (uri) => {
      const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
      return id === undefined
        ? undefined
        : Effect.succeed({
            contents: [
              {
                uri,
                mimeType: "application/json",
                text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
              },
            ],
          });
    },
  },
];

const prompt = (
  name: string,
  args: ReadonlyArray<string>,
  get: (args: { readonly [name: string]: string }, context: ServerContext) => unknown,
): Prompt => ({
  definition: {
    name,
    description: `Conformance: ${name}.`,
    arguments: args.map((it) => ({ name: it, description: it, required: true })),
  },
  scope: undefined,
  get: (given, context) => Effect.sync(() => get(given, context) as GetPromptResult), // one asks for input
  complete: () => Effect.succeed([]),
});

const message = (...contents: ReadonlyArray<Content>): GetPromptResult => ({
  messages: contents.map((content) => ({ role: "user", content })),
});

const prompts: ReadonlyArray<Prompt> = [
  prompt("test_simple_prompt", [], () => message(text("This is a simple prompt for testing."))),
  prompt("test_prompt_with_arguments", ["arg1", "arg2"], ({ arg1, arg2 }) =>
    message(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  ),
  prompt("test_prompt_with_embedded_resource", ["resourceUri"], ({ resourceUri = "" }) =>
    message(embedded(resourceUri), text("Please process the embedded resource above.")),
  ),
  prompt("test_prompt_with_image", [], () => message(image, text("Please analyze the image above."))),
  prompt("test_input_required_result_prompt", [], (_, context) =>
    answers(context).length > 0
      ? message(text("With your context."))
      : inputRequired({
          inputRequests: {
            user_context: elicit("What context should the prompt use?", { context: { type: "string" } }),
          },
        }),
  ),
];

/** A surface, and what the suite expects besides. */
export const withFixtures = (surface: Surface): Surface => ({
  tools: [...surface.tools, ...tools],
  resources: [...surface.resources, ...resources],
  prompts: [...surface.prompts, ...prompts],
  capabilities: { logging: {} },
});
