/**
 * What expressions may name, and the parser and type checker that know it.
 */
import type { ExpressionEnvironment } from "@cadastre/domain/Expressions";
import { Environment } from "@marcbachmann/cel-js";

/**
 * `namespace` is a reserved word of CEL, so the parser refuses it; the catalog's users want it all the same. It is read
 * under this name of the same length, so that positions stay what they are.
 */
export const NAMESPACE_ALIAS = "namespac_";

/** Fields that an envelope has at its root; nothing else can stand there. */
const ENTITY = {
  apiVersion: "string",
  kind: "string",
  metadata: "map<string, dyn>",
  spec: "dyn",
  relations: "list<map<string, dyn>>",
  status: "map<string, dyn>",
  source: "map<string, dyn>",
};

const EVENT = {
  id: "string",
  type: "string",
  uid: "string",
  reference: "string",
  revision: "dyn",
  at: "string",
  actor: "string",
  via: "string",
  requestId: "string",
  patch: "list<map<string, dyn>>",
};

/** Variable → its fields, where only certain ones can be. */
export const FIELDS: { readonly [variable: string]: ReadonlyArray<string> } = {
  entity: Object.keys(ENTITY),
  event: Object.keys(EVENT),
};

const SHORTHANDS = ["kind", "namespace", "name", "owner", "tags", "labels", "annotations"];

/** Names of types, which are values too: `type(x) == string`. */
export const TYPES: ReadonlySet<string> = new Set([
  "bool",
  "int",
  "double",
  "string",
  "list",
  "map",
  "null_type",
  "type",
]);

export interface Language {
  readonly variables: ReadonlyArray<string>;
  readonly library: Environment;
}

/** Bounds of what is parsed, beside its length. */
export const LIMITS = {
  maxAstNodes: 400,
  maxDepth: 24,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 8,
};

const unused = (): never => {
  throw new Error("declared for the type checker alone");
};

/** Types and limits over which variables are declared. Handlers are never called: evaluation is our own. */
export const baseLibrary = (): Environment =>
  new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits: LIMITS })
    .registerFunction("string(google.protobuf.Timestamp): string", unused)
    .registerFunction("string(google.protobuf.Duration): string", unused)
    .registerFunction("int(google.protobuf.Timestamp): int", unused)
    .registerFunction("timestamp(google.protobuf.Timestamp): google.protobuf.Timestamp", unused)
    .registerFunction("duration(google.protobuf.Duration): google.protobuf.Duration", unused)
    .registerFunction("duration(int): google.protobuf.Duration", unused)
    .registerFunction("matches(string, string): bool", unused)
    .registerFunction("string.charAt(int): string", unused)
    .registerFunction("string.replace(string, string): string", unused);

const filterLibrary = (): Environment =>
  baseLibrary()
    .registerVariable("entity", { schema: ENTITY })
    .registerVariable("kind", "string")
    .registerVariable(NAMESPACE_ALIAS, "string")
    .registerVariable("name", "string")
    .registerVariable("owner", "string")
    .registerVariable("tags", "list<string>")
    .registerVariable("labels", "map<string, string>")
    .registerVariable("annotations", "map<string, string>");

export const languages: { readonly [Environment in ExpressionEnvironment]: Language } = {
  filter: { variables: ["entity", ...SHORTHANDS], library: filterLibrary() },
  subscription: {
    variables: ["entity", ...SHORTHANDS, "event"],
    library: filterLibrary().registerVariable("event", { schema: EVENT }),
  },
};
