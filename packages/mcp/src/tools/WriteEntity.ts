/**
 * The tools that write: apply, patch and delete.
 */
import { MergePatch } from "@cadastre/api/Entity";
import { Integer } from "@cadastre/api/Parameters";
import { Entities, type Written } from "@cadastre/core/Entities";
import { Fault } from "@cadastre/domain/Fault";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Descriptors from "../internal/descriptors.ts";
import { document, exact, force, ifRevision } from "../internal/inputs.ts";
import { foundOf, type Lookup } from "../internal/lookup.ts";
import { type Answer, type Tool, writing } from "../Tool.ts";

const Output = Schema.Struct({
  reference: Schema.String,
  action: Schema.Literal("created", "updated", "unchanged"),
  revision: Integer,
  warnings: Schema.Array(Fault),
});

const overrideSource = force("Write even if a managed source keeps the entity.");

export const apply: Effect.Effect<Tool, never, Entities> = Effect.map(Entities, (entities) =>
  writing({
    name: "apply_entity",
    title: "Create or replace an entity",
    description:
      "Registers a descriptor, or replaces the whole entity of the same reference. To change some fields of an entity use patch_entity: what the document leaves out is gone. The same document again changes nothing.",
    toolset: "write",
    scope: "catalog:write",
    destructive: true,
    input: Schema.typeSchema(Schema.Struct({ document, ifRevision, force: overrideSource })),
    output: Output,
    run: Effect.fnUntraced(function* ({ document, ifRevision, force }) {
      const { content, reference } = yield* Descriptors.single(document);
      return written(yield* entities.put({ _tag: "Reference", reference }, content, { ifMatch: ifRevision, force }));
    }),
  }),
);

export const patch = (lookup: Lookup): Effect.Effect<Tool, never, Entities> =>
  Effect.map(Entities, (entities) =>
    writing({
      name: "patch_entity",
      title: "Change fields of an entity",
      description:
        "Changes the given fields and leaves the others. Lists are replaced whole: read them first. Also retires an entity and revives it.",
      toolset: "write",
      scope: "catalog:write",
      destructive: true,
      input: Schema.typeSchema(
        Schema.Struct({ reference: exact, patch: MergePatch, ifRevision, force: overrideSource }),
      ),
      output: Output,
      run: Effect.fnUntraced(function* ({ reference, patch, ifRevision, force }) {
        const selector = yield* lookup.exact(reference);
        return written(yield* entities.patch(selector, patch, { ifMatch: ifRevision, force }));
      }),
    }),
  );

export const remove = (lookup: Lookup): Effect.Effect<Tool, never, Entities> =>
  Effect.map(Entities, (entities) =>
    writing({
      name: "delete_entity",
      title: "Delete an entity for good",
      description:
        'Deletes an entity for good; refused while active entities depend on it. To retire it and keep the record use patch_entity with {"status":{"state":"inactive"}}.',
      toolset: "write",
      scope: "catalog:write",
      destructive: true,
      input: Schema.typeSchema(
        Schema.Struct({
          reference: exact,
          ifRevision,
          force: force("Delete even if others depend on it or a managed source keeps it."),
        }),
      ),
      output: Schema.Struct({ reference: Schema.String, deleted: Schema.Boolean }),
      run: Effect.fnUntraced(function* ({ reference, ifRevision, force }) {
        yield* entities.remove(yield* lookup.exact(reference), { ifMatch: ifRevision, force });
        return { structured: { reference, deleted: true }, text: `Deleted ${reference}.` };
      }),
    }),
  );

const written = ({ entity, action, warnings }: Written): Answer<typeof Output.Type> => {
  const { key } = foundOf(entity);
  return {
    structured: { reference: key, action, revision: entity.revision, warnings },
    text: [
      `${key}: ${action}, now at revision ${entity.revision}.`,
      ...warnings.map(({ path, message }) => `- doubtful: ${path}: ${message}`),
    ].join("\n"),
  };
};
