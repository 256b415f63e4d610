/**
 * Use case: apply many documents. STUB: the interface that the doors build on.
 */
import type { BatchOptions, BatchSummary, DocumentResult, ReadDocument } from "@cadastre/domain/Batch";
import type { InvalidInput, StoreUnavailable } from "@cadastre/domain/Errors";
import type { Caller } from "@cadastre/domain/Principal";
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type * as Stream from "effect/Stream";
import type { Denied } from "./Entities.ts";

export interface BatchReport {
  readonly summary: BatchSummary;
  /** One result a document, in the order of the stream. */
  readonly results: Stream.Stream<DocumentResult, StoreUnavailable>;
}

export class Batches extends Context.Tag("@cadastre/core/Batches")<
  Batches,
  {
    /**
     * Reads the whole stream first, then applies it. A reference that occurs twice is a conflict of both places, and
     * neither is applied. In `atomic` mode anything that is not applicable fails the call with `InvalidInput`, whose faults
     * have paths that start with the document's index (`/3/metadata/name`), and nothing is changed.
     */
    readonly apply: <E, R>(
      documents: Stream.Stream<ReadDocument, E, R>,
      options: BatchOptions,
    ) => Effect.Effect<BatchReport, E | Denied | InvalidInput, R | Caller | Scope.Scope>;
  }
>() {}
