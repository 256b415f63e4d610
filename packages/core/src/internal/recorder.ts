/**
 * Carries out decisions: each change becomes a stored revision and the one event that tells of it.
 */
import { type EntityRecord, referenceOf, toEnvelope } from "@cadastre/domain/Entity";
import { EntityStore, type EntityWrite } from "@cadastre/domain/EntityStore";
import type { RevisionConflict, StoreUnavailable } from "@cadastre/domain/Errors";
import type { ChangeEvent, EventType } from "@cadastre/domain/Event";
import { EventLog } from "@cadastre/domain/EventLog";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { Caller } from "@cadastre/domain/Principal";
import * as Reference from "@cadastre/domain/Reference";
import { edgesOf } from "@cadastre/domain/Relation";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Decision } from "./decision.ts";
import { difference } from "./difference.ts";

export interface Recorder {
  /** The records after the decisions, in their order. Only inside a transaction. */
  readonly record: (
    decisions: ReadonlyArray<Decision>,
    now: number,
  ) => Effect.Effect<ReadonlyArray<EntityRecord>, RevisionConflict | StoreUnavailable, Caller>;

  /** Removes an entity. Only inside a transaction. */
  readonly remove: (record: EntityRecord, now: number) => Effect.Effect<void, StoreUnavailable, Caller>;
}

export const make: Effect.Effect<Recorder, never, EntityStore | EventLog | Identifiers> = Effect.gen(function* () {
  const store = yield* EntityStore;
  const log = yield* EventLog;
  const identifiers = yield* Identifiers;

  return {
    record: Effect.fnUntraced(function* (decisions, now) {
      const caller = yield* Caller;
      const records: Array<EntityRecord> = [];
      const writes: Array<EntityWrite> = [];
      const events: Array<ChangeEvent> = [];
      for (const decision of decisions) {
        const record =
          decision.action === "created" ? { uid: yield* identifiers.entityUid, ...decision.record } : decision.record;
        records.push(record);
        if (decision.action === "unchanged") continue;
        const before = decision.action === "updated" ? decision.before : undefined;
        const envelope = JSON.stringify(toEnvelope(record));
        writes.push({ record, envelope, edges: edgesOf(record.document) });
        events.push({
          ...origin(caller, yield* identifiers.eventId, now),
          ...subject(record),
          type: typeOf(before, record),
          revision: record.revision,
          patch: before === undefined ? [] : difference(before, record),
          envelope,
        });
      }
      if (writes.length > 0) {
        yield* store.save(writes);
        yield* log.append(events);
      }
      return records;
    }),

    remove: Effect.fnUntraced(function* (record, now) {
      const caller = yield* Caller;
      yield* store.remove(record.uid);
      yield* log.append([
        {
          ...origin(caller, yield* identifiers.eventId, now),
          ...subject(record),
          type: "entity.deleted",
          revision: record.revision + 1,
          patch: [],
          envelope: JSON.stringify(toEnvelope(record)),
        },
      ]);
    }),
  };
});

const origin = (caller: Context.Tag.Service<Caller>, id: string, at: number) => ({
  id,
  at,
  actor: caller.principal.id,
  via: caller.via,
  requestId: caller.requestId,
  traceparent: caller.traceparent,
});

const subject = ({ uid, document }: EntityRecord) => ({ uid, reference: Reference.key(referenceOf(document)) });

const typeOf = (before: EntityRecord | undefined, after: EntityRecord): EventType => {
  if (before === undefined) return "entity.created";
  if (before.state === after.state) return "entity.updated";
  return after.state === "active" ? "entity.activated" : "entity.deactivated";
};
