/**
 * Lists by what no index answers: candidates are read in the list's order, a bounded number at a time, and tested.
 */
import type { Cursor, EntityQuery } from "@cadastre/domain/EntityQuery";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as SearchText from "@cadastre/domain/SearchText";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment, Statement } from "@effect/sql/Statement";
import * as Effect from "effect/Effect";
import type { Dialect } from "../Engine.ts";
import { breathe } from "./breathe.ts";
import * as conditions from "./conditions.ts";
import * as listing from "./listing.ts";
import type { Statements } from "./statements.ts";

/**
 * Candidates of one statement: a predicate takes about 5 µs of each, in which nothing else in the process runs. The first
 * statements read fewer, for most lists are full by then.
 */
const MOST = 2000;

/** What a text finds is sorted if it is no more than this; else what is sorted by an index is tested for the text. */
const FEW = 2000;

/** Reads candidates beyond `after`: `id`, `sort`, `uid`, and `kept`, which is 1 if the entity belongs to the list. */
type Source = (after: Cursor | undefined, size: number) => Statement<Row>;

/** Up to one more than the limit of the rows that {@link listing.places} gives. */
export const places = (sql: SqlClient, dialect: Dialect, statements: Statements, query: EntityQuery): Rows =>
  Effect.gen(function* () {
    const kept: Array<Row> = [];
    for (const read of yield* sourcesOf(sql, dialect, statements, query)) {
      let after = query.after;
      for (let size = Math.min(2 * query.limit + 100, MOST); ; size = Math.min(2 * size, MOST)) {
        const rows = yield* statements.run(read(after, size));
        kept.push(...rows.filter((row) => row["kept"] === 1));
        if (kept.length > query.limit) return kept.slice(0, query.limit + 1);
        const last = rows.at(-1);
        if (rows.length < size || last === undefined) break;
        after = listing.placeOf(last);
        yield* breathe;
      }
    }
    return kept;
  });

type Rows = Effect.Effect<ReadonlyArray<Row>, StoreUnavailable>;

/** One after the other; each but the first has what comes after all of the one before. */
const sourcesOf = Effect.fnUntraced(function* (
  sql: SqlClient,
  dialect: Dialect,
  statements: Statements,
  query: EntityQuery,
) {
  const { text, order } = query;
  const kept = (...tests: ReadonlyArray<Fragment>): Fragment =>
    sql`CASE WHEN ${sql.and([...tests, sql`1 = 1`])} THEN 1 ELSE 0 END AS kept`;
  const where = conditions.where(sql, dialect, query);

  const byColumn =
    (met: ReadonlyArray<Fragment>, tests: ReadonlyArray<Fragment>): Source =>
    (after, size) =>
      sql`
      WITH candidates AS (${listing.places(sql, { order, after }, size, met)})
      SELECT c.id, c.sort, c.uid, ${kept(...tests)}
      FROM candidates c JOIN entities e ON e.id = c.id
      ORDER BY ${listing.inOrder(sql, query, "c")}`;
  if (text === undefined) return [byColumn(conditions.ordered(sql, dialect, query, false), where)];

  const words = SearchText.parse(text);
  if (order.field === "relevance") {
    const tests = conditions.all(sql, dialect, query);
    return SearchText.FIELDS.map(
      (_, i): Source =>
        (after, limit) =>
          sql`
          SELECT c.id, c.sort, e.uid, ${kept(...tests)}
          FROM (${dialect.ranked(words, { fields: i + 1, after: Number(after?.value ?? 0), limit })}) c
          JOIN entities e ON e.id = c.id
          ORDER BY c.sort`,
    );
  }

  const matching = dialect.matching(words);
  const found = yield* statements.run(sql`SELECT count(*) AS count FROM (${matching} LIMIT ${FEW + 1}) m`);
  const isFew = Number(found[0]?.["count"]) <= FEW;
  const test = sql`e.id IN (${matching})`;
  const met = conditions.ordered(sql, dialect, query, isFew);
  return [isFew ? byColumn([...met, test], where) : byColumn(met, [...where, test])];
});
