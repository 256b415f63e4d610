/**
 * The port behind which entities are kept.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { EntityRecord, EntityText, EntityUid } from "./Entity.ts";
import type { EntityPage, EntityQuery } from "./EntityQuery.ts";
import type { RevisionConflict, StoreUnavailable } from "./Errors.ts";
import type { ReferenceKey } from "./Reference.ts";
import type { Edge } from "./Relation.ts";

/** One entity, by what the server calls it or by what people call it. */
export type EntitySelector =
  | { readonly _tag: "Uid"; readonly uid: EntityUid }
  | { readonly _tag: "Key"; readonly key: ReferenceKey };

export const byUid = (uid: EntityUid): EntitySelector => ({ _tag: "Uid", uid });

export const byKey = (key: ReferenceKey): EntitySelector => ({ _tag: "Key", key });

/** One record to be stored. */
export interface EntityWrite {
  readonly record: EntityRecord;
  /** `record` as JSON text, made once: the store keeps it and the event carries it. */
  readonly envelope: string;
  /** All the edges that the record's document declares; they replace those it declared before. */
  readonly edges: ReadonlyArray<Edge>;
}

export interface Dependents {
  /** Keys, in order; at most as many as were asked for. */
  readonly references: ReadonlyArray<ReferenceKey>;
  readonly total: number;
}

/** How many relations an entity shows at the most; `status.relationsTruncated` then says that there are more. */
export const MAX_RELATIONS = 1000;

export class EntityStore extends Context.Tag("@cadastre/domain/EntityStore")<
  EntityStore,
  {
    /**
     * One entity as complete JSON text: the stored envelope and, last, `relations`: every edge at either end of which it
     * stands, read from its side, each once, sorted by type and target, at most {@link MAX_RELATIONS}. A target that is not
     * registered has `"dangling": true`.
     */
    readonly read: (selector: EntitySelector) => Effect.Effect<Option.Option<EntityText>, StoreUnavailable>;

    /** A page of entities, each as {@link read} gives it, in the query's order with the uid as the last sort key. */
    readonly list: (query: EntityQuery) => Effect.Effect<EntityPage, StoreUnavailable>;

    /**
     * The record under a selector. Inside a transaction the record stays as it was read until the transaction ends: no
     * other writer can change it in between.
     */
    readonly find: (selector: EntitySelector) => Effect.Effect<Option.Option<EntityRecord>, StoreUnavailable>;

    /** As {@link find}, for many keys at once; keys that are not registered are absent from the result. */
    readonly findMany: (
      keys: ReadonlyArray<ReferenceKey>,
    ) => Effect.Effect<ReadonlyMap<ReferenceKey, EntityRecord>, StoreUnavailable>;

    /**
     * Stores records, all or none; only inside a transaction. A record with revision 1 is inserted, any other replaces the
     * revision before it. Fails with `RevisionConflict` if a reference is taken in the first case, or if the stored revision
     * is not the one before in the second.
     */
    readonly save: (writes: ReadonlyArray<EntityWrite>) => Effect.Effect<void, RevisionConflict | StoreUnavailable>;

    /** Removes an entity and the edges that it declared; only inside a transaction. Nothing happens if it is not there. */
    readonly remove: (uid: EntityUid) => Effect.Effect<void, StoreUnavailable>;

    /** The other active, registered entities that stand at the needing end of an edge to `key`. */
    readonly dependents: (key: ReferenceKey, limit: number) => Effect.Effect<Dependents, StoreUnavailable>;
  }
>() {}
