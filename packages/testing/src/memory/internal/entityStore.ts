import type { EntityText, EntityUid } from "@cadastre/domain/Entity";
import { type EntitySelector, type EntityStore, MAX_RELATIONS } from "@cadastre/domain/EntityStore";
import { RevisionConflict } from "@cadastre/domain/Errors";
import type { ReferenceKey } from "@cadastre/domain/Reference";
import { type Edge, INVERSES, type RelationType } from "@cadastre/domain/Relation";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Database } from "./database.ts";
import * as EntityRow from "./entityRow.ts";

export const make = (database: Database): Context.Tag.Service<EntityStore> => {
  const { entities, uids, edges } = database;

  const locate = (selector: EntitySelector): EntityRow.EntityRow | undefined => {
    const uid = selector._tag === "Uid" ? selector.uid : uids.get(selector.key);
    return uid === undefined ? undefined : entities.get(uid);
  };

  const show = (row: EntityRow.EntityRow): EntityText => {
    const all = relationsOf(edges.at(row.key), row.key);
    const relations = all
      .slice(0, MAX_RELATIONS)
      .map(({ type, target }) => ({ type, targetRef: target, ...(uids.has(target) ? {} : { dangling: true }) }));
    const envelope = EntityRow.parse(row.envelope);
    const status = all.length > MAX_RELATIONS ? { ...envelope.status, relationsTruncated: true } : envelope.status;
    return { uid: row.uid, revision: row.revision, json: JSON.stringify({ ...envelope, status, relations }) };
  };

  const insert = (row: EntityRow.EntityRow): void => {
    if (uids.has(row.key) || entities.has(row.uid)) throw conflict(`${row.key} is taken`, uids, entities, row);
    put(row, []);
  };

  const replace = (row: EntityRow.EntityRow): void => {
    const before = entities.get(row.uid);
    if (before?.revision !== row.revision - 1) {
      throw conflict(`revision ${row.revision - 1} of ${row.key} is not the one in force`, uids, entities, row);
    }
    if (before.key !== row.key) throw new Error(`${before.key} cannot become ${row.key}`);
    put(row, before.edges);
  };

  const put = (row: EntityRow.EntityRow, declaredBefore: ReadonlyArray<Edge>): void => {
    entities.set(row.uid, row);
    uids.set(row.key, row.uid);
    edges.replace(row.uid, declaredBefore, row.edges);
  };

  return {
    read: (selector) => database.statement(Effect.sync(() => Option.map(Option.fromNullable(locate(selector)), show))),

    list: (query) =>
      database.statement(
        Effect.sync(() => {
          const compare = EntityRow.comparePlaces(query.order);
          const { after } = query;
          const rows = entities
            .values()
            .filter((row) => EntityRow.matches(row, query))
            .map((row) => ({ row, place: EntityRow.placeOf(row, query) }))
            .filter(({ place }) => after === undefined || compare(place, after) > 0)
            .sort((a, b) => compare(a.place, b.place));
          const page = rows.slice(0, query.limit);
          return {
            items: page.map(({ row, place }) => ({ ...show(row), place })),
            next: rows.length > page.length ? page.at(-1)?.place : undefined,
          };
        }),
      ),

    find: (selector) =>
      database.statement(Effect.sync(() => Option.map(Option.fromNullable(locate(selector)), EntityRow.recordOf))),

    findMany: (keys) =>
      database.statement(
        Effect.sync(() => {
          const rows = keys.flatMap((key) => locate({ _tag: "Key", key }) ?? []);
          return new Map(rows.map((row) => [row.key, EntityRow.recordOf(row)]));
        }),
      ),

    save: (writes) =>
      database.inTransaction(
        Effect.try({
          try: () => {
            for (const row of writes.map(EntityRow.make)) row.revision === 1 ? insert(row) : replace(row);
          },
          catch: (error) => {
            if (error instanceof RevisionConflict) return error;
            throw error;
          },
        }),
      ),

    remove: (uid) =>
      database.inTransaction(
        Effect.sync(() => {
          const row = entities.get(uid);
          if (row === undefined) return;
          edges.replace(uid, row.edges, []);
          uids.delete(row.key);
          entities.delete(uid);
        }),
      ),

    dependents: (key, limit) =>
      database.statement(
        Effect.sync(() => {
          const needing = new Set(edges.at(key).flatMap((edge) => (edge.to === key ? edge.from : [])));
          const references = [...needing]
            .filter((from) => from !== key && locate({ _tag: "Key", key: from })?.state === "active")
            .sort(EntityRow.compareTexts);
          return { references: references.slice(0, limit), total: references.length };
        }),
      ),
  };
};

const conflict = (
  message: string,
  uids: Database["uids"],
  entities: Database["entities"],
  row: EntityRow.EntityRow,
): RevisionConflict => {
  const uid: EntityUid | undefined = uids.get(row.key);
  const current = uid === undefined ? undefined : entities.get(uid)?.revision;
  return new RevisionConflict({ message, ...(current === undefined ? {} : { current }) });
};

interface Relation {
  readonly type: RelationType;
  readonly target: ReferenceKey;
}

/** Every edge as `key` reads it, each once; one that leads from an entity to itself has two readings. */
const relationsOf = (edges: ReadonlyArray<Edge>, key: ReferenceKey): ReadonlyArray<Relation> => {
  const relations = new Map<string, Relation>();
  const add = (type: RelationType, target: ReferenceKey) => relations.set(`${type} ${target}`, { type, target });
  for (const { type, from, to } of edges) {
    if (from === key) add(type, to);
    if (to === key) add(INVERSES[type], from);
  }
  return [...relations.values()].sort(
    (a, b) => EntityRow.compareTexts(a.type, b.type) || EntityRow.compareTexts(a.target, b.target),
  );
};
