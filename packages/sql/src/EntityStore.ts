import { type EntityRecord, type EntityText, type EntityUid, type Envelope, toRecord } from "@cadastre/domain/Entity";
import type { EntityPage, EntityQuery } from "@cadastre/domain/EntityQuery";
import type { EntityStore, EntityWrite } from "@cadastre/domain/EntityStore";
import { RevisionConflict } from "@cadastre/domain/Errors";
import type { Row } from "@effect/sql/SqlConnection";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Engine } from "./Engine.ts";
import * as entityRows from "./internal/entityRows.ts";
import * as listing from "./internal/listing.ts";
import { relationsOf, withRelations } from "./internal/relations.ts";
import * as selecting from "./internal/selecting.ts";
import * as Statements from "./internal/statements.ts";

export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<EntityStore> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);

  const shown = sql`SELECT e.uid, e.revision, e.envelope, ${relationsOf(sql, dialect)} AS relations FROM entities e`;
  const readByUid = statements.prepare(sql`${shown} WHERE e.uid = ${"uid"}`);
  const readByKey = statements.prepare(sql`${shown} WHERE e.key = ${"key"}`);

  const readMany = statements.prepare(sql`${shown} WHERE e.uid IN (${dialect.texts("uids")})`);

  /** Places first, whole entities then: were they read at once, they would be for every row that a sort has to see. */
  const readPage = Effect.fnUntraced(function* (query: EntityQuery) {
    const selection = yield* selecting.select(sql, dialect, statements, query);
    if (selection._tag === "One") {
      return yield* statements.run(sql`
        WITH page AS (${selection.places})
        SELECT e.uid, e.revision, e.envelope, page.sort, ${relationsOf(sql, dialect)} AS relations
        FROM page JOIN entities e ON e.id = page.id
        ORDER BY ${listing.inOrder(sql, query.order, "page")}`);
    }
    const places = yield* selecting.read(statements, selection.sources, query);
    const rows = yield* readMany({ uids: JSON.stringify(places.map((row) => row["uid"])) });
    const byUid = new Map(rows.map((row) => [row["uid"], row]));
    // What was removed in between is left out.
    return places.flatMap((place) => {
      const row = byUid.get(place["uid"]);
      return row === undefined ? [] : [{ ...row, sort: place["sort"] }];
    });
  });

  const found = sql`SELECT key, envelope FROM entities`;
  const findByUid = statements.prepareLocking(sql`${found} WHERE uid = ${"uid"}`);
  const findByKey = statements.prepareLocking(sql`${found} WHERE key = ${"key"}`);
  const findByKeys = statements.prepareLocking(sql`${found} WHERE key IN (${dialect.texts("keys")})`);

  const selectRevisions = statements.prepareLocking(
    sql`SELECT uid, key, revision FROM entities WHERE key IN (${dialect.texts("keys")})`,
  );
  const entitiesOf = sql`IN (SELECT id FROM entities WHERE uid IN (${dialect.texts("uids")}))`;
  const clearWords = statements.prepareWrite(
    sql`DELETE FROM entity_search WHERE rowid IN (SELECT rank FROM entities WHERE uid IN (${dialect.texts("uids")}))`,
  );
  const clear = [
    clearWords,
    statements.prepareWrite(sql`DELETE FROM edges WHERE declared_by ${entitiesOf}`),
    statements.prepareWrite(sql`DELETE FROM entity_tags WHERE entity_id ${entitiesOf}`),
    statements.prepareWrite(sql`DELETE FROM entity_labels WHERE entity_id ${entitiesOf}`),
  ];
  const upsert = entityRows.inserter(statements, entityRows.UPSERTION);
  const remove = statements.prepareWrite(sql`DELETE FROM entities WHERE uid = ${"uid"}`);

  const selectDependents = statements.prepare(sql`
    SELECT d.from_key, count(*) OVER () AS total
    FROM (SELECT DISTINCT from_key FROM edges WHERE to_key = ${"key"} AND from_key <> ${"key"}) d
    JOIN entities e ON e.key = d.from_key AND e.state = 'active'
    ORDER BY d.from_key
    LIMIT ${"limit"}`);

  /** Fails unless each write is of the revision after the one in force. */
  const guard = Effect.fnUntraced(function* (writes: ReadonlyArray<EntityWrite>) {
    const keys = JSON.stringify(writes.map(({ record }) => entityRows.keyOf(record)));
    const stored = new Map((yield* selectRevisions({ keys })).map((row) => [row["key"], row]));
    for (const { record } of writes) {
      const row = stored.get(entityRows.keyOf(record));
      const isNext =
        record.revision === 1
          ? row === undefined
          : row !== undefined && row["uid"] === record.uid && row["revision"] === record.revision - 1;
      if (!isNext) return yield* conflict(record, row);
    }
  });

  return {
    read: (selector) =>
      Effect.map(selector._tag === "Uid" ? readByUid(selector) : readByKey(selector), ([row]) =>
        Option.map(Option.fromNullable(row), toText),
      ),

    list: (query) =>
      query.where?._tag === "Never"
        ? Effect.succeed({ items: [], next: undefined })
        : Effect.map(readPage(query), (rows) => pageOf(query, rows)),

    find: (selector) =>
      Effect.map(selector._tag === "Uid" ? findByUid(selector) : findByKey(selector), ([row]) =>
        Option.map(Option.fromNullable(row), recordOf),
      ),

    findMany: (keys) =>
      Effect.map(
        findByKeys({ keys: JSON.stringify(keys) }),
        (rows) => new Map(rows.map((row) => [String(row["key"]), recordOf(row)])),
      ),

    save: Effect.fnUntraced(function* (writes) {
      yield* guard(writes);
      const replaced = writes.filter(({ record }) => record.revision > 1).map(({ record }) => record.uid);
      if (replaced.length > 0) yield* Effect.forEach(clear, (run) => run({ uids: JSON.stringify(replaced) }));
      const saved = yield* Effect.catchTag(upsert(writes), "Conflict", () => Effect.succeed(false));
      // Other writers were faster between the guard and the insert, where the database lets them.
      if (!saved) return yield* new RevisionConflict({ message: "another writer stored one of the entities first" });
    }),

    remove: (uid) => Effect.zipRight(clearWords({ uids: JSON.stringify([uid]) }), Effect.asVoid(remove({ uid }))),

    dependents: (key, limit) =>
      Effect.map(selectDependents({ key, limit }), (rows) => ({
        references: rows.map((row) => String(row["from_key"])),
        total: Number(rows[0]?.["total"] ?? 0),
      })),
  };
};

/** The casts are the store's trust in its own columns, which are typed: this runs for every entity that is shown. */
const toText = (row: Row): EntityText => ({
  uid: row["uid"] as EntityUid,
  revision: Number(row["revision"]),
  json: withRelations(row["envelope"] as string, row["relations"] as string | null),
});

const pageOf = (query: EntityQuery, rows: ReadonlyArray<Row>): EntityPage => {
  const items = rows.slice(0, query.limit).map((row) => ({ ...toText(row), place: listing.placeOf(row) }));
  return { items, next: rows.length > query.limit ? items.at(-1)?.place : undefined };
};

/** The cast is the store's trust in its own text: `save` keeps nothing but what `toEnvelope` made. */
const recordOf = (row: Row): EntityRecord => toRecord(JSON.parse(String(row["envelope"])) as Envelope);

const conflict = (record: EntityRecord, stored: Row | undefined): RevisionConflict => {
  const key = entityRows.keyOf(record);
  if (stored === undefined) return new RevisionConflict({ message: `${key} is not registered any more` });
  const current = Number(stored["revision"]);
  return new RevisionConflict({
    message: record.revision === 1 ? `${key} is taken` : `${key} is at revision ${current} by now`,
    current,
  });
};
