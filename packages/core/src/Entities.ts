/**
 * Use cases on single entities. STUB: the interface that the doors build on.
 */

import type { EntityText, EntityUid } from "@cadastre/domain/Entity";
import type { EntityPage, EntityQuery } from "@cadastre/domain/EntityQuery";
import type { EntitySelector } from "@cadastre/domain/EntityStore";
import type {
  AlreadyExists,
  HasDependencies,
  InvalidInput,
  ManagedElsewhere,
  NotFound,
  PermissionDenied,
  RevisionConflict,
  StoreUnavailable,
} from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import type { Caller } from "@cadastre/domain/Principal";
import type { Reference } from "@cadastre/domain/Reference";
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";

export interface WriteOptions {
  /** The revision that must be in force, from `If-Match`; undefined: any. */
  readonly ifMatch?: number | undefined;
  /** Overrides a managed source and, for a deletion, dependents. */
  readonly force?: boolean | undefined;
}

export interface Written {
  readonly entity: EntityText;
  readonly action: "created" | "updated" | "unchanged";
  readonly warnings: ReadonlyArray<Fault>;
}

/** What a document is to be put to: an entity that exists, or a reference that may be free. */
export type PutTarget =
  | { readonly _tag: "Uid"; readonly uid: EntityUid }
  | { readonly _tag: "Reference"; readonly reference: Reference };

/** What every use case can end with. */
export type Denied = PermissionDenied | StoreUnavailable;

type WriteError = Denied | InvalidInput | ManagedElsewhere | RevisionConflict;

export class Entities extends Context.Tag("@cadastre/core/Entities")<
  Entities,
  {
    readonly get: (selector: EntitySelector) => Effect.Effect<EntityText, Denied | NotFound, Caller>;

    readonly list: (query: EntityQuery) => Effect.Effect<EntityPage, Denied, Caller>;

    /** Registers a new entity. `input` is unchecked JSON. */
    readonly create: (input: unknown) => Effect.Effect<Written, Denied | InvalidInput | AlreadyExists, Caller>;

    /**
     * Replaces an entity, or creates it where the target is a free reference and no `ifMatch` was given. The document must
     * be of the target's reference (case may differ). The same document again changes nothing.
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

    /** Deletes for good. */
    readonly remove: (
      selector: EntitySelector,
      options?: WriteOptions,
    ) => Effect.Effect<void, Denied | NotFound | RevisionConflict | ManagedElsewhere | HasDependencies, Caller>;
  }
>() {}
