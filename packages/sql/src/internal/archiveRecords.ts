/**
 * Between rows and the records of an archive, whose times are ISO 8601.
 */
import type { ArchiveRecord } from "@cadastre/domain/Archive";
import { EntityState, EntityUid, type Envelope, Source, toRecord } from "@cadastre/domain/Entity";
import type { EntityWrite } from "@cadastre/domain/EntityStore";
import type { PatchOperation, SequencedEvent } from "@cadastre/domain/Event";
import * as Relation from "@cadastre/domain/Relation";
import type { Token } from "@cadastre/domain/Token";
import type { Row } from "@effect/sql/SqlConnection";
import * as Either from "effect/Either";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import * as eventRows from "./eventRows.ts";
import * as tokenRows from "./tokenRows.ts";

type Of<Type extends ArchiveRecord["type"]> = Extract<ArchiveRecord, { readonly type: Type }>;

export const entityRecord = (row: Row): Of<"entity"> => ({
  type: "entity",
  // The store's trust in its own columns.
  uid: row["uid"] as EntityUid,
  envelope: JSON.parse(String(row["envelope"])),
});

export const eventRecord = (row: Row): Of<"event"> => {
  const { type, at, envelope, ...event } = eventRows.decode(row);
  return { ...event, type: "event", event: type, at: toIso(at), envelope: JSON.parse(envelope) };
};

export const tokenRecord = (row: Row): Of<"token"> => {
  const { createdAt, expiresAt, lastUsedAt, revokedAt, ...token } = tokenRows.decode(row);
  return {
    type: "token",
    ...token,
    createdAt: toIso(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: toIso(expiresAt) }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: toIso(lastUsedAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: toIso(revokedAt) }),
  };
};

/** Left: a sentence that says what is wrong with the record. */
export const toWrite = ({ uid, envelope }: Of<"entity">): Either.Either<EntityWrite, string> =>
  checkEnvelope(envelope, { onExcessProperty: "preserve" }).pipe(
    Either.mapLeft(
      (error) =>
        `the envelope of ${uid} cannot be used: ${ParseResult.ArrayFormatter.formatErrorSync(error)
          .map(({ path, message }) => `${path.join(".")}: ${message}`)
          .join("; ")}`,
    ),
    Either.filterOrLeft(
      ({ metadata }) => metadata.uid === uid,
      ({ metadata }) => `the envelope of ${uid} is one of ${metadata.uid}`,
    ),
    Either.map((): EntityWrite => {
      // The schema has checked what is looked at here; all else is kept as it is.
      const record = toRecord(envelope as Envelope);
      return { record, envelope: JSON.stringify(envelope), edges: Relation.edgesOf(record.document) };
    }),
  );

export const toEvent = ({ event, at, envelope, patch, ...rest }: Of<"event">): Either.Either<SequencedEvent, string> =>
  Either.map(toMillis(at), (time) => ({
    ...rest,
    type: event,
    at: time,
    // An archive leaves operations untyped; they were typed when they were written.
    patch: patch as ReadonlyArray<PatchOperation>,
    envelope: JSON.stringify(envelope),
  }));

export const toToken = ({ type: _, ...token }: Of<"token">): Either.Either<Token, string> =>
  Either.map(
    Either.all({
      createdAt: toMillis(token.createdAt),
      expiresAt: optionalMillis(token.expiresAt),
      lastUsedAt: optionalMillis(token.lastUsedAt),
      revokedAt: optionalMillis(token.revokedAt),
    }),
    (times) => ({ ...token, ...times }),
  );

const toIso = (time: number): string => new Date(time).toISOString();

const toMillis = (text: string): Either.Either<number, string> => {
  const time = Date.parse(text);
  return Number.isNaN(time) ? Either.left(`"${text}" is not a time`) : Either.right(time);
};

const optionalMillis = (text: string | undefined): Either.Either<number | undefined, string> =>
  text === undefined ? Either.right(undefined) : toMillis(text);

const Time = Schema.String.pipe(
  Schema.filter((text) => !Number.isNaN(Date.parse(text)), { message: () => "is not a time" }),
);

const checkEnvelope = Schema.decodeUnknownEither(
  Schema.Struct({
    apiVersion: Schema.String,
    kind: Schema.String,
    metadata: Schema.Struct({
      name: Schema.String,
      namespace: Schema.String,
      title: Schema.optional(Schema.String),
      tags: Schema.optional(Schema.Array(Schema.String)),
      labels: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })),
      uid: EntityUid,
      revision: Schema.Int.pipe(Schema.positive()),
      createdAt: Time,
      updatedAt: Time,
    }),
    spec: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
    status: Schema.Struct({ state: EntityState, since: Time }),
    source: Source,
  }),
);
