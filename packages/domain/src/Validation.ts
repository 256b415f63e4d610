/**
 * Is this JSON value an entity's document? The rules are the descriptor format's own; `docs/descriptor-format.md` tells
 * them, and where and why this catalog decides otherwise.
 */
import * as Either from "effect/Either";
import type { EntityDocument, EntityState, Metadata } from "./Entity.ts";
import { SERVER_FIELDS, SERVER_METADATA } from "./Entity.ts";
import type { Fault } from "./Fault.ts";
import * as checks from "./internal/checks.ts";
import * as Findings from "./internal/findings.ts";
import * as formats from "./internal/formats.ts";
import { inspect } from "./internal/inspection.ts";
import * as kinds from "./internal/kinds.ts";
import * as mistakes from "./internal/mistakes.ts";
import { isObject, type Json, type JsonObject } from "./Json.ts";
import * as Reference from "./Reference.ts";
import { fieldsOf } from "./Relation.ts";

export { MAX_CHARACTERS, MAX_DEPTH, MAX_NODES } from "./internal/inspection.ts";

export interface Validated {
  readonly document: EntityDocument;
  /** `status.state` of a document that was read from a catalog and is written back; undefined: leave it as it is. */
  readonly state: EntityState | undefined;
  /** What is legal and yet probably not meant. */
  readonly warnings: ReadonlyArray<Fault>;
}

/** Left: every fault of the document, at most 100 (the last then says how many more), each with its path. */
export const validate = (input: unknown): Either.Either<Validated, ReadonlyArray<Fault>> => {
  if (!isObject(input)) {
    const message = `is ${Findings.describe(input)}: a descriptor is a mapping with apiVersion, kind, metadata and spec`;
    return Either.left([{ path: "", message }]);
  }
  const stranger = mistakes.notADescriptor(input);
  if (stranger !== undefined) return Either.left([{ path: "", message: stranger }]);

  const report: checks.Report = { faults: Findings.make(), warnings: Findings.make() };
  inspect(input, report.faults);
  const marked = isMarked(input);
  checkRoot(report, input, marked);
  checkMetadata(report, input);
  checkSpec(report, input);
  const state = marked ? stateOf(report, input) : undefined;

  if (report.faults.total > 0) return Either.left(Findings.list(report.faults));
  return Either.right({ document: documentOf(input), state, warnings: Findings.list(report.warnings) });
};

/** True of what a catalog gave out: only there the server's own root fields are no mistake of the author's. */
const isMarked = (input: JsonObject): boolean => {
  const { metadata } = input;
  if (!isObject(metadata)) return false;
  const { uid, revision } = metadata;
  return typeof uid === "string" && uid.startsWith("ent_") && typeof revision === "number";
};

const stateOf = (report: checks.Report, input: JsonObject): EntityState | undefined => {
  const { status } = input;
  const state = isObject(status) ? status["state"] : undefined;
  if (state === undefined || state === "active" || state === "inactive") return state;
  Findings.add(report.faults, "/status/state", `is ${Findings.describe(state)}, and must be active or inactive`);
  return undefined;
};

const ROOT: ReadonlyArray<checks.Rule> = [
  checks.required("apiVersion", formats.apiVersion, "backstage.io/v1alpha1"),
  checks.required("kind", formats.kind, "Component (or API, Resource, System, Domain, Group, User, …)"),
];

const checkRoot = (report: checks.Report, input: JsonObject, marked: boolean): void => {
  for (const key of Object.keys(input)) {
    if (key === "apiVersion" || key === "kind" || key === "metadata" || key === "spec") continue;
    if (marked && SERVER_FIELDS.some((field) => field === key)) continue;
    Findings.add(report.faults, Findings.at("", key), mistakes.misplaced(key));
  }
  checks.members(report, "", input, ROOT);
};

const checkMetadata = (report: checks.Report, input: JsonObject): void => {
  const { metadata } = input;
  if (isObject(metadata)) checks.members(report, "/metadata", metadata, kinds.METADATA);
  else {
    const missing = metadata === undefined ? "is missing: write metadata: and, indented below it, name:" : undefined;
    const message = mistakes.displaced(input, "metadata") ?? missing ?? checks.notMapping(metadata);
    Findings.add(report.faults, "/metadata", message);
  }
};

