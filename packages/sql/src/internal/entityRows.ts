/**
 * How an entity is laid out in rows. Text that is compared or sorted is kept in lower case, made by JavaScript: databases
 * differ in what they hold to be lower case.
 */
import { type EntityRecord, referenceOf } from "@cadastre/domain/Entity";
import { sortedTitle } from "@cadastre/domain/EntityQuery";
import type { EntityWrite } from "@cadastre/domain/EntityStore";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Reference from "@cadastre/domain/Reference";
import * as Relation from "@cadastre/domain/Relation";
import * as Effect from "effect/Effect";
import type { Insertion } from "../Engine.ts";
import * as searchRows from "./searchRows.ts";
import type { Conflict, Statements } from "./statements.ts";

const COLUMNS = [
  "uid",
  "key",
  "kind",
  "namespace",
  "name",
  "title",
  "owner",
  "state",
  "revision",
  "created_at",
  "updated_at",
  "envelope",
  "spelling",
];

export const INSERTION: Insertion = { into: "entities", columns: COLUMNS, ending: "RETURNING id, uid, rank" };

/** What a revision can change; its reference, uid and creation stay. */
export const UPSERTION: Insertion = {
  ...INSERTION,
  ending: `ON CONFLICT (uid) DO UPDATE SET ${[
    "title",
    "owner",
    "state",
    "revision",
    "updated_at",
    "envelope",
    "spelling",
  ]
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")} WHERE entities.revision = excluded.revision - 1 RETURNING id, uid, rank`,
};

export const keyOf = (record: EntityRecord): Reference.ReferenceKey => Reference.key(referenceOf(record.document));

/** The values of {@link COLUMNS}. */
export const valuesOf = (record: EntityRecord, envelope: string): ReadonlyArray<unknown> => {
  const { kind, metadata } = record.document;
  return [
    record.uid,
    keyOf(record),
    kind.toLowerCase(),
    metadata.namespace.toLowerCase(),
    metadata.name.toLowerCase(),
    sortedTitle(metadata.title),
    Relation.ownerOf(record.document) ?? null,
    record.state,
    record.revision,
    record.createdAt,
    record.updatedAt,
    envelope,
    kind,
  ];
};

type Save = (writes: ReadonlyArray<EntityWrite>) => Effect.Effect<boolean, Conflict | StoreUnavailable>;

/**
 * Inserts entities by `insertion` with all that hangs on them. False: it did not take some, and nothing that hangs on any
 * was written.
 */
export const inserter = (statements: Statements, insertion: Insertion): Save => {
  const insertEntities = statements.insert(insertion);
  const insertEdges = statements.insert({
    into: "edges",
    columns: ["declared_by", "position", "type", "from_key", "to_key"],
  });
  const insertTags = statements.insert({ into: "entity_tags", columns: ["entity_id", "tag"] });
  const insertWords = searchRows.inserter(statements);
  const insertLabels = statements.insert({ into: "entity_labels", columns: ["entity_id", "label", "value"] });

  return Effect.fnUntraced(function* (writes) {
    const rows = yield* insertEntities(writes.map(({ record, envelope }) => valuesOf(record, envelope)));
    if (rows.length < writes.length) return false;
    const stored = new Map(rows.map((row) => [row["uid"], row]));
    const edges: Array<ReadonlyArray<unknown>> = [];
    const tags: Array<ReadonlyArray<unknown>> = [];
    const labels: Array<ReadonlyArray<unknown>> = [];
    const indexed: Array<searchRows.Indexed> = [];
    for (const write of writes) {
      const { document } = write.record;
      const { id, rank } = stored.get(write.record.uid) ?? {};
      write.edges.forEach((edge, position) => {
        edges.push([id, position, edge.type, edge.from, edge.to]);
      });
      indexed.push({ rank: Number(rank), document });
      for (const tag of new Set(document.metadata.tags)) tags.push([id, tag]);
      for (const [label, value] of Object.entries(document.metadata.labels ?? {})) labels.push([id, label, value]);
    }
    yield* insertEdges(edges);
    yield* insertTags(tags);
    yield* insertLabels(labels);
    yield* insertWords(indexed);
    return true;
  });
};
