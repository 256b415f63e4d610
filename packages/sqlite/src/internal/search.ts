/**
 * Full text in FTS5. The words are made by `SearchText`; the tokenizer only takes them apart at the blanks.
 */
import { FIELDS, type SearchText } from "@cadastre/domain/SearchText";
import type { Constructor, Fragment } from "@effect/sql/Statement";

/** A row's id is the entity's rank among equals: the length of its name, then its id in the lower 40 bits. */
const ID = "(f.rowid & 0xffffffffff)";

/** `sort` is the number of fields and, in the lower 48 bits, the rank. */
const TIER = 2 ** 48;

export const matching = (sql: Constructor, text: SearchText): Fragment =>
  sql`SELECT ${sql.literal(ID)} FROM entity_search f WHERE entity_search MATCH ${within(FIELDS.length, text)}`;

export const ranked = (
  sql: Constructor,
  text: SearchText,
  { fields, after, limit }: { readonly fields: number; readonly after: number; readonly limit: number },
): Fragment => {
  const expression =
    fields === 1 ? within(fields, text) : `(${within(fields, text)}) NOT (${within(fields - 1, text)})`;
  const tier = fields * TIER;
  // In the order of its rows the index is read no further than the page.
  return sql`
    SELECT ${sql.literal(ID)} AS id, f.rowid + ${tier} AS sort
    FROM entity_search f WHERE entity_search MATCH ${expression} AND f.rowid > ${Math.max(after - tier, 0)}
    ORDER BY f.rowid LIMIT ${limit}`;
};

/** An FTS5 expression for the rows whose first fields have all words. Words hold nothing that means something there. */
const within = (fields: number, { words, beginning }: SearchText): string => {
  const terms = [...words.map((word) => `"${word}"`), ...(beginning === undefined ? [] : [`"${beginning}"*`])];
  // A word that cannot be: without any, nothing is found.
  const all = terms.length === 0 ? '" "' : terms.join(" AND ");
  return fields === FIELDS.length ? all : `{${FIELDS.slice(0, fields).join(" ")}} : (${all})`;
};
