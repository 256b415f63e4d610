/**
 * Use cases on single entities.
 */
import { type EntityText, type EntityUid, referenceOf, type Source } from "@cadastre/domain/Entity";
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import { byKey, byUid, type EntitySelector, EntityStore } from "@cadastre/domain/EntityStore";
import {
  AlreadyExists,
  HasDependencies,
  type InvalidInput,
  type ManagedElsewhere,
  type NotFound,
  type PermissionDenied,
  type RevisionConflict,
  type StoreUnavailable,
} from "@cadastre/domain/Errors";
import type { EventLog } from "@cadastre/domain/EventLog";
import type { Expressions } from "@cadastre/domain/Expressions";
import type { Fault } from "@cadastre/domain/Fault";
import type { Identifiers } from "@cadastre/domain/Identifiers";
import { Caller } from "@cadastre/domain/Principal";
import * as Reference from "@cadastre/domain/Reference";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Wakeups } from "@cadastre/domain/Wakeups";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { authorize } from "./Authorization.ts";
import * as Commit from "./internal/commit.ts";
import { custody, sourceOf } from "./internal/decision.ts";
import * as Input from "./internal/input.ts";
import * as Listing from "./internal/listing.ts";
import { atRevision, existing, notFound } from "./internal/preconditions.ts";
import * as Recorder from "./internal/recorder.ts";
import { span } from "./internal/span.ts";
import * as Writer from "./internal/writer.ts";

export interface WriteOptions {
  /** The revision that must be in force, from `If-Match`; undefined: any. */
  readonly ifMatch?: number | undefined;
  /** Overrides a managed source and, for a deletion, dependents. */
  readonly force?: boolean | undefined;
  /** Where the write comes from, for callers inside the program; undefined: as `Caller.via` says. Never taken from the wire. */
  readonly source?: Source | undefined;
}

type CreateOptions = Pick<WriteOptions, "source">;

export interface Written {
  readonly entity: EntityText;
  readonly action: "created" | "updated" | "unchanged";
  readonly warnings: ReadonlyArray<Fault>;
}

/** What a document is to be put to: an entity that exists, or a reference that may be free. */
export type PutTarget =
  | { readonly _tag: "Uid"; readonly uid: EntityUid }
  | { readonly _tag: "Reference"; readonly reference: Reference.Reference };

type ListOptions = Listing.Options;

export type EntityList = Listing.EntityList;

/** What every use case can end with. */
export type Denied = PermissionDenied | StoreUnavailable;

type WriteError = Denied | InvalidInput | ManagedElsewhere | RevisionConflict;

export class Entities extends Context.Tag("@cadastre/core/Entities")<
  Entities,
  {
    readonly get: (selector: EntitySelector) => Effect.Effect<EntityText, Denied | NotFound, Caller>;

    /**
     * A page of the entities that match; only active ones unless `states` or the filter says otherwise. Where the store
     * cannot decide on the filter, a call evaluates at most 20,000 entities or for 250 ms: its page may be short, even empty,
     * and `next` goes on.
     */
    readonly list: (
      query: EntityQuery,
      options?: ListOptions,
    ) => Effect.Effect<EntityList, Denied | InvalidInput, Caller>;

    /** Registers a new entity. `input` is unchecked JSON. */
    readonly create: (
      input: unknown,
      options?: CreateOptions,
    ) => Effect.Effect<Written, Denied | InvalidInput | AlreadyExists, Caller>;

    /**
     * Replaces an entity, or creates it where the target is a free reference and no `ifMatch` was given. The document must
     * be of the target's reference (case may differ). The same document again changes nothing; one that says nothing of
     * `status.state` leaves the state as it is.
     */
    readonly put: (
      target: PutTarget,
      input: unknown,
      options?: WriteOptions,
    ) => Effect.Effect<Written, WriteError | NotFound, Caller>;

    /** Applies a JSON merge patch (RFC 7396) to the entity as it is read; `status.state` retires and revives. */
    readonly patch: (
      selector: EntitySelector,
      patch: unknown,
      options?: WriteOptions,
    ) => Effect.Effect<Written, WriteError | NotFound, Caller>;

    /** Deletes for good. Refused while active entities depend on the entity, unless forced. */
    readonly remove: (
      selector: EntitySelector,
      options?: WriteOptions,
    ) => Effect.Effect<void, Denied | NotFound | RevisionConflict | ManagedElsewhere | HasDependencies, Caller>;
  }
