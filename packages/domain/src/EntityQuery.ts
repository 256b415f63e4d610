/**
 * What a list asks for, and the cursor that continues it.
 *
 * Paging is by key, not by offset: a cursor holds the sort value and the uid of the last entity of a page, so pages stay
 * stable while others write. Text is sorted in lower case, by code point, of titles the first {@link SORTED_TITLE}
 * characters; equal values by uid, in the same direction.
 * Entities without a value for the sort field come last, ascending and descending.
 */
import * as Either from "effect/Either";
import * as Encoding from "effect/Encoding";
import * as Schema from "effect/Schema";
import type { EntityText } from "./Entity.ts";
import { type EntityState, EntityUid } from "./Entity.ts";
import type { Predicate } from "./Predicate.ts";
import type { ReferenceKey } from "./Reference.ts";

export const SortField = Schema.Literal(
  "name",
  "kind",
  "namespace",
  "title",
  "owner",
  "createdAt",
  "updatedAt",
  "relevance",
).annotations({
  identifier: "SortField",
});

export type SortField = typeof SortField.Type;

/** `relevance`, best first and never descending, is for queries with a text: names weigh most, then titles and tags. */
export interface SortOrder {
  readonly field: SortField;
  readonly descending: boolean;
}

/** The last entity of a page: `value` is what it was sorted by, text in lower case; null where it had none. */
export interface Cursor {
  readonly value: string | number | null;
  readonly uid: EntityUid;
}

/** Characters of a title that count for its place: an index holds no texts of any length. */
const SORTED_TITLE = 255;

/** What a title is sorted by. */
export const sortedTitle = (title: string | undefined): string | null => {
  const lower = title?.toLowerCase() ?? null;
  return lower === null || lower.length <= SORTED_TITLE ? lower : [...lower].slice(0, SORTED_TITLE).join("");
};

export const MAX_LIMIT = 1000;

export const DEFAULT_LIMIT = 50;

/** Every condition must hold. Empty lists ask for nothing. Kinds, namespaces and owners are compared without case. */
export interface EntityQuery {
  /** Any of these. */
  readonly kinds: ReadonlyArray<string>;
  /** Any of these. */
  readonly namespaces: ReadonlyArray<string>;
  /** Owned by any of these. */
  readonly owners: ReadonlyArray<ReferenceKey>;
  /** All of these. */
  readonly tags: ReadonlyArray<string>;
  /** All of these; a label without a value asks for its presence. */
  readonly labels: ReadonlyArray<{ readonly key: string; readonly value: string | undefined }>;
  /** Any of these; the use case turns an empty list into `active`. */
  readonly states: ReadonlyArray<EntityState>;
  /** Words that must all occur in the name, title, description, tags or owner, the last one as a beginning too. */
  readonly text?: string | undefined;
  /** A condition that the stored envelope must meet. */
  readonly where?: Predicate | undefined;
  readonly order: SortOrder;
  /** 1 to {@link MAX_LIMIT}. */
  readonly limit: number;
  readonly after: Cursor | undefined;
}

/** An entity of a page, with where a page that ends with it goes on. */
export interface ListedEntity extends EntityText {
  readonly place: Cursor;
}

export interface EntityPage {
  readonly items: ReadonlyArray<ListedEntity>;
  /** Where the next page starts; undefined on the last one. */
  readonly next: Cursor | undefined;
}

const CursorToken = Schema.parseJson(
  Schema.Tuple(SortField, Schema.Boolean, Schema.NullOr(Schema.Union(Schema.String, Schema.Number)), EntityUid),
);

const encodeToken = Schema.encodeSync(CursorToken);
const decodeToken = Schema.decodeUnknownEither(CursorToken);

/** The cursor as an opaque token. It carries its order, so that it cannot be used with another. */
export const encodeCursor = (order: SortOrder, cursor: Cursor): string =>
  Encoding.encodeBase64Url(encodeToken([order.field, order.descending, cursor.value, cursor.uid]));

/** Left: a sentence that says what is wrong with the token. */
export const decodeCursor = (order: SortOrder, token: string): Either.Either<Cursor, string> =>
  Encoding.decodeBase64UrlString(token).pipe(
    Either.flatMap(decodeToken),
    Either.mapLeft(() => "is not a cursor that this catalog gave out: use nextCursor of the page before, unchanged"),
    Either.flatMap(([field, descending, value, uid]) =>
      field === order.field && descending === order.descending
        ? Either.right({ value, uid })
        : Either.left("belongs to a list in another order: repeat the orderBy of the page it came from"),
    ),
  );
