/**
 * The endpoints of single entities and their list.
 */
import { DEFAULT_LIMIT, MAX_LIMIT, type SortField, type SortOrder } from "@cadastre/domain/EntityQuery";
import {
  AlreadyExists,
  HasDependencies,
  InvalidInput,
  ManagedElsewhere,
  NotFound,
  PayloadTooLarge,
  PermissionDenied,
  RevisionConflict,
  StoreUnavailable,
} from "@cadastre/domain/Errors";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { conditions } from "./Conditions.ts";
import { Entity, EntityInput, EntityPage, MergePatch } from "./Entity.ts";
import { byUid, flag, force, integer, many, one, ordinal, Preconditions, text, word } from "./Parameters.ts";
import { wire } from "./Problem.ts";

/** Fields with an order that has two directions. */
const sortFields = ["name", "kind", "namespace", "title", "owner", "createdAt", "updatedAt"] as const satisfies Array<
  Exclude<SortField, "relevance">
>;

const descending = sortFields.map((field) => `-${field}` as const);

/** What a list takes. Conditions of different parameters must all hold. */
export const EntityListQuery = Schema.Struct({
  ...conditions,
  orderBy: one(word("relevance", ...sortFields, ...descending), {
    description:
      "The order, with `-` for descending; entities without a value come last. Where absent, `relevance` with `q` and `name` without; `relevance`, best first, needs `q`.",
    example: "-updatedAt",
  }),
  limit: one(integer(1, MAX_LIMIT, DEFAULT_LIMIT), { description: "Entities of one page.", example: 100 }),
  cursor: one(Schema.String, {
    description: "`nextCursor` of the page before, unchanged, with the same `orderBy`.",
    example: "WyJuYW1lIixmYWxzZSwicGF5bWVudHMiLCJlbnRfMDE5MzZiMmUtN2MxYS03Y2MwLTlkNWUtM2YxZjZhMGMxYjJkIl0",
  }),
  fields: many(text(400), {
    description:
      "Only these fields of each entity, as dotted paths. Where a key has dots itself, the rest of the path is taken as one key.",
    example: "metadata.name",
  }),
  explain: one(flag, { description: "Tell how `filter` was dealt with.", example: true }),
});

const atRevision = Schema.Struct({
  revision: one(ordinal(1), {
    description: "The entity as this revision left it, without relations; the latest, with them, where absent.",
    example: 1,
  }),
});

const byReference = Schema.Struct({
  kind: text(63).annotations({ examples: ["component"] }),
  namespace: text(63).annotations({ examples: ["default"] }),
  name: text(253).annotations({ examples: ["payments"] }),
});

const created = Entity.annotations(HttpApiSchema.annotations({ status: 201, identifier: "Entity" }));

const patchBody = Schema.Union(
  MergePatch.pipe(HttpApiSchema.withEncoding({ kind: "Json", contentType: "application/merge-patch+json" })),
  MergePatch.pipe(HttpApiSchema.withEncoding({ kind: "Json", contentType: "application/json" })),
);

const overrideSource = Schema.Struct(force("Write even if a managed source keeps the entity."));

const overrideAll = Schema.Struct(force("Delete even if active entities depend on it or a managed source keeps it."));

const list = HttpApiEndpoint.get("list", "/v1/entities")
  .setUrlParams(EntityListQuery)
  .addSuccess(EntityPage)
  .annotateContext(
    operation(
      "catalog:read",
      "List entities",
      "Paged by key, not by offset: pages stay stable while others write. Where `filter` has to be evaluated, at most 20,000 entities are, or for 250 ms: the page may then be short, even empty, and `nextCursor` goes on.",
    ),
  );

const create = HttpApiEndpoint.post("create", "/v1/entities")
  .setPayload(EntityInput)
  .addSuccess(created)
  .addError(wire(AlreadyExists))
  .addError(wire(PayloadTooLarge))
  .annotateContext(operation("catalog:write", "Register a new entity", "Refused if the reference is taken."));

