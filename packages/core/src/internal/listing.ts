/**
 * A page of a list: by the store alone where it can decide, else by evaluating what it selects.
 */
import type { EntityPage, EntityQuery, ListedEntity } from "@cadastre/domain/EntityQuery";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { InvalidInput, type StoreUnavailable } from "@cadastre/domain/Errors";
import type { Expression, Expressions } from "@cadastre/domain/Expressions";
import * as Effect from "effect/Effect";
import { type Scan, scan } from "./scan.ts";
import * as Selection from "./selection.ts";
import type { Unevaluated } from "./unevaluated.ts";

export interface Options {
  /** An expression of the environment `filter`. */
  readonly filter?: string | undefined;
}

export interface EntityList extends EntityPage {
  /** Of the entities that were evaluated for this page. What the store decides is not evaluated and not counted. */
  readonly unevaluated?: Unevaluated | undefined;
  /** How the filter was dealt with, if there was one. */
  readonly plan?: Plan | undefined;
}

export interface Plan extends Pick<Expression, "text" | "exact" | "cost" | "parts"> {
  /** Entities that were evaluated for this page. */
  readonly evaluated: number;
}

export type List = (
  query: EntityQuery,
  options?: Options,
) => Effect.Effect<EntityList, InvalidInput | StoreUnavailable>;

export const make: Effect.Effect<List, never, EntityStore | Expressions> = Effect.gen(function* () {
  const store = yield* EntityStore;
  const select = yield* Selection.make;

  return Effect.fnUntraced(function* (asked, { filter } = {}) {
    if (asked.order.field === "relevance" && asked.text === undefined) return yield* irrelevant;
    const { query, expression, residual } = yield* select(asked, filter);
    if (residual === undefined) {
      const page = yield* store.list(query);
      return expression === undefined ? page : { ...page, plan: planOf(expression, 0) };
    }
    const items: Array<ListedEntity> = [];
    const { next, evaluated, unevaluated }: Scan = yield* scan(store, query, residual, (entity) => {
      items.push(entity);
      return items.length === query.limit;
    });
    return { items, next, unevaluated, plan: planOf(residual, evaluated) };
  });
});

const planOf = ({ text, exact, cost, parts }: Expression, evaluated: number): Plan => ({
  text,
  exact,
  cost,
  parts,
  evaluated,
});

const irrelevant = Effect.suspend(() => {
  const message = "is the order by relevance to a text, and there is none: give q, or another order";
  return new InvalidInput({ message: `orderBy ${message}`, faults: [{ path: "orderBy", message }] });
});
