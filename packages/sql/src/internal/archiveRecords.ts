/**
 * Between rows and the records of an archive, whose times are ISO 8601.
 */
import type { ArchiveRecord } from "@cadastre/domain/Archive";
import { type EntityUid, toRecord } from "@cadastre/domain/Entity";
import type { EntityWrite } from "@cadastre/domain/EntityStore";
import type { PatchOperation, SequencedEvent } from "@cadastre/domain/Event";
import * as Relation from "@cadastre/domain/Relation";
import type { Token } from "@cadastre/domain/Token";
import type { Row } from "@effect/sql/SqlConnection";
import * as Either from "effect/Either";
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

/** Left: a sentence that says what the record contradicts. */
export const toWrite = ({ uid, envelope }: Of<"entity">): Either.Either<EntityWrite, string> => {
  if (envelope.metadata.uid !== uid) return Either.left(`the envelope of ${uid} is one of ${envelope.metadata.uid}`);
  const record = toRecord(envelope);
  return Either.right({ record, envelope: JSON.stringify(envelope), edges: Relation.edgesOf(record.document) });
};

export const toEvent = ({ event, at, envelope, patch, ...rest }: Of<"event">): SequencedEvent => ({
  ...rest,
  type: event,
  at: Date.parse(at),
  // An archive leaves operations untyped; they were typed when they were written.
  patch: patch as ReadonlyArray<PatchOperation>,
  envelope: JSON.stringify(envelope),
});

export const toToken = ({ type: _, createdAt, expiresAt, lastUsedAt, revokedAt, ...token }: Of<"token">): Token => ({
  ...token,
  createdAt: Date.parse(createdAt),
  expiresAt: toMillis(expiresAt),
  lastUsedAt: toMillis(lastUsedAt),
  revokedAt: toMillis(revokedAt),
});

const toIso = (time: number): string => new Date(time).toISOString();

const toMillis = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
