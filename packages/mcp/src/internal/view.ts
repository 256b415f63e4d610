/**
 * Entities and changes in few words.
 */
import { specText } from "@cadastre/domain/Entity";
import type { ChangeEvent, PatchOperation } from "@cadastre/domain/Event";
import { isObject, type Json, type JsonObject } from "@cadastre/domain/Json";
import * as Relation from "@cadastre/domain/Relation";
import { bytesOf } from "./budget.ts";
import type { Found, Read } from "./lookup.ts";

/** Characters of a description in a list. */
const MAX_DESCRIPTION = 120;

export const cut = (text: string, length: number): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
};

/** What a list tells of an entity. */
export const summary = ({ key, entity }: Found) => {
  const { title, description, tags } = entity.metadata;
  return {
    reference: key,
    ...given("title", title),
    ...given("description", description === undefined ? undefined : cut(description, MAX_DESCRIPTION)),
    ...given("type", specText(entity, "type")),
    ...given("lifecycle", specText(entity, "lifecycle")),
    ...given("owner", Relation.ownerOf(entity)),
    ...given("system", specText(entity, "system")),
    ...given("tags", tags),
    ...(entity.status.state === "inactive" ? { state: entity.status.state } : {}),
  };
};

const given = <K extends string, A>(key: K, value: A | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: A };

/** `component:default/payments "Payments" (service, production, group:default/checkout)` */
export const line = (found: Found): string => {
  const { reference, title, type, lifecycle, owner, state } = summary(found);
  const facts = [state, type, lifecycle, owner].filter((fact) => fact !== undefined);
  return `${reference}${title === undefined ? "" : ` "${cut(title, 60)}"`}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
};

/** References by relation: `dependsOn: resource:default/db, component:default/search`. */
export const relations = ({ relations = [] }: Read, limit = 15): ReadonlyArray<string> => {
  const groups = new Map<string, Array<string>>();
  for (const { type, targetRef, dangling } of relations) {
    groups.set(type, [...(groups.get(type) ?? []), dangling ? `${targetRef} (not registered)` : targetRef]);
  }
  return [...groups].map(([type, targets]) => `${type}: ${some(targets, limit)}`);
};

export const some = (items: ReadonlyArray<string>, limit: number): string =>
  items.length <= limit ? items.join(", ") : `${items.slice(0, limit).join(", ")} and ${items.length - limit} more`;

/** `2026-01-31T12:00:00.000Z token:ci (rest) updated: replace /spec/owner = "group:b"` */
export const change = (
  { at, actor, via, type, patch }: Pick<ChangeEvent, "at" | "actor" | "via" | "type" | "patch">,
  subject: string,
): string => {
  const operations = patch.map(operation);
  return `${new Date(at).toISOString()} ${actor} (${via}) ${type.replace("entity.", "")} ${subject}${operations.length === 0 ? "" : `: ${some(operations, 4)}`}`;
};

const operation = ({ op, path, value }: PatchOperation): string =>
  value === undefined ? `${op} ${path}` : `${op} ${path} = ${cut(JSON.stringify(value), 60)}`;

export const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** A change on the wire, less what no model needs, long values cut. */
export const shortened = ({ requestId: _, traceparent: __, ...change }: JsonObject): JsonObject => {
  const { patch } = change;
  return {
    ...change,
    patch: Array.isArray(patch)
      ? patch.map((operation: Json) =>
          isObject(operation) && operation["value"] !== undefined
            ? { ...operation, value: shortValue(operation["value"]) }
            : operation,
        )
      : [],
  };
};

/** Bytes of a value that is told in full. */
const MAX_VALUE = 500;

const shortValue = (value: Json): Json =>
  bytesOf(value) <= MAX_VALUE ? value : `(${bytesOf(value)} bytes: get_entity has it)`;
