/**
 * The known kinds and what their specs may hold. Source: the descriptor format's own schemas (Backstage
 * `catalog-model`, `kinds/*.schema.json`), and for Template the scaffolder's.
 */
import type { JsonObject } from "../Json.ts";
import type { Check, Rule } from "./checks.ts";
import {
  anyText,
  entries,
  list,
  mapping,
  oneOf,
  optional,
  orPlaceholder,
  required,
  text,
  visibleText,
} from "./checks.ts";
import * as Findings from "./findings.ts";
import * as formats from "./formats.ts";

const value = orPlaceholder(text, ["$text", "$json", "$yaml", "$openapi", "$asyncapi", "$graphql"]);

/** A placeholder that stands for a list can only be one for data. */
const orData = (check: Check): Check => orPlaceholder(check, ["$json", "$yaml"]);

const values = orData(list(value));

/** `dependencyOf` is in no schema of the field; its code reads one reference or a list of them. */
const valueOrValues: Check = (report, path, given) => (typeof given === "string" ? value : values)(report, path, given);

const steps = orData(list(orData(mapping([required("action", value, "the name of an action")]))));

const remoteList = list(
  mapping([required("type", text, "streamable-http"), required("url", text, "https://example.com/mcp")]),
);

const remotes: Check = (report, path, given) => {
  if (!Array.isArray(given) || given.length > 0) return remoteList(report, path, given);
  Findings.add(report.faults, path, "is empty: list at least one remote, with type and url");
};

const type = required("type", value, "service (any word your catalog uses)");
const lifecycle = required("lifecycle", value, "production (or experimental, deprecated, …)");
const owner = required("owner", value, "team-a (a group's name, or user:jane)");
const system = optional("system", value);
const dependsOn = optional("dependsOn", values);
const dependencyOf = optional("dependencyOf", valueOrValues);
const profile = optional(
  "profile",
  orData(mapping([optional("displayName", value), optional("email", value), optional("picture", value)])),
);

const SPECS = new Map<string, ReadonlyArray<Rule>>([
  [
    "Component",
    [
      type,
      lifecycle,
      owner,
      system,
      optional("subcomponentOf", value),
      optional("providesApis", values),
      optional("consumesApis", values),
      dependsOn,
      dependencyOf,
    ],
  ],
  ["API", [type, lifecycle, owner, system, required("definition", value, "the API's definition as text")]],
  ["Resource", [type, owner, system, dependsOn, dependencyOf]],
  ["System", [owner, optional("domain", value), optional("type", value)]],
  ["Domain", [owner, optional("subdomainOf", value), optional("type", value)]],
  [
    "Group",
    [
      type,
      required("children", values, "[] (or a list of groups)"),
      optional("parent", value),
      optional("members", values),
      profile,
    ],
  ],
  ["User", [required("memberOf", values, "[] (or a list of groups)"), profile]],
  [
    "Location",
    [
      optional("type", value),
      optional("target", value),
      optional("targets", values),
      optional("presence", oneOf("required", "optional")),
    ],
  ],
  [
    "Template",
    [type, required("steps", steps, "a list of steps"), optional("owner", value), optional("lifecycle", value)],
  ],
]);

/** An API of type mcp-server has remotes in place of a definition. */
const MCP_SERVER: ReadonlyArray<Rule> = [
  type,
  lifecycle,
  owner,
  system,
  required("remotes", remotes, "a list of type and url"),
];

const CORE_VERSIONS = ["backstage.io/v1alpha1", "backstage.io/v1beta1", "cadastre.dev/v1"];
const TEMPLATE_VERSIONS = ["scaffolder.backstage.io/v1beta3", "cadastre.dev/v1"];

export const versionsOf = (kind: string): ReadonlyArray<string> =>
  kind === "Template" ? TEMPLATE_VERSIONS : CORE_VERSIONS;

export const KNOWN: ReadonlyArray<string> = [...SPECS.keys()];

/** Undefined: the kind has no rules here. */
export const rulesOf = (kind: string, spec: JsonObject = {}): ReadonlyArray<Rule> | undefined =>
  kind === "API" && spec["type"] === "mcp-server" && spec["definition"] === undefined ? MCP_SERVER : SPECS.get(kind);

/** The fields that the rules demand, for a message: "type, lifecycle and owner". */
export const needs = (rules: ReadonlyArray<Rule>): string => {
  const fields = rules.filter((rule) => rule.required).map(({ field }) => field);
  return fields.length === 0 ? "nothing" : fields.join(", ");
};

const SPELLINGS = new Map(KNOWN.map((kind) => [kind.toLowerCase(), kind]));

/** The known kind of that name, compared without case, as it is to be spelled. */
export const spellingOf = (kind: string): string | undefined => SPELLINGS.get(kind.toLowerCase());

/** Every field that some kind's spec has: to tell where a key at the root belongs. */
export const SPEC_FIELDS: ReadonlySet<string> = new Set(
  [...SPECS.values(), MCP_SERVER].flatMap((rules) => rules.map(({ field }) => field)),
);

/** Keys of metadata that have a meaning; all others are kept. */
export const METADATA: ReadonlyArray<Rule> = [
  required("name", formats.name, "payments (unique within kind and namespace)"),
  optional("namespace", formats.namespace),
  // The server's own uid is dropped and an etag of another catalog is kept; neither may be nonsense.
  optional("uid", text),
  optional("etag", text),
  optional("title", text),
  optional("description", anyText),
  optional("labels", entries(formats.key, formats.labelValue)),
  optional("annotations", entries(formats.key, anyText)),
  optional("tags", list(formats.tag)),
  optional(
    "links",
    list(
      mapping([
        required("url", formats.url, "https://example.com/docs"),
        optional("title", visibleText),
        optional("icon", visibleText),
        optional("type", text),
      ]),
    ),
  ),
];

export const METADATA_FIELDS: ReadonlySet<string> = new Set(METADATA.map(({ field }) => field));
