/**
 * Requests of every kind that the OpenAPI document describes, and what can become of them on the way.
 */
import { readFileSync } from "node:fs";
import type { Random } from "../Random.ts";
import { CHANGES, type Context, type Draft, encode, garbled, line, serialized } from "./Changes.ts";
import { chance, mutated, pick, type Schema, type Schemas, text, valueOf } from "./Values.ts";

export type { Context };

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: Schema;
  readonly example?: unknown;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: ReadonlyArray<Parameter>;
  readonly content: ReadonlyArray<readonly [type: string, schema: Schema]>;
}

export interface Made {
  readonly bytes: Buffer;
  /** The request is one, so it has to be answered, and with a document if it is refused. */
  readonly isWhole: boolean;
}

const document: {
  readonly paths: {
    readonly [path: string]: {
      readonly [method: string]: {
        readonly parameters?: ReadonlyArray<Parameter>;
        readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: Schema } } };
      };
    };
  };
  readonly components: { readonly schemas: Schemas };
} = JSON.parse(readFileSync(new URL("../../../api/openapi.json", import.meta.url), "utf8"));

const { schemas } = document.components;

const OPERATIONS: ReadonlyArray<Operation> = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, { parameters = [], requestBody }]) => ({
    method: method.toUpperCase(),
    path,
    parameters,
    content: Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => [type, schema] as const),
  })),
);

export const make = (context: Context): Made => {
  const { random } = context;
  const draft = chance(random, 10) ? ofTool(context) : ofOperation(context, pick(random, OPERATIONS));
  for (let left = random.below(4); left > 0; left--) pick(random, CHANGES)(context, draft);
  const bytes = serialized(draft);
  if (chance(random, 20)) {
    return {
      bytes: garbled(random, chance(random, 20) ? Buffer.concat([bytes, make(context).bytes]) : bytes),
      isWhole: false,
    };
  }
  // Of one with a header of megabytes the connection ends while it is still being sent.
  return { bytes, isWhole: draft.isWhole && bytes.indexOf("\r\n\r\n") < MAX_HEADER };
};

/** Bytes that the server reads of a header. */
const MAX_HEADER = 16 * 1024;

const ofOperation = (context: Context, { method, path, parameters, content }: Operation): Draft => {
  const { random, tokens } = context;
  const named = entity(random);
  const told = ({ name, schema, example }: Parameter): string => {
    if (name === "uid" || name === "id" || name === "message" || name === "cursor") {
      const prefix =
        name === "uid"
          ? "ent"
          : name === "message"
            ? "msg"
            : name === "cursor"
              ? "cur"
              : path.includes("jobs")
                ? "job"
                : path.includes("tokens")
                  ? "tok"
                  : "sub";
      const ids = context.known.get(prefix) ?? [];
      if (ids.length > 0 && chance(random, 85)) return pick(random, ids);
    }
    if (path.includes("by-ref") && chance(random, 85)) {
      if (name === "kind") return named.kind;
      if (name === "name") return named.metadata.name;
      if (name === "namespace") return named.metadata.namespace ?? "default";
    }
    if (chance(random, 60)) return String(example);
    return chance(random, 60) ? String(valueOf(random, schemas, schema)) : text(random);
  };
  const query = parameters
    .filter((it) => it.in === "query" && (it.required === true || chance(random, 25)))
    .map((it) => `${it.name}=${encode(told(it))}`);
  const headers: Array<readonly [string, string]> = [
    ["Host", "127.0.0.1"],
    ["Connection", "close"],
    ["Authorization", `Bearer ${chance(random, 90) ? tokens[0] : pick(random, tokens)}`],
  ];
  for (const it of parameters) {
    if (it.in === "header" && chance(random, 40)) headers.push([it.name, line(told(it))]);
  }
  const draft: Draft = {
    method,
    target:
      path.replace(/\{(\w+)\}/g, (_, name) => {
        const parameter = parameters.find((it) => it.name === name);
        return encode(parameter === undefined ? "" : told(parameter));
      }) + (query.length === 0 ? "" : `?${query.join("&")}`),
    headers,
    value: undefined,
    body: undefined,
    isWhole: true,
  };
  if (content.length > 0) {
    const [type, schema] = pick(random, content);
    headers.push(["Content-Type", type]);
    if (path.endsWith("/batch")) {
      draft.body = batch(random, type);
    } else {
      draft.value =
        path.startsWith("/v1/entities") && chance(random, 70)
          ? named
          : adapted(context, valueOf(random, schemas, schema));
    }
  }
  return draft;
};

