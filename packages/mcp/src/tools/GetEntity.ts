import { EntityListQuery } from "@cadastre/api/Entities";
import { Entity } from "@cadastre/api/Entity";
import { Integer, one, optional, ordinal } from "@cadastre/api/Parameters";
import { Histories } from "@cadastre/core/Histories";
import { byUid } from "@cadastre/domain/EntityStore";
import type { JsonObject } from "@cadastre/domain/Json";
import { project } from "@cadastre/domain/Projection";
import { fieldsOf } from "@cadastre/domain/Relation";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { ASKED_BUDGET, abridged, bytesOf, type Omission } from "../internal/budget.ts";
import { loose } from "../internal/inputs.ts";
import { type Found, foundOf, type Lookup } from "../internal/lookup.ts";
import { cut, line, relations } from "../internal/view.ts";
import { reading, type Tool, uriOf } from "../Tool.ts";

const Input = Schema.typeSchema(
  Schema.Struct({
    reference: loose,
    fields: EntityListQuery.fields.fields,
    revision: one(ordinal(1), { description: "As this earlier revision left it.", example: 1 }),
  }),
);

const Output = Schema.Struct({
  entity: Schema.partial(Schema.typeSchema(Entity)),
  omitted: optional(Schema.Array(Schema.Struct({ path: Schema.String, bytes: Integer }))),
});

export const tool = (lookup: Lookup): Effect.Effect<Tool, never, Histories> =>
  Effect.map(Histories, (histories) =>
    reading({
      name: "get_entity",
      title: "Read an entity",
      description:
        "Everything known of one entity: what it is, its owner, links, spec and relations. Long texts such as API definitions are left out and listed in `omitted`; name them in `fields` to get them.",
      toolset: "search",
      scope: "catalog:read",
      input: Input,
      output: Output,
      run: Effect.fnUntraced(function* ({ reference, fields, revision }) {
        const latest = yield* lookup.find(reference);
        const found =
          revision === undefined ? latest : foundOf(yield* histories.revision(byUid(latest.text.uid), revision));
        const { entity, omitted } =
          fields === undefined ? abridged(found.entity as unknown as JsonObject) : chosen(found, fields);
        return {
          structured: { entity, ...(omitted.length === 0 ? {} : { omitted }) },
          text: [
            ...(fields === undefined ? overview(found) : [`${found.key}\n${JSON.stringify(entity)}`]),
            ...(omitted.length === 0 ? [] : [leftOut(found, omitted, fields !== undefined)]),
          ].join("\n"),
          links: omitted.length === 0 ? undefined : [found.key],
        };
      }),
    }),
  );

const chosen = (found: Found, fields: ReadonlyArray<string>) => {
  const entity: JsonObject = JSON.parse(project(found.text.json, fields));
  const bytes = bytesOf(entity);
  return bytes <= ASKED_BUDGET
    ? { entity, omitted: [] }
    : {
        entity: {},
        omitted: fields.map((path) => ({ path, bytes: bytesOf(JSON.parse(project(found.text.json, [path]))) })),
      };
};

const leftOut = ({ key }: Found, omitted: ReadonlyArray<Omission>, wasAsked: boolean): string => {
  const names = omitted.map(({ path, bytes }) => `${path} (${bytes} bytes)`).join(", ");
  return wasAsked
    ? `Left out, as it is more than ${ASKED_BUDGET} bytes: ${names}. Ask for fewer fields, or read the resource ${uriOf(key)}.`
    : `Left out for length: ${names}. get_entity with fields gives them.`;
};

const overview = (found: Found): ReadonlyArray<string> => {
  const { kind, metadata, spec = {}, status, source } = found.entity;
  // What the first line and the relations tell is not told again.
  const told = new Set(["type", "lifecycle", "definition", ...fieldsOf(kind).map(({ field }) => field)]);
  return [
    line(found),
    ...(metadata.description === undefined ? [] : [cut(metadata.description, 400)]),
    ...Object.entries(spec).flatMap(([key, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return told.has(key) || text === "[]" ? [] : [`${key}: ${cut(text, 200)}`];
    }),
    ...(metadata.tags === undefined ? [] : [`tags: ${metadata.tags.join(", ")}`]),
    ...relations(found.entity),
    `${status.state} since ${status.since}, revision ${metadata.revision}, updated ${metadata.updatedAt}, from ${source.location ?? source.type}`,
  ];
};
