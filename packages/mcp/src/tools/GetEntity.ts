import { EntityListQuery } from "@cadastre/api/Entities";
import { Entity } from "@cadastre/api/Entity";
import { Integer, one, optional, ordinal } from "@cadastre/api/Parameters";
import type { Entities } from "@cadastre/core/Entities";
import { Histories } from "@cadastre/core/Histories";
import { byUid } from "@cadastre/domain/EntityStore";
import { isObject, type JsonObject } from "@cadastre/domain/Json";
import { project } from "@cadastre/domain/Projection";
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
  const { metadata, spec = {}, status, source } = found.entity;
  const rest = Object.entries(spec).flatMap(([key, value]) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? key === "definition"
        ? []
        : [`${key}: ${cut(String(value), 200)}`]
      : isObject(value) || Array.isArray(value)
        ? [`${key}: ${cut(JSON.stringify(value), 200)}`]
        : [],
  );
  return [
    line(found),
    ...(metadata.description === undefined ? [] : [cut(metadata.description, 400)]),
    ...rest,
    ...(metadata.tags === undefined ? [] : [`tags: ${metadata.tags.join(", ")}`]),
    ...relations(found.entity),
    `${status.state} since ${status.since}, revision ${metadata.revision}, updated ${metadata.updatedAt}, from ${source.location ?? source.type}`,
  ];
};

export type Requirements = Entities | Histories;
