/**
 * Use case: apply many documents.
 *
 * Two passes, so that what is told of a document takes account of all the others, in memory that does not grow with their
 * size: the first validates and spools them, and keeps of each only its reference; the second applies them in groups.
 */
import {
  type BatchOptions,
  type BatchSummary,
  type DocumentResult,
  MAX_ATOMIC,
  MAX_DOCUMENTS,
  type ReadDocument,
} from "@cadastre/domain/Batch";
import type { Source } from "@cadastre/domain/Entity";
import type { EntityStore } from "@cadastre/domain/EntityStore";
import { type InvalidInput, StoreUnavailable } from "@cadastre/domain/Errors";
import type { EventLog } from "@cadastre/domain/EventLog";
import type { Identifiers } from "@cadastre/domain/Identifiers";
import type { Caller } from "@cadastre/domain/Principal";
import { Spool } from "@cadastre/domain/Spool";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Wakeups } from "@cadastre/domain/Wakeups";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { identity } from "effect/Function";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";
import * as Applier from "./internal/applier.ts";
import * as Commit from "./internal/commit.ts";
import { inGroups } from "./internal/groups.ts";
import { parse } from "./internal/preparation.ts";
import { retryLostRaces } from "./internal/races.ts";
import { type Reading, readAll } from "./internal/reading.ts";
import * as Results from "./internal/results.ts";

export interface ApplyOptions extends BatchOptions {
  /** Where the documents come from, for callers inside the program; undefined: as `Caller.via` says. Never taken from the wire. */
  readonly source?: Source | undefined;
}

interface BatchReport {
  readonly summary: BatchSummary;
  /** One result a document, in the order of the stream. */
  readonly results: Stream.Stream<DocumentResult, StoreUnavailable>;
}

export class Batches extends Context.Tag("@cadastre/core/Batches")<
  Batches,
  {
    /**
     * Reads the whole stream first, then applies it. A reference that occurs twice is a conflict of all its places, and none
     * of them is applied. In `best-effort` mode documents go in by groups, each in one transaction; a call that is
     * interrupted leaves the groups before. In `atomic` mode anything that is not applicable fails the call with
     * `InvalidInput`, whose faults (at most 1000) have paths that start with the document's index (`/3/metadata/name`), and
     * nothing is changed. A dry run gives the same results, less the uids of what would be created.
     *
     * Fails with `InvalidInput` before anything is changed if the stream has more than `MAX_DOCUMENTS`, or `MAX_ATOMIC` in
     * `atomic` mode.
     */
    readonly apply: <E, R>(
      documents: Stream.Stream<ReadDocument, E, R>,
      options: ApplyOptions,
    ) => Effect.Effect<BatchReport, E | Denied | InvalidInput, R | Caller | Scope.Scope>;
  }
>() {}

/** What runs an effect as one transaction, or as it is. */
type Around = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreUnavailable, R>;

const make = Effect.gen(function* () {
  const spool = yield* Spool;
  const commit = yield* Commit.make;
  const apply = yield* Applier.make;

  const applyGroups = Effect.fnUntraced(function* (reading: Reading, options: Applier.Options, aroundGroup: Around) {
    const results = Results.make(yield* spool.make);
    yield* Stream.runForEach(inGroups(reading.lines), (group) =>
      Effect.flatMap(aroundGroup(apply(group.map(parse), reading.register, options)), results.append),
    );
    return results;
  });

  const applyAll = Effect.fnUntraced(function* (reading: Reading, options: ApplyOptions) {
    const isAtomic = options.mode === "atomic";
    const isRecording = !options.dryRun && !(isAtomic && reading.isFaulty);
    const transaction: Around = isRecording ? (effect) => retryLostRaces(commit(effect)) : identity;

    if (!isAtomic) return yield* applyGroups(reading, { ...options, isRecording }, transaction);
    return yield* transaction(
      Effect.tap(applyGroups(reading, { ...options, isRecording }, identity), (results) =>
        Option.match(results.refusal(), { onNone: () => Effect.void, onSome: Effect.fail }),
      ),
    );
  });

  return Batches.of({
    apply: (documents, options) =>
      Effect.gen(function* () {
        const limit = options.mode === "atomic" ? MAX_ATOMIC : MAX_DOCUMENTS;
        const reading = yield* readAll(documents, yield* spool.make, limit);
        const results = yield* Effect.catchTag(applyAll(reading, options), "RevisionConflict", () => overtaken);
        return { summary: results.summary(), results: results.stream };
      }).pipe(Effect.withSpan("Batches.apply")),
  });
});

const overtaken = Effect.fail(
  new StoreUnavailable({ message: "other writers kept changing the same entities: apply the batch again" }),
);

export const layer: Layer.Layer<Batches, never, EntityStore | EventLog | UnitOfWork | Identifiers | Spool | Wakeups> =
  Layer.effect(
    Batches,
    Effect.map(make, (batches) => authorize(batches, { apply: "catalog:write" })),
  );
