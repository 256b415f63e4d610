/**
 * Use cases on what entities were: their revisions and what made them.
 */
import type { EntityText, EntityUid } from "@cadastre/domain/Entity";
import { type EntitySelector, EntityStore } from "@cadastre/domain/EntityStore";
import { NotFound } from "@cadastre/domain/Errors";
import type { SequencedEvent } from "@cadastre/domain/Event";
import { EventLog } from "@cadastre/domain/EventLog";
import type { Caller } from "@cadastre/domain/Principal";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { authorize } from "./Authorization.ts";
import type { Denied } from "./Entities.ts";
import { nameOf, notFound } from "./internal/preconditions.ts";

export interface HistoryQuery {
  /** Only revisions below this one. */
  readonly before?: number | undefined;
  /** JSON pointer: only changes to what stands there, in it or around it, and the creation. */
  readonly path?: string | undefined;
  readonly limit: number;
}

export interface HistoryPage {
  /** The latest first. */
  readonly items: ReadonlyArray<SequencedEvent>;
  /** `before` of the next page; undefined on the last one. */
  readonly next: number | undefined;
}

export class Histories extends Context.Tag("@cadastre/core/Histories")<
  Histories,
  {
    /** What made the revisions of an entity, of one that was deleted too. */
    readonly list: (uid: EntityUid, query: HistoryQuery) => Effect.Effect<HistoryPage, Denied | NotFound, Caller>;

    /** The envelope as a revision left it, without relations. A deleted entity is to be found by its uid alone. */
    readonly revision: (
      selector: EntitySelector,
      revision: number,
    ) => Effect.Effect<EntityText, Denied | NotFound, Caller>;
  }
>() {}

const make = Effect.gen(function* () {
  const store = yield* EntityStore;
  const log = yield* EventLog;

  const uidOf = (selector: EntitySelector) =>
    selector._tag === "Uid"
      ? Effect.succeed(selector.uid)
      : Effect.flatMap(
          store.find(selector),
          Option.match({ onNone: () => Effect.fail(notFound(selector)), onSome: ({ uid }) => Effect.succeed(uid) }),
        );

  return Histories.of({
    list: Effect.fn("Histories.list")(function* (uid: EntityUid, { limit, ...query }: HistoryQuery) {
      const found = yield* log.history(uid, { ...query, limit: limit + 1 });
      if (found.length === 0 && (yield* log.history(uid, { limit: 1 })).length === 0) {
        return yield* new NotFound({ message: `${uid} was never registered` });
      }
      const items = found.slice(0, limit);
      return { items, next: found.length > limit ? items.at(-1)?.revision : undefined };
    }),

    revision: Effect.fn("Histories.revision")(function* (selector: EntitySelector, revision: number) {
      const uid = yield* uidOf(selector);
      const event = Option.filter(yield* log.revision(uid, revision), ({ type }) => type !== "entity.deleted");
      const { envelope } = yield* Effect.mapError(
        event,
        () => new NotFound({ message: `there is no revision ${revision} of ${nameOf(selector)}` }),
      );
      return { uid, revision, json: envelope };
    }),
  });
});

export const layer: Layer.Layer<Histories, never, EntityStore | EventLog> = Layer.effect(
  Histories,
  Effect.map(make, (histories) => authorize(histories, { list: "catalog:read", revision: "catalog:read" })),
);
