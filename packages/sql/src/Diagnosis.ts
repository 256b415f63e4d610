/**
 * Checks of what the tables hold, the same on every database; how the database itself fares is its adapter's to tell.
 */
import type { Diagnosis, Finding } from "@cadastre/domain/Diagnosis";
import { type Envelope, toRecord } from "@cadastre/domain/Entity";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Relation from "@cadastre/domain/Relation";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment } from "@effect/sql/Statement";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Stream from "effect/Stream";
import type { Engine } from "./Engine.ts";
import { breathe } from "./internal/breathe.ts";
import * as entityRows from "./internal/entityRows.ts";
import * as eventRows from "./internal/eventRows.ts";
import * as Statements from "./internal/statements.ts";

export type Check = Effect.Effect<Finding, StoreUnavailable>;

/** The checks of the tables after those that the adapter adds. */
export const make = (
  engine: Context.Tag.Service<Engine>,
  own: ReadonlyArray<Check>,
): Context.Tag.Service<Diagnosis> => ({
  examine: Stream.mapEffect(Stream.fromIterable([...own, ...checksOf(engine)]), (check) => check),
});

export const good = (check: string, message: string): Finding => ({ check, state: "good", message });

export const note = (check: string, message: string, remedy?: string): Finding => ({
  check,
  state: "note",
  message,
  remedy,
});

export const bad = (check: string, message: string, remedy: string): Finding => ({
  check,
  state: "bad",
  message,
  remedy,
});

/** What is derived from documents is made anew on the way through an archive. */
const REBUILD =
  "Write the catalog out with `cadastre admin export --output all.ndjson` and read it into a new database with `cadastre admin import all.ndjson --db NEW`: what is derived from the documents is made anew there.";

const RESTORE = "Take the catalog back from a backup; where there is none, ask for help before anything is written.";

/** Rows that are read at once. */
const PAGE = 500;

const checksOf = (engine: Context.Tag.Service<Engine>): ReadonlyArray<Check> => {
  const { client: sql } = engine;
  const statements = Statements.make(engine);

  /** Counts rows that should not be; `sample` is what one of them is called by. */
  const none = (check: string, rows: Fragment, sample: string, words: Words, remedy: string): Check =>
    Effect.map(statements.run(sql`SELECT count(*) AS n, min(${sql.literal(sample)}) AS sample FROM ${rows}`), ([row]) =>
      verdict(check, Number(row?.["n"]), row?.["sample"], words, remedy),
    );

  const orphans = (check: string, table: string, column: string, noun: string): Check =>
    none(
      check,
      sql`${sql(table)} x WHERE NOT EXISTS (SELECT 1 FROM entities e WHERE e.id = x.${sql(column)})`,
      column,
      { all: `every ${noun} is of an entity`, some: (n) => `${n} of the ${noun}s are of no entity` },
      REBUILD,
    );

  const pageOfEntities = statements.prepare(sql`
    SELECT e.*,
      (SELECT count(*) FROM edges x WHERE x.declared_by = e.id) AS edges,
      (SELECT count(*) FROM entity_tags x WHERE x.entity_id = e.id) AS tags,
      (SELECT count(*) FROM entity_labels x WHERE x.entity_id = e.id) AS labels
    FROM entities e WHERE e.id > ${"after"} ORDER BY e.id LIMIT ${"limit"}`);
  const pageOfEvents = statements.prepare(
    sql`SELECT * FROM events WHERE sequence > ${"after"} ORDER BY sequence LIMIT ${"limit"}`,
  );

  /** Reads a table through and counts the rows that are not sound. */
  const each = (
    check: string,
    page: ReturnType<Statements.Statements["prepare"]>,
    key: string,
    isSound: (row: Row) => boolean,
    name: string,
    words: Words,
    remedy: string,
  ): Check =>
    Effect.gen(function* () {
      let count = 0;
      let sample: unknown;
      for (let after = 0; ; ) {
        const rows = yield* page({ after, limit: PAGE });
        for (const row of rows) {
          if (isSound(row)) continue;
          sample ??= row[name];
          count++;
        }
        if (rows.length < PAGE) return verdict(check, count, sample, words, remedy);
        after = Number(rows.at(-1)?.[key]);
        yield* breathe;
      }
    });

  return [
    each(
      "entities",
      pageOfEntities,
      "id",
      isEntitySound,
      "key",
      {
        all: "every entity is filed as its document says",
        some: (n) => `${n} entities are not filed as they should be`,
      },
      REBUILD,
    ),
    none(
      "revisions",
      sql`entities e WHERE e.revision IS DISTINCT FROM (SELECT max(v.revision) FROM events v WHERE v.uid = e.uid)`,
      "key",
      {
        all: "the last event of every entity is of its revision",
        some: (n) => `${n} entities are at another revision than their last event`,
      },
      RESTORE,
    ),
    each(
      "events",
      pageOfEvents,
      "sequence",
      isEventSound,
      "id",
      { all: "every event can be read", some: (n) => `${n} events cannot be read` },
      RESTORE,
    ),
    none(
      "history",
      // A subscription has events of its own, and not one for each of its revisions.
      sql`(SELECT uid FROM events WHERE type LIKE 'entity.%' GROUP BY uid HAVING count(*) <> max(revision)) gaps`,
      "uid",
      { all: "no history has a gap", some: (n) => `the histories of ${n} entities have gaps` },
      RESTORE,
    ),
    orphans("edges", "edges", "declared_by", "relation"),
    orphans("tags", "entity_tags", "entity_id", "tag"),
    orphans("labels", "entity_labels", "entity_id", "label"),
    none(
      "search-orphans",
      // Not by EXISTS, for the rank has no index, and not by NOT IN, for which one database has not always memory enough.
      sql`entity_search f LEFT JOIN (SELECT rank FROM entities) e ON e.rank = f.rowid WHERE e.rank IS NULL`,
      "f.rowid",
      { all: "search finds nothing that is not there", some: (n) => `search finds ${n} entities that are not there` },
      REBUILD,
    ),
    none(
      "search-missing",
      sql`entities e LEFT JOIN (SELECT rowid AS rank FROM entity_search) f ON f.rank = e.rank WHERE f.rank IS NULL`,
      "key",
      { all: "search finds every entity", some: (n) => `${n} entities are not found by search` },
      REBUILD,
    ),
  ];
};

interface Words {
  readonly all: string;
  readonly some: (count: number) => string;
}

const verdict = (check: string, count: number, sample: unknown, { all, some }: Words, remedy: string): Finding =>
  count === 0 ? good(check, all) : bad(check, `${some(count)}, such as ${String(sample)}`, remedy);

/** The columns are those that the envelope would be given now, and so many rows hang on it. */
const isEntitySound = (row: Row): boolean =>
  Either.getOrElse(
    Either.try(() => {
      // The cast is what is checked: anything that is no envelope throws or differs.
      const envelope = String(row["envelope"]);
      const record = toRecord(JSON.parse(envelope) as Envelope);
      const { tags, labels } = record.document.metadata;
      const values = entityRows.valuesOf(record, envelope);
      return (
        entityRows.INSERTION.columns.every((column, i) => row[column] === values[i]) &&
        Number(row["edges"]) === Relation.edgesOf(record.document).length &&
        Number(row["tags"]) === new Set(tags).size &&
        Number(row["labels"]) === Object.keys(labels ?? {}).length
      );
    }),
    () => false,
  );

const isEventSound = (row: Row): boolean =>
  Either.isRight(
    Either.try(() => {
      const { envelope, patch } = eventRows.decode(row);
      return [JSON.parse(envelope), patch];
    }),
  );
