/**
 * Mistakes that authors of descriptors really make, and how to mend them.
 */
import { SERVER_FIELDS } from "../Entity.ts";
import { isObject, type JsonObject } from "../Json.ts";
import { fieldsOf } from "../Relation.ts";
import * as Findings from "./findings.ts";
import { KNOWN, METADATA_FIELDS, SPEC_FIELDS } from "./kinds.ts";

/** A file that goes by a descriptor's name and is none; undefined: it may be one. */
export const notADescriptor = (input: JsonObject): string | undefined => {
  if (Object.hasOwn(input, "apiVersion") || Object.hasOwn(input, "kind")) return undefined;
  const guess = GUESSES.find(({ keys }) => keys.every((key) => Object.hasOwn(input, key)));
  const looks = guess === undefined ? "" : ` (it looks like ${guess.name})`;
  return `is no catalog descriptor${looks}: it has neither apiVersion nor kind; leave the file out, or begin it with apiVersion: backstage.io/v1alpha1 and kind: Component`;
};

const GUESSES = [
  { name: "a GitHub workflow", keys: ["on", "jobs"] },
  { name: "a GitHub action", keys: ["runs", "inputs"] },
  { name: "a GitLab pipeline", keys: ["stages"] },
  { name: "a GitLab CI/CD component", keys: ["spec"] },
  { name: "an OpenAPI document", keys: ["openapi"] },
  { name: "an OpenAPI document", keys: ["swagger"] },
  { name: "an AsyncAPI document", keys: ["asyncapi"] },
  { name: "a Compose file", keys: ["services"] },
  { name: "a package manifest", keys: ["name", "version"] },
];

/** Why a key may not stand at the root, and where it belongs. */
export const misplaced = (key: string): string => {
  if (SERVER_FIELDS.some((field) => field === key)) {
    return `is written by the catalog itself (relations are derived from the spec): leave ${key} out`;
  }
  const parent = METADATA_FIELDS.has(key) ? "metadata" : SPEC_FIELDS.has(key) ? "spec" : undefined;
  return parent === undefined
    ? "is no field of a descriptor: the root has apiVersion, kind, metadata and spec; further data may stand below metadata or spec"
    : `stands at the root and belongs below ${parent}: indent it`;
};

/** Where `metadata` or `spec` is missing or null and its keys stand elsewhere: what happened. */
export const displaced = (input: JsonObject, parent: "metadata" | "spec"): string | undefined => {
  const fields = parent === "metadata" ? METADATA_FIELDS : SPEC_FIELDS;
  const found = Object.keys(input).filter((key) => fields.has(key));
  const state = input[parent] === undefined ? "is missing" : "is empty";
  if (found.length > 0)
    return `${state}, and its keys stand at the root (${found.join(", ")}): indent them below ${parent}:`;
  const { metadata } = input;
  if (parent === "spec" && isObject(metadata) && isObject(metadata["spec"])) {
    return `${state}, and stands below metadata: move spec out to the root`;
  }
  return undefined;
};

/** Legal fields of a known kind's spec that are probably not meant as they stand. */
export const warnAboutSpec = (warnings: Findings.Findings, kind: string, spec: JsonObject): void => {
  const relations = RELATIONS.get(kind);
  if (relations === undefined) return;
  for (const key of Object.keys(spec)) {
    const meant = relations.get(normal(key));
    if (meant === key) continue;
    if (meant !== undefined) {
      Findings.add(warnings, Findings.at("/spec", key), `is kept, and makes no relation: is ${meant} meant?`);
    } else if (RELATION_FIELDS.has(key)) {
      const message = `is kept, and makes no relation: a ${kind} has them by ${[...relations.values()].join(", ") || "no field"}`;
      Findings.add(warnings, Findings.at("/spec", key), message);
    }
  }
};

/** `consumesApi`, `dependson`: fields as authors misspell them. */
const normal = (field: string): string => field.toLowerCase().replace(/s$/, "");

/** Known kind → its fields that make relations, by their normal form. */
const RELATIONS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  KNOWN.map((kind) => [kind, new Map(fieldsOf(kind).map(({ field }) => [normal(field), field]))]),
);

const RELATION_FIELDS = new Set([...RELATIONS.values()].flatMap((fields) => [...fields.values()]));
