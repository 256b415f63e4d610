/**
 * Full text in FTS5. A token of the index is the number of a field and a word that `SearchText` found there; the tokenizer
 * only takes them apart at the blanks.
 */
import { FIELDS, type SearchText } from "@cadastre/domain/SearchText";
import type { RankedPage } from "@cadastre/sql/Engine";
import type { Constructor, Fragment } from "@effect/sql/Statement";

/** A row's id is the entity's rank: the length of its name, then its id in the lower 40 bits. */
const ID = "(f.rowid & 0xffffffffff)";

/** `sort` is the degree of relevance and, in the lower 48 bits, the rank. */
const DEGREE = 2 ** 48;

export const matching = (sql: Constructor, text: SearchText): Fragment =>
  sql`SELECT ${sql.literal(ID)} FROM entity_search f WHERE entity_search MATCH ${within(FIELDS.length, text)}`;

/** In the order of its rows the index is read no further than the page. */
export const ranked = (sql: Constructor, text: SearchText, { degree, among, after, limit }: RankedPage): Fragment => {
  const fields = Math.floor(degree / 2) + 1;
  const complete = within(fields, {
    words: [...text.words, ...(text.beginning === undefined ? [] : [text.beginning])],
    beginning: undefined,
  });
  // For what is complete only the words themselves are read, not all that begin as the last does.
  const [these, ...better] = degree % 2 === 0 ? [complete] : [within(fields, text), complete];
  const expression = [these, ...better, ...(fields === 1 ? [] : [within(fields - 1, text)])].join(") NOT (");
  const offset = degree * DEGREE;
  // The driver binds what is beyond 32 bits as a float, from which FTS5 would not start.
  const beyond = sql`CAST(${Math.max(after - offset, 0)} AS INTEGER)`;
  return sql`
    SELECT ${sql.literal(ID)} AS id, f.rowid + ${offset} AS sort FROM entity_search f
    WHERE entity_search MATCH ${`(${expression})`} AND f.rowid > ${beyond}
      ${among === undefined ? sql`` : sql`AND ${sql.literal(ID)} IN (${among})`}
    ORDER BY f.rowid LIMIT ${limit}`;
};

/** An FTS5 expression for the rows whose first fields have all words. Words hold nothing that means something there. */
const within = (fields: number, { words, beginning }: SearchText): string => {
  const inAny = (word: string, ending: string) =>
    `(${FIELDS.slice(0, fields)
      .map((_, i) => `"${i + 1}${word}"${ending}`)
      .join(" OR ")})`;
  const terms = [...words.map((word) => inAny(word, "")), ...(beginning === undefined ? [] : [inAny(beginning, "*")])];
  // Without any word nothing is found: there is no field 0.
  return terms.length === 0 ? '"0"' : terms.join(" AND ");
};
