/**
 * Entities for people: one in full, many in a table.
 */
import type { Json, JsonObject } from "@cadastre/domain/Json";
import { isObject } from "@cadastre/domain/Json";
import * as Relation from "@cadastre/domain/Relation";
import type { Entity } from "./Client.ts";
import { columns, pad, printable, wrap } from "./internal/text.ts";
import type { Style } from "./Output.ts";

/** Lines of a long text in a spec that are shown. */
const SHOWN_LINES = 6;

export const HEAD = ["REFERENCE", "TYPE", "OWNER", "TITLE"];

/** The shortest spelling that the commands understand: the namespace `default` is left out. */
const shortReference = ({ kind, metadata: { namespace, name } }: Entity): string =>
  short(`${kind.toLowerCase()}:${namespace}/${name}`);

export const short = (reference: string): string => reference.replace(/^([^:/]*:)default\//, "$1");

export const row = (entity: Entity): ReadonlyArray<string> => [
  shortReference(entity) + (entity.status.state === "inactive" ? " (inactive)" : ""),
  text(entity.spec?.["type"]),
  entity.relations
    ?.find(({ type }) => type === "ownedBy")
    ?.targetRef.replace(/^group:/, "")
    .replace(/(^|:)default\//, "$1") ?? "",
  text(entity.metadata.title) || text(entity.metadata.description),
];

/** Everything there is to say of one entity, at most `width` columns wide where the words allow it. */
export const view = (entity: Entity, style: Style, width: number): string => {
  const { metadata, status, source } = entity;
  const facts: Array<readonly [string, string]> = [];
  const fact = (label: string, value: Json | undefined) => {
    const shown = Array.isArray(value) ? value.map(text).join(", ") : text(value);
    if (shown !== "") facts.push([label, shown]);
  };
  fact("kind", entity.kind);
  for (const [field, value] of Object.entries(entity.spec ?? {})) {
    if (isShort(value) && !RELATED.has(field)) fact(field, value);
  }
  fact("state", `${status.state} since ${status.since}`);
  fact("tags", metadata.tags);
  for (const [key, value] of Object.entries(metadata.labels ?? {})) fact("label", `${key}=${value}`);
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) fact("annotation", `${key}: ${value}`);
  for (const link of links(metadata["links"])) fact("link", link);
  fact("source", source.location === undefined ? source.type : `${source.type}, ${source.location}`);
  fact("revision", `${metadata.revision}, updated ${metadata.updatedAt}, created ${metadata.createdAt}`);
  fact("uid", metadata.uid);

  const relations = (entity.relations ?? []).map(
    ({ type, targetRef, dangling }) =>
      [type, `${printable(targetRef)}${dangling ? style.yellow(" (not registered)") : ""}`] as const,
  );
  const long = Object.entries(entity.spec ?? {}).filter(([field, value]) => !isShort(value) && !RELATED.has(field));

  return [
    [
      style.bold(printable(`${entity.kind.toLowerCase()}:${metadata.namespace}/${metadata.name}`)),
      ...[metadata.title, metadata.description].flatMap((line) =>
        typeof line === "string" ? [wrap(printable(line), width)] : [],
      ),
    ].join("\n"),
    list(facts, style, width),
    ...(relations.length === 0 ? [] : [`${style.bold("Relations")}\n${list(relations, style, width)}`]),
    ...long.map(([field, value]) => `${style.bold(printable(field))}\n${excerpt(value)}`),
  ].join("\n\n");
};

/** Spec fields that the relations show already. */
const RELATED = new Set(
  ["Component", "API", "Resource", "System", "Domain", "Group", "User", "Template"].flatMap((kind) =>
    Relation.fieldsOf(kind).map(({ field }) => field),
  ),
);

const text = (value: Json | undefined): string =>
  value === undefined || value === null
    ? ""
    : printable(typeof value === "string" ? value.trim() : JSON.stringify(value));

const isShort = (value: Json): boolean =>
  typeof value === "string"
    ? value.length <= 200 && !value.trim().includes("\n")
    : !isObject(value) && (!Array.isArray(value) || value.every((item) => !isObject(item)));

const links = (value: Json | undefined): ReadonlyArray<string> =>
  Array.isArray(value)
    ? value
        .filter(isObject)
        .map((link: JsonObject) => [text(link["title"]), text(link["url"])].filter((part) => part !== "").join("  "))
    : [];

const list = (entries: ReadonlyArray<readonly [string, string]>, style: Style, width: number): string => {
  const left = Math.max(...entries.map(([label]) => columns(label)));
  const indent = " ".repeat(left + 4);
  let last = "";
  return entries
    .map(([label, value]) => {
      const shown = label === last ? "" : label;
      last = label;
      return `  ${style.dim(pad(printable(shown), left))}  ${wrap(value, width, indent)}`;
    })
    .join("\n");
};

const excerpt = (value: Json): string => {
  const lines = (typeof value === "string" ? value.trimEnd() : JSON.stringify(value, undefined, 2)).split("\n");
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `  ${printable(line.replaceAll("\t", "  "))}`);
  const hidden = lines.length - SHOWN_LINES;
  return [...shown, ...(hidden > 0 ? [`  … ${hidden} more lines: -o yaml shows all`] : [])].join("\n");
};
