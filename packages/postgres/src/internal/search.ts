/**
 * Full text over `tsvector`. A lexeme is the number of a field and a word that `SearchText` found there: the database's own
 * parsers and dictionaries have no part in it.
 */
import { FIELDS, type SearchText } from "@cadastre/domain/SearchText";
import type { RankedPage } from "@cadastre/sql/Engine";
import type { Constructor, Fragment } from "@effect/sql/Statement";

/** A row's id is the entity's rank: the length of its name, then its id in the lower 40 bits. */
const ID = "(f.rowid & 1099511627775)";

/** `sort` is the degree of relevance and, in the lower 48 bits, the rank. */
const DEGREE = 2 ** 48;

export const matching = (sql: Constructor, text: SearchText): Fragment =>
  sql`SELECT ${sql.literal(ID)} FROM entity_search f WHERE ${meets(sql, within(FIELDS.length, text))}`;

/**
 * What many have is found by walking the rows in their order, what few have by the index of words: the planner knows how
 * many have a word.
 */
export const ranked = (sql: Constructor, text: SearchText, { degree, among, after, limit }: RankedPage): Fragment => {
  const fields = Math.floor(degree / 2) + 1;
  const complete = within(fields, {
    words: [...text.words, ...(text.beginning === undefined ? [] : [text.beginning])],
    beginning: undefined,
  });
  const [these, ...better] = degree % 2 === 0 ? [complete] : [within(fields, text), complete];
  const nots = [...better, ...(fields === 1 ? [] : [within(fields - 1, text)])];
  const offset = degree * DEGREE;
  return sql`
    SELECT ${sql.literal(ID)} AS id, f.rowid + ${sql.literal(String(offset))} AS sort FROM entity_search f
    WHERE ${meets(sql, these)} AND f.rowid > ${sql.literal(String(Math.max(after - offset, 0)))}
      ${sql.join("", false)(nots.map((not) => sql` AND NOT ${meets(sql, not)}`))}
      ${among === undefined ? sql`` : sql`AND ${sql.literal(ID)} IN (${among})`}
    ORDER BY f.rowid LIMIT ${limit}`;
};

/** Without any word nothing is found. */
const meets = (sql: Constructor, query: string): Fragment =>
  query === "" ? sql`1 = 0` : sql`f.words @@ ${query}::tsquery`;

/** A query for the rows whose first fields have all words. Words are letters, digits and marks: nothing to be escaped. */
const within = (fields: number, { words, beginning }: SearchText): string => {
  const inAny = (word: string, ending: string) =>
    `(${FIELDS.slice(0, fields)
      .map((_, i) => `'${i + 1}${word}'${ending}`)
      .join(" | ")})`;
  return [...words.map((word) => inAny(word, "")), ...(beginning === undefined ? [] : [inAny(beginning, ":*")])].join(
    " & ",
  );
};
