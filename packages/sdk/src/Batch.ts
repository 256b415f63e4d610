/**
 * Many documents in one call, as they come; what became of each, as it is told.
 */
import { BatchLine } from "@cadastre/api/Batches";
import type { EntityInput } from "@cadastre/api/Entity";
import type { BatchOptions } from "@cadastre/domain/Batch";
import * as Stream from "effect/Stream";
import { isArray, send } from "./BatchLines.ts";
import type { Exchange } from "./Exchange.ts";
import type { Failure } from "./Failures.ts";
import { decoder } from "./internal/parts.ts";

export type Document = typeof EntityInput.Type;

/** What became of one document, in the order of the documents, and the sums as the last. */
export type Result = typeof BatchLine.Type;

/** Applies documents, and tells what became of each; `mode` is `atomic` where absent. An array is sent at once; a stream as it comes, which browsers do not do. */
export const apply = <E = never, R = never>(
  exchange: Exchange,
  documents: ReadonlyArray<Document> | Stream.Stream<Document, E, R>,
  options?: Partial<BatchOptions>,
): Stream.Stream<Result, E | Failure, R> => {
  const write = (document: Document) => JSON.stringify(document);
  const lines = isArray(documents) ? documents.map(write) : Stream.map(documents, write);
  return Stream.mapEffect(send(exchange, lines, options), read);
};

const read = decoder(BatchLine);
