/**
 * Entities: what the catalog registers.
 *
 * A *document* is what an author wrote, checked and with its namespace filled in. A *record* is a document with what the
 * server knows of it. An *envelope* is a record as the wire carries it, and as the store keeps it, less the relations:
 * those depend on other entities too and are added when it is read.
 */
import * as Schema from "effect/Schema";
import type { Json, JsonObject } from "./Json.ts";
import type { Reference } from "./Reference.ts";

/** `ent_` and a UUIDv7: sorts by the time of creation. */
export const EntityUid = Schema.String.pipe(
  Schema.pattern(/^ent_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  Schema.brand("EntityUid"),
  Schema.annotations({
    identifier: "EntityUid",
    examples: ["ent_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d" as never],
  }),
);

export type EntityUid = typeof EntityUid.Type;

export const EntityState = Schema.Literal("active", "inactive").annotations({
  identifier: "EntityState",
  description: "`inactive` means retired: kept and readable, left out of lists unless asked for.",
});

export type EntityState = typeof EntityState.Type;

/** Where an entity came from. */
export const Source = Schema.Struct({
  type: Schema.Literal("api", "import", "seed", "git"),
  location: Schema.optionalWith(Schema.String, { exact: true }),
}).annotations({ identifier: "Source" });

export type Source = typeof Source.Type;

/** A managed source owns its entities: writes from elsewhere are refused unless forced. */
export const isManaged = (source: Source): boolean => source.type === "git";

export interface Metadata extends JsonObject {
  readonly name: string;
  readonly namespace: string;
  readonly title?: string;
  readonly description?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly tags?: ReadonlyArray<string>;
}

/** A valid document: the author's keys in the author's order, unknown ones kept, nothing of the server's. */
export interface EntityDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: JsonObject;
}

/** Times are milliseconds since the epoch. */
export interface EntityRecord {
  readonly uid: EntityUid;
  readonly document: EntityDocument;
  readonly state: EntityState;
  /** When `state` was last changed. */
  readonly since: number;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly source: Source;
}

export const referenceOf = (document: EntityDocument): Reference => ({
  kind: document.kind,
  namespace: document.metadata.namespace,
  name: document.metadata.name,
});

/** Metadata that the server writes; on input they are dropped, so that what was read can be written back. */
export const SERVER_METADATA = ["uid", "revision", "createdAt", "updatedAt"] as const;

/** Root fields that the server writes, beside the author's. */
export const SERVER_FIELDS = ["relations", "status", "source"] as const;

/** The record as the wire shows it, without its relations. {@link toRecord} is the inverse. */
export const toEnvelope = (record: EntityRecord): JsonObject => ({
  apiVersion: record.document.apiVersion,
  kind: record.document.kind,
  metadata: {
    ...record.document.metadata,
    uid: record.uid,
    revision: record.revision,
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
  },
  ...(record.document.spec === undefined ? {} : { spec: record.document.spec }),
  status: { state: record.state, since: new Date(record.since).toISOString() },
  source: record.source,
});

/** An envelope made by {@link toEnvelope}: trusted, because only this module writes them. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata & {
    readonly uid: EntityUid;
    readonly revision: number;
    readonly createdAt: string;
    readonly updatedAt: string;
  };
  readonly spec?: JsonObject;
  readonly status: { readonly state: EntityState; readonly since: string };
  readonly source: Source;
}

export const toRecord = (envelope: Envelope): EntityRecord => {
  const { uid, revision, createdAt, updatedAt, ...metadata } = envelope.metadata;
  return {
    uid,
    document: {
      apiVersion: envelope.apiVersion,
      kind: envelope.kind,
      metadata: metadata as Metadata,
      ...(envelope.spec === undefined ? {} : { spec: envelope.spec }),
    },
    state: envelope.status.state,
    since: Date.parse(envelope.status.since),
    revision,
    createdAt: Date.parse(createdAt),
    updatedAt: Date.parse(updatedAt),
    source: envelope.source,
  };
};

/** An entity as readers get it: complete JSON text, relations included, passed through and never decoded on its way out. */
export interface EntityText {
  readonly uid: EntityUid;
  readonly revision: number;
  readonly json: string;
}

/** A text member of the spec, if there is one: `specText(document, "lifecycle")`. */
export const specText = (document: EntityDocument, field: string): string | undefined => {
  const value: Json | undefined = document.spec?.[field];
  return typeof value === "string" ? value : undefined;
};
