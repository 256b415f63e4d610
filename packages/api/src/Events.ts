/**
 * The endpoints of the change feed, and the change event on the wire.
 */
import { EntityUid } from "@cadastre/domain/Entity";
import { MAX_LIMIT } from "@cadastre/domain/EntityQuery";
import { InvalidInput, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import { EventType } from "@cadastre/domain/Event";
import { Via } from "@cadastre/domain/Principal";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { expression, Unevaluated } from "./Conditions.ts";
import { Entity, instant } from "./Entity.ts";
import { Integer, integer, many, one, optional, ordinal, text, word } from "./Parameters.ts";
import { wire } from "./Problem.ts";

/** Events of a page where none are asked for. */
export const DEFAULT_EVENTS = 100;

const PatchOperation = Schema.Struct({
  op: Schema.Literal("add", "remove", "replace", "move", "copy", "test"),
  path: Schema.String.annotations({ examples: ["/spec/owner"] }),
  from: optional(Schema.String),
  value: optional(Schema.Unknown.annotations({ jsonSchema: {} })),
}).annotations({ identifier: "PatchOperation", description: "One operation of a JSON Patch (RFC 6902)." });

/** What is told of a change in an entity's history, where the entity is known. */
export const change = {
  revision: Integer.annotations({
    description: "The revision that the change made; for a deletion, one more than the last.",
  }),
  type: EventType,
  at: instant,
  actor: Schema.String.annotations({ description: "Who made it.", examples: ["token:ci"] }),
  via: Via,
  requestId: Schema.String,
  traceparent: optional(Schema.String.annotations({ description: "W3C trace context of the call that made it." })),
  patch: Schema.Array(PatchOperation).annotations({
    description: "From the revision before to this one; empty for a creation and a deletion.",
  }),
};

export const ChangeEvent = Schema.Struct({
  sequence: Integer.annotations({ description: "Its place in the feed: a cursor." }),
  id: Schema.String.annotations({ examples: ["evt_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d"] }),
  uid: Schema.Union(EntityUid, SubscriptionId),
  reference: Schema.String.annotations({ examples: ["component:default/payments"] }),
  ...change,
  entity: optional(
    Entity.annotations({
      description:
        "With `include=entity`: the entity after the change, without relations; for a deletion, the last there was.",
    }),
  ),
}).annotations({
  identifier: "ChangeEvent",
  description:
    "One change of one entity, or a subscription that was enabled or disabled: that has the shape of an entity here.",
});

export const EventPage = Schema.Struct({
  events: Schema.Array(ChangeEvent),
  next: Integer.annotations({
    description:
      "Give it as `after` for the next page; the end of the feed is reached if it is the `after` that was given.",
  }),
  unevaluated: optional(Unevaluated),
}).annotations({ identifier: "EventPage" });

const conditions = {
  type: many(word(...EventType.literals), { description: "Any of these types.", example: "entity.updated" }),
  kind: many(text(63), { description: "Of entities of any of these kinds, in any case.", example: "Component" }),
  filter: expression(
    "An expression (CEL) that has to be true of the change: it knows `event` and `entity`, the envelope after the change without relations.",
    'event.patch.exists(p, p.path == "/spec/owner")',
  ),
  include: many(word("entity"), { description: "What to show of each event besides.", example: "entity" }),
};

export const EventQuery = Schema.Struct({
  after: one(ordinal(0), {
    description: "Only events after this one; `next` of the page before. From the first event where absent.",
    example: 1,
  }),
  limit: one(integer(1, MAX_LIMIT, DEFAULT_EVENTS), { description: "Events of one page.", example: 10 }),
  ...conditions,
});

export const EventStreamQuery = Schema.Struct({
  after: one(ordinal(0), {
    description: "Only events after this one; from now on where neither this nor `Last-Event-ID` is given.",
    example: 1,
  }),
  ...conditions,
});

const lastEventId = Schema.Struct({
  "last-event-id": one(ordinal(0), {
    description: "The `id` of the last event that was received; it wins over `after`. Browsers send it by themselves.",
    example: 1,
  }),
});

const list = HttpApiEndpoint.get("list", "/v1/events")
  .setUrlParams(EventQuery)
  .addSuccess(EventPage)
  .annotateContext(
    operation(
      "catalog:read",
      "List changes",
      "In the order in which they were made. What was read once is complete: no event will appear before it. A page may be short, even empty, before the end is reached.",
    ),
  );

const stream = HttpApiEndpoint.get("stream", "/v1/events/stream")
  .setUrlParams(EventStreamQuery)
  .setHeaders(lastEventId)
  .addSuccess(
    HttpApiSchema.Text({ contentType: "text/event-stream" }).annotations({
      description: "Server-sent events: `id` is the sequence, `event` the type, `data` a `ChangeEvent`.",
    }),
  )
  .annotateContext(
    operation(
      "catalog:read",
      "Follow changes as they happen",
      "Each event once and in order. A comment comes every 15 seconds; the stream ends after 15 minutes, and when the server does: clients go on with `Last-Event-ID`. A client that takes nothing for 30 seconds is cut off.",
    ),
  );

export const EventsGroup = HttpApiGroup.make("events")
  .add(list)
  .add(stream)
  .addError(wire(InvalidInput))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(OpenApi.annotations({ title: "Events", description: "What changed: audit log and feed." }));
