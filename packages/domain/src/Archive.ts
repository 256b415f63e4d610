/**
 * The whole catalog as a sequence of records, for export, import and moving between databases.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Stream from "effect/Stream";
import { EntityUid } from "./Entity.ts";
import type { InvalidInput, StoreUnavailable } from "./Errors.ts";
import { EventType } from "./Event.ts";
import { Scope, Via } from "./Principal.ts";
import { TokenId } from "./Token.ts";

const Json = Schema.Unknown.annotations({ jsonSchema: {} });

/** Times are ISO 8601, so that an export can be read by people. */
export const ArchiveRecord = Schema.Union(
  Schema.Struct({
    type: Schema.Literal("catalog"),
    /** Version of this format. */
    version: Schema.Literal(1),
    exportedAt: Schema.String,
  }),
  Schema.Struct({ type: Schema.Literal("entity"), uid: EntityUid, envelope: Json }),
  Schema.Struct({
    type: Schema.Literal("event"),
    sequence: Schema.Number,
    id: Schema.String,
    event: EventType,
    uid: EntityUid,
    reference: Schema.String,
    revision: Schema.Number,
    at: Schema.String,
    actor: Schema.String,
    via: Via,
    requestId: Schema.String,
    traceparent: Schema.optional(Schema.String),
    patch: Schema.Array(Json),
    envelope: Json,
  }),
  Schema.Struct({
    type: Schema.Literal("token"),
    id: TokenId,
    name: Schema.String,
    scopes: Schema.Array(Scope),
    hash: Schema.String,
    createdAt: Schema.String,
    expiresAt: Schema.optional(Schema.String),
    lastUsedAt: Schema.optional(Schema.String),
    revokedAt: Schema.optional(Schema.String),
  }),
).annotations({ identifier: "ArchiveRecord" });

export type ArchiveRecord = typeof ArchiveRecord.Type;

/** The port that reads and writes a whole catalog. */
export class Archive extends Context.Tag("@cadastre/domain/Archive")<
  Archive,
  {
    /**
     * Everything, as it stood at one moment: first the `catalog` record, then entities by uid, events by sequence, tokens
     * by id. Memory is bounded whatever the size.
     */
    readonly dump: Stream.Stream<ArchiveRecord, StoreUnavailable>;

    /**
     * Restores records, ids, revisions and sequences as they are, all or none, into an empty catalog. Fails with
     * `InvalidInput` if the catalog is not empty or the records contradict each other.
     */
    readonly load: <E, R>(
      records: Stream.Stream<ArchiveRecord, E, R>,
    ) => Effect.Effect<{ readonly [Type in ArchiveRecord["type"]]: number }, E | InvalidInput | StoreUnavailable, R>;
  }
>() {}
