/**
 * The results of a batch: kept in a spool, counted, and read back.
 */
import type { BatchSummary, DocumentAction, DocumentResult } from "@cadastre/domain/Batch";
import { InvalidInput, type StoreUnavailable } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import type { Spool } from "@cadastre/domain/Spool";
import * as Chunk from "effect/Chunk";
import type * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";

export interface Results {
  readonly append: (results: ReadonlyArray<DocumentResult>) => Effect.Effect<void, StoreUnavailable>;
  readonly summary: () => BatchSummary;
  /** Why the batch cannot be applied as a whole, if it cannot. */
  readonly refusal: () => Option.Option<InvalidInput>;
  readonly stream: Stream.Stream<DocumentResult, StoreUnavailable>;
}

/** Faults that a refusal lists. */
const MAX_FAULTS = 1000;

type Lines = Effect.Effect.Success<Context.Tag.Service<Spool>["make"]>;

export const make = (spool: Lines): Results => {
  const counts: { [Action in DocumentAction]: number } = {
    created: 0,
    updated: 0,
    unchanged: 0,
    invalid: 0,
    conflict: 0,
    refused: 0,
  };
  const faults: Array<Fault> = [];
  let documents = 0;
  let totalFaults = 0;

  const count = (result: DocumentResult): void => {
    documents += 1;
    counts[result.action] += 1;
    for (const { path, message } of result.faults ?? []) {
      totalFaults += 1;
      if (faults.length < MAX_FAULTS) faults.push({ path: `/${result.index}${path}`, message });
    }
  };

  return {
    append: (results) => {
      results.forEach(count);
      return spool.append(results.map((result) => JSON.stringify(result)));
    },

    summary: () => ({ ...counts, documents }),

    refusal: () => {
      const refused = counts.invalid + counts.conflict + counts.refused;
      if (refused === 0) return Option.none();
      const more = totalFaults - faults.length;
      const rest = more > 0 ? `; ${more} more faults are not listed` : "";
      const message = `${refused} of ${documents} documents cannot be applied, so none was${rest}`;
      return Option.some(new InvalidInput({ message, faults }));
    },

    // The cast is trust in what `append` wrote.
    stream: Stream.mapChunks(
      spool.lines,
      Chunk.map((line) => JSON.parse(line) as DocumentResult),
    ),
  };
};
