/**
 * Entities on the wire. These schemas document and type; the server does not run them: documents are checked by the
 * domain's own validation, which reports every fault, and stored text goes out as it is.
 */
import { EntityState, EntityUid, Source } from "@cadastre/domain/Entity";
import * as Schema from "effect/Schema";
import { Explanation, Unevaluated } from "./Conditions.ts";
import { Integer, optional } from "./Parameters.ts";

const anything = Schema.Record({ key: Schema.String, value: Schema.Unknown.annotations({ jsonSchema: {} }) });

const texts = Schema.Record({ key: Schema.String, value: Schema.String });

const authored = {
  name: Schema.String.annotations({
    description: "Unique, without regard to case, within kind and namespace.",
    examples: ["payments"],
  }),
  namespace: optional(Schema.String.annotations({ description: "`default` where absent.", examples: ["default"] })),
  title: optional(Schema.String.annotations({ examples: ["Payments"] })),
  description: optional(Schema.String.annotations({ examples: ["Takes money from customers."] })),
  labels: optional(texts.annotations({ examples: [{ tier: "1" }] })),
  annotations: optional(texts.annotations({ examples: [{ "backstage.io/techdocs-ref": "dir:." }] })),
  tags: optional(Schema.Array(Schema.String).annotations({ examples: [["java"]] })),
  links: optional(
    Schema.Array(
      Schema.Struct({
        url: Schema.String,
        title: optional(Schema.String),
        icon: optional(Schema.String),
        type: optional(Schema.String),
      }),
    ),
  ),
};

const apiVersion = Schema.String.annotations({ examples: ["backstage.io/v1alpha1", "cadastre.dev/v1"] });

const kind = Schema.String.annotations({
  description: "Component, API, Resource, System, Domain, Group, User, Location, Template, or any other.",
  examples: ["Component"],
});

const spec = optional(anything.annotations({ description: "Free-form; known fields of known kinds are validated." }));

/** ISO 8601. */
export const instant = Schema.String.annotations({ jsonSchema: { type: "string", format: "date-time" } });

/** A descriptor as an author writes it. Unknown fields are kept; what the server adds on output is ignored on input. */
export const EntityInput = Schema.Struct(
  { apiVersion, kind, metadata: Schema.Struct(authored, anything), spec },
  anything,
).annotations({
  identifier: "EntityInput",
  description:
    "A descriptor. Fields that the server writes (uid, revision, relations …) are ignored, so what was read can be written back.",
  examples: [
    {
      apiVersion: "backstage.io/v1alpha1",
      kind: "Component",
      metadata: { name: "payments", tags: ["java"] },
      spec: { type: "service", lifecycle: "production", owner: "group:default/checkout" },
    },
  ],
});

export const Relation = Schema.Struct({
  type: Schema.String.annotations({ examples: ["ownedBy"] }),
  targetRef: Schema.String.annotations({ examples: ["group:default/checkout"] }),
  dangling: optional(Schema.Literal(true).annotations({ description: "The target is not registered (yet)." })),
}).annotations({ identifier: "Relation" });

/** An entity as it is read. */
export const Entity = Schema.Struct(
  {
    apiVersion,
    kind,
    metadata: Schema.Struct(
      {
        ...authored,
        namespace: Schema.String,
        uid: EntityUid,
        revision: Integer.annotations({ description: "1, 2, …; in quotes it is the ETag." }),
        createdAt: instant,
        updatedAt: instant,
      },
      anything,
    ),
    spec,
    status: Schema.Struct(
      {
        state: EntityState,
        since: instant,
        relationsTruncated: optional(
          Schema.Boolean.annotations({ description: "There are more relations than shown." }),
        ),
      },
      anything,
    ),
    source: Source,
    relations: optional(
      Schema.Array(Relation).annotations({
        description:
          "Derived from the specs of this and other entities, sorted by type and target. Absent from what is past: older revisions and events.",
      }),
    ),
  },
  anything,
).annotations({ identifier: "Entity", description: "A registered entity." });

export interface Entity extends Schema.Schema.Type<typeof Entity> {}

export const EntityPage = Schema.Struct({
  items: Schema.Array(Entity).annotations({
    description: "With `fields`, each item has only the chosen fields.",
  }),
  nextCursor: optional(
    Schema.String.annotations({ description: "Give it as `cursor` for the next page; absent on the last." }),
  ),
  unevaluated: optional(Unevaluated),
  explain: optional(Explanation),
}).annotations({ identifier: "EntityPage" });

/** JSON merge patch (RFC 7396): `null` removes a member, lists are replaced whole. */
export const MergePatch = anything.annotations({
  identifier: "MergePatch",
  description: "JSON merge patch (RFC 7396). `status.state` retires (`inactive`) and revives (`active`).",
  examples: [{ metadata: { title: "Payments", labels: { tier: null } }, status: { state: "inactive" } }],
});
