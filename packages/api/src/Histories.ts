/**
 * The endpoint of what an entity was.
 */
import { MAX_LIMIT } from "@cadastre/domain/EntityQuery";
import { InvalidInput, NotFound, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import { type ChangeEvent, toWire } from "@cadastre/domain/Event";
import type { JsonObject } from "@cadastre/domain/Json";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { change } from "./Events.ts";
import { byUid, Integer, integer, jsonPointer, one, optional, ordinal } from "./Parameters.ts";
import { wire } from "./Problem.ts";

/** Revisions of a page where none are asked for. */
export const DEFAULT_REVISIONS = 50;

export const HistoryQuery = Schema.Struct({
  path: one(jsonPointer, {
    description:
      "Only what changed this place of the entity, in it or around it, and the creation: with `limit=1`, who changed it last.",
    example: "/spec/owner",
  }),
  before: one(ordinal(1), {
    description: "Only revisions before this one; `next` of the page before.",
    example: 7,
  }),
  limit: one(integer(1, MAX_LIMIT, DEFAULT_REVISIONS), { description: "Revisions of one page.", example: 10 }),
});

export const HistoryPage = Schema.Struct({
  items: Schema.Array(Schema.Struct(change)).annotations({ description: "The latest first." }),
  next: optional(Integer.annotations({ description: "Give it as `before` for the next page; absent on the last." })),
}).annotations({ identifier: "HistoryPage" });

const list = HttpApiEndpoint.get("list", "/v1/entities/:uid/history")
  .setPath(byUid)
  .setUrlParams(HistoryQuery)
  .addSuccess(HistoryPage)
  .annotateContext(
    operation(
      "catalog:read",
      "Every revision of an entity",
      "Who made it, when, through what, and what it changed. Of a deleted entity too: its uid stays its own.",
    ),
  );

export const HistoriesGroup = HttpApiGroup.make("histories")
  .add(list)
  .addError(wire(InvalidInput))
  .addError(wire(NotFound))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(OpenApi.annotations({ title: "History", description: "What entities were." }));

/** A change as an entity's history shows it: less what all its revisions have in common. */
export const toChange = (event: ChangeEvent): JsonObject => {
  const { id: _, uid: __, reference: ___, ...change } = toWire(event);
  return change;
};
