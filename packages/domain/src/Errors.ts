/**
 * What can go wrong and a caller can act on. Named for what is true, not for a status code: `api` attaches those.
 */
import * as Schema from "effect/Schema";
import { Fault } from "./Fault.ts";
import { Scope } from "./Principal.ts";

const message = { message: Schema.String };

/** Nothing is registered under this id or reference. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", message) {}

/** The reference is taken (compared without regard to case). */
export class AlreadyExists extends Schema.TaggedError<AlreadyExists>()("AlreadyExists", {
  ...message,
  reference: Schema.String,
}) {}

/** Active entities depend on the one that was to be deleted. `dependents` lists up to 100 of the `total`. */
export class HasDependencies extends Schema.TaggedError<HasDependencies>()("HasDependencies", {
  ...message,
  dependents: Schema.Array(Schema.String),
  total: Schema.Number,
}) {}

/** The entity is at another revision than the caller's `If-Match` says, or a concurrent writer won. */
export class RevisionConflict extends Schema.TaggedError<RevisionConflict>()("RevisionConflict", {
  ...message,
  /** The revision that is in force now, where it is known. */
  current: Schema.optional(Schema.Number),
}) {}

/** A managed source keeps the entity, and the write came from elsewhere without `force`. */
export class ManagedElsewhere extends Schema.TaggedError<ManagedElsewhere>()("ManagedElsewhere", {
  ...message,
  managedBy: Schema.String,
}) {}

/** It is not in a state that allows what was asked. */
export class WrongState extends Schema.TaggedError<WrongState>()("WrongState", {
  ...message,
  /** The state that it is in. */
  state: Schema.String,
}) {}

/** What was given cannot be used. Every fault is listed, not only the first. */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", {
  ...message,
  faults: Schema.Array(Fault),
}) {}

/** No credentials, or credentials that are unknown, expired or revoked; which of them is not told. */
export class Unauthenticated extends Schema.TaggedError<Unauthenticated>()("Unauthenticated", message) {}

export class PermissionDenied extends Schema.TaggedError<PermissionDenied>()("PermissionDenied", {
  ...message,
  /** The scope that the call needs. */
  scope: Scope,
}) {}

export class PayloadTooLarge extends Schema.TaggedError<PayloadTooLarge>()("PayloadTooLarge", {
  ...message,
  /** Bytes. */
  limit: Schema.Number,
}) {}

/** The store cannot be reached, is locked, or refused the transaction; the same call may succeed later. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  ...message,
  /** For the log only; never sent. */
  cause: Schema.optional(Schema.Defect),
}) {}

/** Stored secrets cannot be sealed or opened: the key is missing, cannot be read, or is not the one that sealed them. */
export class SecretsUnavailable extends Schema.TaggedError<SecretsUnavailable>()("SecretsUnavailable", message) {}

/** Whoever issued the token cannot be asked for the keys to check it with; the same call may succeed later. */
export class IdentityUnavailable extends Schema.TaggedError<IdentityUnavailable>()("IdentityUnavailable", {
  ...message,
  /** For the log only; never sent. */
  cause: Schema.optional(Schema.Defect),
}) {}
