/**
 * Choosing the entities of a page. One statement does it where an index has the order, or selects few that can be sorted.
 * Else candidates are read in the list's order, a bounded number at a time, and tested.
 */
import type { Cursor, EntityQuery } from "@cadastre/domain/EntityQuery";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as SearchText from "@cadastre/domain/SearchText";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment, Statement } from "@effect/sql/Statement";
import * as Effect from "effect/Effect";
import { type Dialect, LEAST_RELEVANT } from "../Engine.ts";
import { breathe } from "./breathe.ts";
import * as conditions from "./conditions.ts";
import * as listing from "./listing.ts";
import type { Statements } from "./statements.ts";

/**
 * Candidates of one statement: a test takes 1 to 5 µs of each, in which nothing else in the process runs. The first
 * statements read fewer, for most pages are full by then.
 */
const MOST = 2000;

/**
 * Entities that are rather sorted than looked for in an order. Each takes 1.5 µs to read and sort; a candidate takes 2.4 µs,
 * and a page of 50 looks at 50 × catalog / matches of them. With 100,000 entities 3000 matches cost 4 ms in either way.
 */
const FEW = 3000;

/** `one`: a query of all the places, one more than the limit. `several`: to be read one after the other, each to its end. */
export type Selection =
  | { readonly _tag: "One"; readonly places: Fragment }
  | { readonly _tag: "Several"; readonly sources: ReadonlyArray<Source> };

/** Candidates beyond `after`: `id`, `sort`, `uid`, and `kept`, which is 1 if the entity belongs to the list. */
type Source = (after: Cursor | undefined, limit: number) => Statement<Row>;

export const select = Effect.fnUntraced(function* (
  sql: SqlClient,
  dialect: Dialect,
  statements: Statements,
  query: EntityQuery,
) {
  const { order, after } = query;
  const where = conditions.where(sql, dialect, query);
  const states = conditions.states(sql, dialect, query);
  const byRelevance = order.field === "relevance" && query.text !== undefined;
  const all = [
    ...conditions.selective(sql, dialect, query),
    ...states,
    ...(byRelevance ? [] : conditions.text(sql, dialect, query)),
  ];
  const indexed = all.filter(isIndexed);
  const sorted = order.field === "name" && !byRelevance ? indexed.find((one) => one.isSortedByName) : undefined;
  const isServed = indexed.every((condition) => condition === sorted);
  const few = isServed ? undefined : yield* fewest(sql, statements, indexed);
  const isFew = few !== undefined;
  const met = isFew ? [dialect.isAmong(sql`e.id`, few.ids)] : sorted === undefined ? [] : [sorted.direct];
  const others = tests(all.filter((condition) => condition !== (few ?? sorted)));

  if ((isServed || isFew) && !byRelevance && where.length === 0) {
    const places = { order, after, limit: query.limit + 1, met: [...met, ...others], isFew };
    return { _tag: "One", places: listing.places(sql, dialect, places) } satisfies Selection;
  }

  const kept = sql`CASE WHEN ${conditions.all(sql, [...others, ...where])} THEN 1 ELSE 0 END AS kept`;
  const byColumn: Source = (after, limit) => sql`
    WITH candidates AS (${listing.places(sql, dialect, { order, after, limit, met, isFew })})
    SELECT c.id, c.sort, c.uid, ${kept}
    FROM candidates c JOIN entities e ON e.id = c.id
    ORDER BY ${listing.inOrder(sql, order, "c")}`;
  const text = SearchText.parse(query.text ?? "");
  const byRank =
    (degree: number): Source =>
    (after, limit) => {
      const ranked = dialect.ranked(text, { degree, among: few?.ids, after: Number(after?.value ?? 0), limit });
      return sql`
        SELECT c.id, c.sort, e.uid, ${kept} FROM (${ranked}) c JOIN entities e ON e.id = c.id ORDER BY c.sort`;
    };
  const sources = byRelevance ? Array.from({ length: LEAST_RELEVANT + 1 }, (_, degree) => byRank(degree)) : [byColumn];
  return { _tag: "Several", sources } satisfies Selection;
});

interface Indexed extends conditions.Condition {
  readonly ids: Fragment;
}

const isIndexed = (condition: conditions.Condition): condition is Indexed => condition.ids !== undefined;

const tests = (all: ReadonlyArray<conditions.Condition>): ReadonlyArray<Fragment> => all.map(({ test }) => test);

/** The condition that fewest meet, if they are few. */
const fewest = Effect.fnUntraced(function* (sql: SqlClient, statements: Statements, indexed: ReadonlyArray<Indexed>) {
  const counts = indexed.map(({ ids }, i) => {
    const name = (letter: string) => sql.literal(`${letter}${i}`);
    return sql`(SELECT count(*) FROM (${ids} LIMIT ${FEW + 1}) ${name("m")}) AS ${name("c")}`;
  });
  const [row] = yield* statements.run(sql`SELECT ${sql.csv(counts)}`);
  const [first] = indexed
    .map((condition, i) => ({ condition, count: Number(row?.[`c${i}`]) }))
    .filter(({ count }) => count <= FEW)
    .sort((a, b) => a.count - b.count);
  return first?.condition;
});

/** Up to one more than the limit. */
export const read = (
  statements: Statements,
  sources: ReadonlyArray<Source>,
  { after: start, limit }: EntityQuery,
): Effect.Effect<ReadonlyArray<Row>, StoreUnavailable> =>
  Effect.gen(function* () {
    const kept: Array<Row> = [];
    for (const source of sources) {
      let after = start;
      for (let size = Math.min(2 * limit + 100, MOST); ; size = Math.min(2 * size, MOST)) {
        const rows = yield* statements.run(source(after, size));
        for (const row of rows) if (row["kept"] === 1) kept.push(row);
        if (kept.length > limit) return kept.slice(0, limit + 1);
        const last = rows.at(-1);
        if (rows.length < size || last === undefined) break;
        after = listing.placeOf(last);
        yield* breathe;
      }
    }
    return kept;
  });
