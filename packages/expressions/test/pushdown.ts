import type { Expression } from "@cadastre/domain/Expressions";
import type { JsonObject } from "@cadastre/domain/Json";
import { ownerOf } from "@cadastre/domain/Relation";
import { compile } from "@cadastre/expressions/Compiler";
import type { JsonDialect } from "@cadastre/sql/Predicates";
import * as Predicates from "@cadastre/sql/Predicates";
import { holds } from "@cadastre/testing/memory/Predicates";
import type { Constructor } from "@effect/sql/Statement";
import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";
import * as fc from "fast-check";
import { envelope, expression } from "./arbitraries.ts";

/** Documents of one table. */
const DOCUMENTS = 250;

const EVALUATIONS = Number(process.env["CADASTRE_EVALUATIONS"] ?? 200_000);

const SEED = Number(process.env["CADASTRE_SEED"] ?? 20_261_124);

/** A database with a table `entities` for some documents at a time. */
export interface Table {
  readonly sql: Constructor;
  /** Looks into the document of the entity `e`. */
  readonly dialect: JsonDialect;
  /** Puts these rows in place of those that were there. */
  readonly fill: (
    rows: ReadonlyArray<{ readonly id: number; readonly envelope: string; readonly owner: string | null }>,
  ) => Promise<void>;
  /** The ids that a statement gives, as its only column `id`. */
  readonly ids: (text: string, values: ReadonlyArray<unknown>) => Promise<ReadonlyArray<number>>;
}

interface Documents {
  readonly envelopes: ReadonlyArray<JsonObject>;
  readonly owners: ReadonlyArray<string>;
  readonly select: (expression: Expression) => Promise<ReadonlySet<number>>;
}

/** The owner as a store's column has it: made from the document when it is written. */
const ownerColumn = (document: JsonObject): string | undefined =>
  // The arbitrary makes what an envelope has wherever a store looks.
  ownerOf(document as unknown as Parameters<typeof ownerOf>[0]);

const documents = async ({ sql, dialect, fill, ids }: Table, seed: number): Promise<Documents> => {
  const envelopes = fc.sample(envelope, { numRuns: DOCUMENTS, seed });
  const owners = envelopes.map(ownerColumn);
  await fill(envelopes.map((document, id) => ({ id, envelope: JSON.stringify(document), owner: owners[id] ?? null })));
  return {
    envelopes,
    owners: owners.map((owner) => owner ?? ""),
    select: async ({ pushed }) => {
      const where = Predicates.render(sql, dialect, sql.literal("e.owner"), pushed);
      return new Set(await ids(...sql`SELECT e.id FROM entities e WHERE ${where}`.compile()));
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

/** Random expressions on random documents, with both answers compared. */
export const pushdown = (name: string, open: () => Promise<Table>): void => {
  describe(`a filter pushed down to ${name}`, () => {
    it("selects what evaluating selects, and never less", async () => {
      const database = await open();
      const tally: Tally = { expressions: 0, refused: 0, exact: 0, evaluations: 0, kept: 0, errors: 0 };
      const tables = 5;
      for (let table = 0; table < tables; table++) {
        const stored = await documents(database, SEED + table);
        await fc.assert(
          fc.asyncProperty(expression, (text) => agrees(text, stored, tally)),
          { seed: SEED + table, numRuns: Math.ceil((1.3 * EVALUATIONS) / tables / DOCUMENTS) },
        );
      }
      console.log(`differential on ${name}`, tally);
      expect(tally.evaluations).toBeGreaterThanOrEqual(EVALUATIONS);
      expect(tally.kept).toBeGreaterThan(tally.evaluations / 20);
      expect(tally.exact).toBeGreaterThan(tally.expressions / 4);
    }, 600_000);
  });
};

const agrees = async (text: string, { envelopes, owners, select }: Documents, tally: Tally): Promise<void> => {
  const compiled = compile(text, "filter");
  if (Either.isLeft(compiled)) {
    tally.refused++;
    return;
  }
  const { right: filter } = compiled;
  tally.expressions++;
  if (filter.exact) tally.exact++;
  const pushed = await select(filter);
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