const get = HttpApiEndpoint.get("get", "/v1/entities/:uid")
  .setPath(byUid)
  .setUrlParams(atRevision)
  .addSuccess(Entity)
  .addError(wire(NotFound))
  .annotateContext(
    operation("catalog:read", "Read an entity", "A revision of a deleted entity can be read by its uid too."),
  );

const replace = HttpApiEndpoint.put("replace", "/v1/entities/:uid")
  .setPath(byUid)
  .setUrlParams(overrideSource)
  .setHeaders(Preconditions)
  .setPayload(EntityInput)
  .addSuccess(Entity)
  .addError(wire(NotFound))
  .addError(wire(ManagedElsewhere))
  .addError(wire(RevisionConflict))
  .addError(wire(PayloadTooLarge))
  .annotateContext(operation("catalog:write", "Replace an entity", "The document must be of the same reference."));

const patch = HttpApiEndpoint.patch("patch", "/v1/entities/:uid")
  .setPath(byUid)
  .setUrlParams(overrideSource)
  .setHeaders(Preconditions)
  .setPayload(patchBody)
  .addSuccess(Entity)
  .addError(wire(NotFound))
  .addError(wire(ManagedElsewhere))
  .addError(wire(RevisionConflict))
  .addError(wire(PayloadTooLarge))
  .annotateContext(operation("catalog:write", "Change fields of an entity"));

const remove = HttpApiEndpoint.del("remove", "/v1/entities/:uid")
  .setPath(byUid)
  .setUrlParams(overrideAll)
  .setHeaders(Preconditions)
  .addSuccess(HttpApiSchema.NoContent)
  .addError(wire(NotFound))
  .addError(wire(HasDependencies))
  .addError(wire(ManagedElsewhere))
  .addError(wire(RevisionConflict))
  .annotateContext(
    operation("catalog:write", "Delete an entity for good", "To retire it instead, set `status.state` to `inactive`."),
  );

const getByReference = HttpApiEndpoint.get("getByReference", "/v1/entities/by-ref/:kind/:namespace/:name")
  .setPath(byReference)
  .setUrlParams(atRevision)
  .addSuccess(Entity)
  .addError(wire(NotFound))
  .annotateContext(operation("catalog:read", "Read an entity by its reference"));

const putByReference = HttpApiEndpoint.put("putByReference", "/v1/entities/by-ref/:kind/:namespace/:name")
  .setPath(byReference)
  .setUrlParams(overrideSource)
  .setHeaders(Preconditions)
  .setPayload(EntityInput)
  .addSuccess(Entity)
  .addSuccess(created)
  .addError(wire(NotFound))
  .addError(wire(ManagedElsewhere))
  .addError(wire(RevisionConflict))
  .addError(wire(PayloadTooLarge))
  .annotateContext(operation("catalog:write", "Create or replace an entity by its reference"));

const removeByReference = HttpApiEndpoint.del("removeByReference", "/v1/entities/by-ref/:kind/:namespace/:name")
  .setPath(byReference)
  .setUrlParams(overrideAll)
  .setHeaders(Preconditions)
  .addSuccess(HttpApiSchema.NoContent)
  .addError(wire(NotFound))
  .addError(wire(HasDependencies))
  .addError(wire(ManagedElsewhere))
  .addError(wire(RevisionConflict))
  .annotateContext(operation("catalog:write", "Delete an entity for good, by its reference"));

export const EntitiesGroup = HttpApiGroup.make("entities")
  .add(list)
  .add(create)
  .add(get)
  .add(replace)
  .add(patch)
  .add(remove)
  .add(getByReference)
  .add(putByReference)
  .add(removeByReference)
  .addError(wire(InvalidInput))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(OpenApi.annotations({ title: "Entities", description: "What the catalog registers." }));

/** The order that `orderBy` names. */
export const toOrder = (orderBy: SortField | `-${SortField}`): SortOrder =>
  orderBy.startsWith("-")
    ? { field: orderBy.slice(1) as SortField, descending: true } // what follows the sign, by the type
    : { field: orderBy as SortField, descending: false };
