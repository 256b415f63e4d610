/**
 * A stored entity: its envelope as text, and the columns that lists look at.
 */
import { type EntityRecord, type EntityState, type EntityUid, type Envelope, toRecord } from "@cadastre/domain/Entity";
import { type EntityQuery, type SortField, type SortOrder, sortedTitle } from "@cadastre/domain/EntityQuery";
import type { EntityWrite } from "@cadastre/domain/EntityStore";
import * as Reference from "@cadastre/domain/Reference";
import * as Relation from "@cadastre/domain/Relation";
import * as SearchText from "@cadastre/domain/SearchText";
import * as Predicates from "../Predicates.ts";

type SortValue = string | number | null;

export interface EntityRow {
  readonly uid: EntityUid;
  readonly key: Reference.ReferenceKey;
  readonly revision: number;
  readonly state: EntityState;
  readonly envelope: string;
  readonly edges: ReadonlyArray<Relation.Edge>;
  readonly sort: { readonly [Field in Exclude<SortField, "relevance">]: SortValue };
  /** Each word by the place of the first field that has it, from 1. */
  readonly words: ReadonlyMap<string, number>;
  readonly tags: ReadonlyArray<string>;
  readonly labels: { readonly [key: string]: string };
}

export const recordOf = (row: EntityRow): EntityRecord => toRecord(parse(row.envelope));

/** The cast is the store's trust in its own text: `save` keeps nothing but what `toEnvelope` made. */
export const parse = (envelope: string): Envelope => JSON.parse(envelope) as Envelope;

export const make = ({ envelope, edges }: Omit<EntityWrite, "record">): EntityRow => {
  const record = toRecord(parse(envelope));
  const { kind, metadata } = record.document;
  const key = Reference.key({ kind, namespace: metadata.namespace, name: metadata.name });
  return {
    uid: record.uid,
    key,
    revision: record.revision,
    state: record.state,
    envelope,
    edges,
    sort: {
      name: metadata.name.toLowerCase(),
      kind: kind.toLowerCase(),
      namespace: metadata.namespace.toLowerCase(),
      title: sortedTitle(metadata.title),
      owner: Relation.ownerOf(record.document) ?? null,
      createdAt: record.createdAt,
      updatedAt: record.updatedAt,
    },
    words: new Map(
      Object.values(SearchText.fieldsOf(record.document)).flatMap((words, i) => words.map((word) => [word, i + 1])),
    ),
    tags: metadata.tags ?? [],
    labels: metadata.labels ?? {},
  };
};

export const matches = (row: EntityRow, query: EntityQuery): boolean =>
  isAnyOf(String(row.sort.kind), query.kinds) &&
  isAnyOf(String(row.sort.namespace), query.namespaces) &&
  isAnyOf(String(row.sort.owner ?? ""), query.owners) &&
  query.tags.every((tag) => row.tags.includes(tag)) &&
  query.labels.every(
    ({ key, value }) => Object.hasOwn(row.labels, key) && (value === undefined || row.labels[key] === value),
  ) &&
  (query.states.length === 0 || query.states.includes(row.state)) &&
  (query.text === undefined || relevanceOf(row, query.text) !== undefined) &&
  (query.where === undefined ||
    Predicates.holds(query.where, { envelope: JSON.parse(row.envelope), owner: String(row.sort.owner ?? "") }));

/** By how many fields it takes, then if the last word is complete, then how long the name is. Undefined: not found. */
const relevanceOf = ({ words, sort }: EntityRow, text: string): number | undefined => {
  const { words: complete, beginning } = SearchText.parse(text);
  if (beginning === undefined) return undefined;
  const begun = Math.min(...[...words].map(([word, field]) => (word.startsWith(beginning) ? field : Infinity)));
  const others = Math.max(0, ...complete.map((word) => words.get(word) ?? Infinity));
  const fields = Math.max(begun, others);
  const isComplete = (words.get(beginning) ?? Infinity) <= fields;
  return Number.isFinite(fields)
    ? (2 * fields + (isComplete ? 0 : 1)) * 1000 + Math.min([...String(sort.name)].length, 255)
    : undefined;
};

const isAnyOf = (value: string, wanted: ReadonlyArray<string>): boolean =>
  wanted.length === 0 || wanted.some((one) => one.toLowerCase() === value.toLowerCase());

interface Place {
  readonly uid: EntityUid;
  readonly value: SortValue;
}

export const placeOf = (row: EntityRow, { order, text }: EntityQuery): Place => ({
  uid: row.uid,
  value: order.field === "relevance" ? (relevanceOf(row, text ?? "") ?? null) : row.sort[order.field],
});

/** Entities without a value come last in both directions; the uid decides between equals, in the same direction. */
export const comparePlaces =
  (order: SortOrder) =>
  (a: Place, b: Place): number => {
    if (a.value === null || b.value === null) {
      if (a.value !== b.value) return a.value === null ? 1 : -1;
      return order.descending ? compareTexts(b.uid, a.uid) : compareTexts(a.uid, b.uid);
    }
    const ascending = compareValues(a.value, b.value) || compareTexts(a.uid, b.uid);
    return order.descending ? -ascending : ascending;
  };

const compareValues = (a: string | number, b: string | number): number =>
  typeof a === "number" && typeof b === "number" ? a - b : compareTexts(String(a), String(b));

/** By code point, as databases compare UTF-8; JavaScript's own `<` compares UTF-16 units, which differs above U+FFFF. */
export const compareTexts = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
