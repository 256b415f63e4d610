import type { Expression } from "@cadastre/domain/Expressions";
import type { JsonObject } from "@cadastre/domain/Json";
import { ownerOf } from "@cadastre/domain/Relation";
import { compile } from "@cadastre/expressions/Compiler";
import * as JsonDialects from "@cadastre/sql/JsonDialects";
import * as Predicates from "@cadastre/sql/Predicates";
import { holds } from "@cadastre/testing/memory/Predicates";
import * as Statement from "@effect/sql/Statement";
import { describe, expect, it } from "@effect/vitest";
import Database from "better-sqlite3";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as fc from "fast-check";
import { envelope, expression } from "./arbitraries.ts";

/** Documents of one table. */
const DOCUMENTS = 250;

const EVALUATIONS = Number(process.env["CADASTRE_EVALUATIONS"] ?? 200_000);

const SEED = Number(process.env["CADASTRE_SEED"] ?? 20_261_124);

const sql = Statement.make(Effect.die("only compiled"), Statement.makeCompilerSqlite(), [], undefined);

interface Documents {
  readonly envelopes: ReadonlyArray<JsonObject>;
  readonly owners: ReadonlyArray<string>;
  readonly select: (expression: Expression) => ReadonlySet<number>;
}

/** The owner as a store's column has it: made from the document when it is written. */
const ownerColumn = (document: JsonObject): string | undefined =>
  // The arbitrary makes what an envelope has wherever a store looks.
  ownerOf(document as unknown as Parameters<typeof ownerOf>[0]);

const documents = (seed: number): Documents => {
  const envelopes = fc.sample(envelope, { numRuns: DOCUMENTS, seed });
  const owners = envelopes.map(ownerColumn);
  const db = new Database(":memory:");
  db.exec("CREATE TABLE entities (id INTEGER PRIMARY KEY, envelope TEXT NOT NULL, owner TEXT)");
  const insert = db.prepare("INSERT INTO entities VALUES (?, ?, ?)");
  envelopes.forEach((document, id) => {
    insert.run(id, JSON.stringify(document), owners[id] ?? null);
  });
  const dialect = JsonDialects.sqlite(sql, sql.literal("e.envelope"));
  return {
    envelopes,
    owners: owners.map((owner) => owner ?? ""),
    select: ({ pushed }) => {
      const where = Predicates.render(sql, dialect, sql.literal("e.owner"), pushed);
      const [text, parameters] = sql`SELECT e.id FROM entities e WHERE ${where}`.compile();
      return new Set(
        db
          .prepare<Array<unknown>, number>(text)
          .pluck()
          .all(...parameters),
      );
    },
  };
};

interface Tally {
  expressions: number;
  refused: number;
  exact: number;
  evaluations: number;
  kept: number;
  errors: number;
}

describe("a pushed-down filter", () => {
  it("selects what evaluating selects, and never less", () => {
    const tally: Tally = { expressions: 0, refused: 0, exact: 0, evaluations: 0, kept: 0, errors: 0 };
    const tables = 5;
    for (let table = 0; table < tables; table++) {
      const stored = documents(SEED + table);
      fc.assert(
        fc.property(expression, (text) => agrees(text, stored, tally)),
        { seed: SEED + table, numRuns: Math.ceil((1.3 * EVALUATIONS) / tables / DOCUMENTS) },
      );
    }
    console.log("differential", tally);
    expect(tally.evaluations).toBeGreaterThanOrEqual(EVALUATIONS);
    expect(tally.kept).toBeGreaterThan(tally.evaluations / 20);
    expect(tally.exact).toBeGreaterThan(tally.expressions / 4);
  }, 600_000);
});

const agrees = (text: string, { envelopes, owners, select }: Documents, tally: Tally): void => {
  const compiled = compile(text, "filter");
  if (Either.isLeft(compiled)) {
    tally.refused++;
    return;
  }
  const { right: filter } = compiled;
  tally.expressions++;
  if (filter.exact) tally.exact++;
  const pushed = select(filter);
  envelopes.forEach((entity, id) => {
    const verdict = filter.evaluate({ entity });
    tally.evaluations++;
    if (verdict._tag === "True") tally.kept++;
    if (verdict._tag === "Error") tally.errors++;
    const isPushed = pushed.has(id);
    const message = (): string =>
      `${text}\n on ${JSON.stringify(entity)}\n gives ${JSON.stringify(verdict)}, pushed down (${filter.exact ? "exact" : "partly"}) as ${JSON.stringify(filter.pushed)} ${isPushed}`;
    if (filter.exact ? isPushed !== (verdict._tag === "True") : verdict._tag === "True" && !isPushed) {
      throw new Error(message());
    }
    const inMemory = holds(filter.pushed, { envelope: entity, owner: owners[id] ?? "" });
    if (inMemory !== isPushed) throw new Error(`in memory ${inMemory}: ${message()}`);
  });
};