const checkSpec = (report: checks.Report, input: JsonObject): void => {
  const { apiVersion, kind, spec } = input;
  if (spec !== undefined && !isObject(spec)) {
    Findings.add(report.faults, "/spec", mistakes.displaced(input, "spec") ?? checks.notMapping(spec));
  } else if (typeof kind === "string" && typeof apiVersion === "string") {
    const rules = kinds.rulesOf(kind, spec);
    if (rules !== undefined && kinds.versionsOf(kind).includes(apiVersion))
      checkKnown(report, input, kind, spec, rules);
    else checkForeign(report, input, apiVersion, kind, spec);
  }
};

const checkKnown = (
  report: checks.Report,
  input: JsonObject,
  kind: string,
  spec: JsonObject | undefined,
  rules: ReadonlyArray<checks.Rule>,
): void => {
  if (spec === undefined) {
    const missing = `is missing: a ${kind} needs a spec with ${kinds.needs(rules)}`;
    Findings.add(report.faults, "/spec", mistakes.displaced(input, "spec") ?? missing);
  } else {
    checks.members(report, "/spec", spec, rules);
    checkReferences(report, false, input, kind, spec);
    mistakes.warnAboutSpec(report.warnings, kind, spec);
  }
};

/** A kind without rules, or a known kind's name under an apiVersion that is not the format's: only the envelope counts. */
const checkForeign = (
  report: checks.Report,
  input: JsonObject,
  apiVersion: string,
  kind: string,
  spec: JsonObject | undefined,
): void => {
  const spelling = kinds.spellingOf(kind);
  const known = kinds.versionsOf(spelling ?? kind);
  if (spelling === undefined) {
    Findings.add(report.warnings, "/kind", `${Findings.quote(kind)} has no rules here: only its envelope is checked`);
  } else if (spelling === kind) {
    const message = `is ${Findings.quote(apiVersion)}, and the rules of ${kind} are those of ${known.join(", ")}: only its envelope is checked`;
    Findings.add(report.warnings, "/apiVersion", message);
  } else if (known.includes(apiVersion)) {
    const message = `is ${Findings.quote(kind)}, and kinds are case-sensitive: write ${spelling}`;
    Findings.add(report.faults, "/kind", message);
  }
  if (spec !== undefined) checkReferences(report, true, input, kind, spec);
};

/** References that cannot be read: faults in a kind's own fields; warnings in those of a kind without rules. */
const checkReferences = (
  report: checks.Report,
  foreign: boolean,
  input: JsonObject,
  kind: string,
  spec: JsonObject,
): void => {
  const namespace = isObject(input["metadata"]) ? input["metadata"]["namespace"] : undefined;
  const defaults = typeof namespace === "string" && namespace !== "" ? namespace : Reference.DEFAULT_NAMESPACE;

  const check = (path: string, value: Json, defaultKind: string | undefined): void => {
    if (typeof value !== "string") {
      const message = `makes no relation: a reference is text, and this is ${Findings.describe(value)}`;
      if (foreign) Findings.add(report.warnings, path, message);
      return;
    }
    const parsed = Reference.parse(value, { kind: defaultKind, namespace: defaults });
    if (Either.isLeft(parsed)) {
      const message = checks.isTemplate(value) ? checks.UNRENDERED : parsed.left;
      Findings.add(foreign ? report.warnings : report.faults, path, message);
    } else if (checks.isTemplate(value)) {
      Findings.add(
        report.warnings,
        path,
        "looks like an unrendered template: it is kept as a reference to that very name",
      );
    }
  };

  for (const { field, defaultKind } of fieldsOf(kind)) {
    const value = spec[field];
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) check(`/spec/${field}/${i}`, value[i], defaultKind);
    } else if (value !== undefined) check(`/spec/${field}`, value, defaultKind);
  }
};

/** The document less what the server writes, and with its namespace; to be called on valid input only. */
const documentOf = (input: JsonObject): EntityDocument => {
  const document: { [key: string]: Json } = {};
  for (const key of Object.keys(input)) {
    if (key === "metadata") document[key] = metadataOf(input[key] as Metadata);
    else if (key === "apiVersion" || key === "kind" || key === "spec") document[key] = input[key] as Json;
  }
  // The checks have established the shape that the type states.
  return document as unknown as EntityDocument;
};

const metadataOf = (input: Metadata): Metadata => {
  const metadata: { [key: string]: Json } = {};
  for (const key of Object.keys(input)) {
    if (!SERVER_METADATA.some((field) => field === key)) metadata[key] = input[key] as Json;
    if (key === "name" && input.namespace === undefined) metadata["namespace"] = Reference.DEFAULT_NAMESPACE;
  }
  return metadata as Metadata;
};
