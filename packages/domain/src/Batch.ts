/**
 * Applying many documents in one call.
 */
import type * as Either from "effect/Either";
import type { EntityUid } from "./Entity.ts";
import type { Fault } from "./Fault.ts";

/** One document as it was read from a stream, or why it could not be read. */
export interface ReadDocument {
  /** Place in the stream, from 0; empty documents are not counted. */
  readonly index: number;
  /** Line on which the document starts, from 1. */
  readonly line: number;
  readonly content: Either.Either<unknown, ReadonlyArray<Fault>>;
}

export type DocumentAction =
  | "created"
  | "updated"
  | "unchanged"
  /** The document breaks a rule; `faults` has every one. */
  | "invalid"
  /** Another document of the same batch has the same reference; none of them was applied. */
  | "conflict"
  /** The entity does not take this write (a managed source keeps it); `faults` says why. */
  | "refused";

export interface DocumentResult {
  readonly index: number;
  readonly line: number;
  readonly action: DocumentAction;
  /** `kind:namespace/name` as written, where the document could be read so far. */
  readonly reference?: string;
  readonly uid?: EntityUid;
  readonly revision?: number;
  readonly faults?: ReadonlyArray<Fault>;
  readonly warnings?: ReadonlyArray<Fault>;
}

export interface BatchOptions {
  /** `atomic`: all or none, at most {@link MAX_ATOMIC} documents. `best-effort`: every document that can go in goes in. */
  readonly mode: "atomic" | "best-effort";
  /** Tells what would happen and changes nothing. */
  readonly dryRun: boolean;
  /** Overrides a managed source. */
  readonly force: boolean;
}

export type BatchSummary = { readonly [Action in DocumentAction]: number } & { readonly documents: number };

/** Documents of one atomic batch: one transaction, which keeps other writers waiting. */
export const MAX_ATOMIC = 10_000;

/** Documents of one batch: their references are held in memory to find conflicts. */
export const MAX_DOCUMENTS = 1_000_000;

/** Bytes of one document's text. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;