>() {}

/** Dependents that a refused deletion lists. */
const MAX_DEPENDENTS = 100;

const make = Effect.gen(function* () {
  const store = yield* EntityStore;
  const commit = yield* Commit.make;
  const recorder = yield* Recorder.make;
  const write = yield* Writer.make;
  const list = yield* Listing.make;

  return Entities.of({
    get: Effect.fnUntraced(function* (selector: EntitySelector) {
      const found = yield* store.read(selector);
      return yield* Effect.mapError(found, () => notFound(selector));
    }, span("Entities.get")),

    list: (query, options) => span("Entities.list")(list(query, options)),

    create: Effect.fnUntraced(function* (input: unknown, options: CreateOptions = {}) {
      const validated = yield* Input.read(input);
      const reference = Reference.format(referenceOf(validated.document));
      const taken = new AlreadyExists({ message: `${reference} is registered already: put or patch it`, reference });
      return yield* write(byKey(Reference.key(referenceOf(validated.document))), options, (current) =>
        current === undefined ? Either.right(validated) : Either.left(taken),
      ).pipe(
        Effect.catchTags({
          RevisionConflict: () => Effect.fail(taken),
          // Nobody keeps what is not there.
          ManagedElsewhere: Effect.die,
        }),
      );
    }, span("Entities.create")),

    put: Effect.fnUntraced(function* (target: PutTarget, input: unknown, options: WriteOptions = {}) {
      const validated = yield* Input.read(input);
      if (target._tag === "Uid") {
        const selector = byUid(target.uid);
        return yield* write(selector, options, (current) =>
          Either.flatMap(existing(selector, current, options.ifMatch), ({ document }) =>
            Input.readFor(referenceOf(document), validated),
          ),
        );
      }
      yield* Input.readFor(target.reference, validated);
      const selector = byKey(Reference.key(target.reference));
      return yield* write(selector, options, (current) =>
        Either.map(atRevision(selector, current, options.ifMatch), () => validated),
      );
    }, span("Entities.put")),

    patch: (selector, patch, options = {}) =>
      write(selector, options, (current) =>
        Either.flatMap(existing(selector, current, options.ifMatch), (record) => Input.readPatched(record, patch)),
      ).pipe(span("Entities.patch")),

    remove: Effect.fnUntraced(function* (selector: EntitySelector, options: WriteOptions = {}) {
      const { via } = yield* Caller;
      yield* commit(
        Effect.gen(function* () {
          const current = Option.getOrUndefined(yield* store.find(selector));
          const record = yield* existing(selector, current, options.ifMatch);
          yield* custody(record, { source: sourceOf(options.source, via), force: options.force });
          if (options.force !== true) yield* refuseDependents(store, referenceOf(record.document));
          yield* recorder.remove(record, yield* Clock.currentTimeMillis);
        }),
      );
    }, span("Entities.remove")),
  });
});

const refuseDependents = Effect.fnUntraced(function* (
  store: Context.Tag.Service<EntityStore>,
  reference: Reference.Reference,
) {
  const { references, total } = yield* store.dependents(Reference.key(reference), MAX_DEPENDENTS);
  if (total === 0) return;
  return yield* new HasDependencies({
    message: `${Reference.format(reference)} is needed by ${total} active ${total === 1 ? "entity" : "entities"}: change or retire them, or force the deletion`,
    dependents: references,
    total,
  });
});

export const layer: Layer.Layer<
  Entities,
  never,
  EntityStore | EventLog | UnitOfWork | Identifiers | Expressions | Wakeups
> = Layer.effect(
  Entities,
  Effect.map(make, (entities) =>
    authorize(entities, {
      get: "catalog:read",
      list: "catalog:read",
      create: "catalog:write",
      put: "catalog:write",
      patch: "catalog:write",
      remove: "catalog:write",
    }),
  ),
);
