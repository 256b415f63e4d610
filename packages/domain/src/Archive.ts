/**
 * The whole catalog as a sequence of records, for export, import and moving between databases.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Stream from "effect/Stream";
import { Channel } from "./Channel.ts";
import { MessageId, PING } from "./Delivery.ts";
import { EntityState, EntityUid, type Envelope, Source } from "./Entity.ts";
import type { InvalidInput, StoreUnavailable } from "./Errors.ts";
import { EventType } from "./Event.ts";
import { Scope, Via } from "./Principal.ts";
import { DisabledReason } from "./Subscription.ts";
import { SubscriptionId } from "./SubscriptionId.ts";
import { TokenId } from "./Token.ts";

const Time = Schema.String.pipe(
  Schema.filter((text) => !Number.isNaN(Date.parse(text)), { message: () => "must be a time in ISO 8601" }),
);

const parts = Schema.Struct({
  apiVersion: Schema.String,
  kind: Schema.String,
  metadata: Schema.Struct({
    name: Schema.String,
    namespace: Schema.String,
    title: Schema.optional(Schema.String),
    tags: Schema.optional(Schema.Array(Schema.String)),
    labels: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })),
    uid: Schema.Union(EntityUid, SubscriptionId),
    revision: Schema.Int.pipe(Schema.positive()),
    createdAt: Time,
    updatedAt: Time,
  }),
  spec: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  status: Schema.Struct({ state: EntityState, since: Time }),
  source: Source,
});

const isEnvelope = Schema.is(parts);

/** Checked where the catalog looks at it, and kept as it is: decoding the parts would drop what they do not name. */
const StoredEnvelope = Schema.declare((value): value is Envelope => isEnvelope(value), {
  identifier: "Envelope",
  message: () => "must be an entity as an export writes it",
  jsonSchema: {},
});

/** Times are ISO 8601, so that an export can be read by people. */
export const ArchiveRecord = Schema.Union(
  Schema.Struct({
    type: Schema.Literal("catalog"),
    /** Version of this format. */
    version: Schema.Literal(1),
    exportedAt: Time,
  }),
  Schema.Struct({ type: Schema.Literal("entity"), uid: EntityUid, envelope: StoredEnvelope }),
  Schema.Struct({
    type: Schema.Literal("event"),
    sequence: Schema.Number,
    id: Schema.String,
    event: EventType,
    uid: Schema.Union(EntityUid, SubscriptionId),
    reference: Schema.String,
    revision: Schema.Number,
    at: Time,
    actor: Schema.String,
    via: Via,
    requestId: Schema.String,
    traceparent: Schema.optional(Schema.String),
    patch: Schema.Array(Schema.Unknown),
    envelope: StoredEnvelope,
  }),
  Schema.Struct({
    type: Schema.Literal("token"),
    id: TokenId,
    name: Schema.String,
    scopes: Schema.Array(Scope),
    hash: Schema.String,
    createdAt: Time,
    expiresAt: Schema.optional(Time),
    lastUsedAt: Schema.optional(Time),
    revokedAt: Schema.optional(Time),
  }),
  Schema.Struct({
    type: Schema.Literal("subscription"),
    id: SubscriptionId,
    name: Schema.String,
    channel: Channel,
    /** Of use only where the vault has the key that sealed it. */
    sealed: Schema.String,
    types: Schema.Array(EventType),
    filter: Schema.optional(Schema.String),
    retry: Schema.Array(Schema.Number),
    rateLimit: Schema.Number,
    ordered: Schema.Boolean,
    disabled: Schema.optional(Schema.Struct({ reason: DisabledReason, at: Time })),
    revision: Schema.Number,
    createdAt: Time,
    updatedAt: Time,
    /** What it was told of, or will be by the deliveries that follow, is not after this. */
    since: Schema.Number,
    until: Schema.optional(Schema.Number),
    failingSince: Schema.optional(Time),
    unevaluated: Schema.Number,
    sample: Schema.optional(Schema.Struct({ reference: Schema.String, message: Schema.String })),
  }),
  /** What was not told yet. */
  Schema.Struct({
    type: Schema.Literal("delivery"),
    id: MessageId,
    subscription: SubscriptionId,
    event: Schema.Union(EventType, Schema.Literal(PING)),
    sequence: Schema.Number,
    uid: Schema.String,
    reference: Schema.String,
    createdAt: Time,
  }),
).annotations({ identifier: "ArchiveRecord" });

export type ArchiveRecord = typeof ArchiveRecord.Type;

/** The port that reads and writes a whole catalog. */
export class Archive extends Context.Tag("@cadastre/domain/Archive")<
  Archive,
  {
    /**
     * Everything, as it stood at one moment: first the `catalog` record, then entities by uid, events by sequence, tokens,
     * subscriptions and deliveries that are under way by id. Memory is bounded whatever the size. What was delivered or
     * given up stays behind, as do jobs.
     */
    readonly dump: Stream.Stream<ArchiveRecord, StoreUnavailable>;

    /**
     * Restores records, ids, revisions and sequences as they are, all or none, into an empty catalog; deliveries are held, to
     * be begun anew. Fails with
     * `InvalidInput` if the catalog is not empty or the records contradict each other: something occurs twice, an envelope
     * is of another uid, or the last event of an entity is not of the revision that it is at.
     */
    readonly load: <E, R>(
      records: Stream.Stream<ArchiveRecord, E, R>,
    ) => Effect.Effect<{ readonly [Type in ArchiveRecord["type"]]: number }, E | InvalidInput | StoreUnavailable, R>;
  }
>() {}
