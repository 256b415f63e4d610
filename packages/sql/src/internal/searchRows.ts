import type { EntityDocument } from "@cadastre/domain/Entity";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as SearchText from "@cadastre/domain/SearchText";
import * as Effect from "effect/Effect";
import type { Statements } from "./statements.ts";

export interface Indexed {
  readonly rank: number;
  readonly document: EntityDocument;
}

/** Writes words of entities that have none in the index, each with the number of its field. */
export const inserter = (
  statements: Statements,
): ((entities: ReadonlyArray<Indexed>) => Effect.Effect<void, StoreUnavailable>) => {
  const insert = statements.insert({ into: "entity_search", columns: ["rowid", "words"] });
  return (entities) => {
    // By rank: where one is lower than the one before, FTS5 ends a segment of the index.
    const rows = entities
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ rank, document }) => {
        const fields = SearchText.fieldsOf(document);
        return [
          rank,
          SearchText.FIELDS.flatMap((field, i) => fields[field].map((word) => `${i + 1}${word}`)).join(" "),
        ];
      });
    // An entity has one rank and no other has it.
    return Effect.catchTag(Effect.asVoid(insert(rows)), "Conflict", Effect.die);
  };
};