const REVISION = "2026-07-28";

const TOOLS = [
  ...["search_catalog", "get_entity", "get_graph", "get_owner", "get_history", "list_changes", "get_facets"],
  ...["describe_model", "validate_entity", "apply_entity", "patch_entity", "delete_entity", "whoami", "no_such_tool"],
];

const ARGUMENTS = [
  "reference",
  "query",
  "filter",
  "kind",
  "fields",
  "limit",
  "cursor",
  "document",
  "patch",
  "depth",
  "direction",
  "by",
  "to",
];

/** The one door that the document does not describe. */
const ofTool = ({ random, tokens }: Context): Draft => {
  const name = pick(random, TOOLS);
  const method = chance(random, 80)
    ? "tools/call"
    : pick(random, [
        "tools/list",
        "server/discover",
        "resources/read",
        "resources/list",
        "prompts/get",
        "completion/complete",
        "initialize",
        "nothing",
      ]);
  const args = Object.fromEntries(
    ARGUMENTS.filter(() => chance(random, 25)).map((key) => [key, key === "document" ? entity(random) : text(random)]),
  );
  return {
    method: "POST",
    target: "/mcp",
    headers: [
      ["Host", "127.0.0.1"],
      ["Connection", "close"],
      ["Authorization", `Bearer ${tokens[0]}`],
      ["Content-Type", "application/json"],
      ["Accept", "application/json, text/event-stream"],
      ["Mcp-Protocol-Version", REVISION],
      ["Mcp-Method", method],
      ...(method === "tools/call" ? [["Mcp-Name", name] as const] : []),
    ],
    value: {
      jsonrpc: "2.0",
      id: random.below(1000),
      method,
      params: {
        name,
        arguments: args,
        uri: "cadastre://entity/component/default/payments",
        _meta: {
          "io.modelcontextprotocol/protocolVersion": REVISION,
          "io.modelcontextprotocol/clientCapabilities": {},
          "io.modelcontextprotocol/clientInfo": { name: "fuzz", version: "1" },
        },
      },
    },
    body: undefined,
    isWhole: true,
  };
};

const entity = (random: Random) => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: pick(random, ["Component", "API", "Resource", "System", "Group", "Thing"]),
  metadata: {
    name: `fuzz-${random.below(40)}`,
    ...(chance(random, 30) ? { namespace: pick(random, ["default", "other"]) } : {}),
    ...(chance(random, 30) ? { tags: ["java"], labels: { tier: "1" }, annotations: { "a/b": "c" } } : {}),
  },
  spec: {
    ...{ type: "service", lifecycle: "production", owner: "team-a", definition: "x", children: [], profile: {} },
    ...(chance(random, 50) ? { dependsOn: [`component:fuzz-${random.below(40)}`], system: "shop" } : {}),
    ...(chance(random, 20) ? { note: text(random) } : {}),
  },
});

const batch = (random: Random, type: string): Buffer => {
  const documents = Array.from({ length: random.below(6) }, () =>
    chance(random, 25) ? mutated(random, entity(random)) : entity(random),
  );
  if (type === "application/json") return Buffer.from(JSON.stringify(documents));
  if (type === "application/x-ndjson") return Buffer.from(documents.map((it) => `${JSON.stringify(it)}\n`).join(""));
  return Buffer.from(
    chance(random, 30) ? pick(random, YAML) : documents.map((it) => `---\n${JSON.stringify(it, null, 2)}\n`).join(""),
  );
};

const YAML = [
  "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
  "? [complex, key]\n: value\n",
  "%YAML 9.9\n---\nkind: !!binary AAAA\n",
  "kind: Component\nmetadata:\n\tname: tab\n",
  "- - - - - - - - - -\n",
  "kind: |\n  text\n...\nmore\n",
  `${"  ".repeat(500)}a: 1\n`,
  "!!js/function 'x'\n",
];

/** Subscriptions have few names, and no callback leaves this machine. */
const adapted = ({ random, receiver }: Context, value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replace(/https?:\/\/[^"\s\\]*/g, receiver)
      .replace(/"name":"(deploys|payments|a)"/g, `"name":"fuzz-${random.below(3)}"`),
  );
