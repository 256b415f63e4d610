/**
 * The words of entities, from which texts are answered.
 */
import { type Envelope, toRecord } from "@cadastre/domain/Entity";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "./Engine.ts";
import * as searchRows from "./internal/searchRows.ts";
import * as Statements from "./internal/statements.ts";

/** Entities that are read at once. */
const PAGE = 500;

/** Fills an empty index from all entities; inside the transaction under way. */
export const rebuild = (engine: Context.Tag.Service<Engine>): Effect.Effect<void, StoreUnavailable> => {
  const statements = Statements.make(engine);
  const page = statements.prepare(
    engine.client`SELECT id, rank, envelope FROM entities WHERE id > ${"after"} ORDER BY id LIMIT ${"limit"}`,
  );
  return Effect.gen(function* () {
    const insert = searchRows.inserter(statements);
    for (let after = 0; ; ) {
      const rows = yield* page({ after, limit: PAGE });
      // The cast is the store's trust in its own text.
      yield* insert(
        rows.map((row) => ({
          rank: Number(row["rank"]),
          document: toRecord(JSON.parse(String(row["envelope"])) as Envelope).document,
        })),
      );
      if (rows.length < PAGE) return;
      after = Number(rows.at(-1)?.["id"]);
    }
  });
};
