/**
 * Evaluation of what a store cannot decide: batch by batch over what it selects, within a budget.
 */
import { type Envelope, referenceOf } from "@cadastre/domain/Entity";
import { type Cursor, type EntityQuery, type ListedEntity, MAX_LIMIT } from "@cadastre/domain/EntityQuery";
import type { EntityStore } from "@cadastre/domain/EntityStore";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Expression } from "@cadastre/domain/Expressions";
import type { JsonObject } from "@cadastre/domain/Json";
import * as Reference from "@cadastre/domain/Reference";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Budget from "./budget.ts";
import * as Unevaluated from "./unevaluated.ts";

export interface Scan {
  /** Where to go on; undefined if everything was looked at. */
  readonly next: Cursor | undefined;
  readonly evaluated: number;
  readonly unevaluated: Unevaluated.Unevaluated | undefined;
}

type Content = Envelope & JsonObject;

/** Entities that the store is asked for at a time where `limit` are wanted: some of them will not be kept. */
const batchOf = (limit: number): number => Math.min(Math.max(4 * limit, 200), MAX_LIMIT);

/**
 * Visits each entity that the expression keeps, in the query's order, until a visit says that it was the last, there are no
 * more, or the budget is used up. At least one entity is evaluated, so that whoever goes on at `next` comes to the end.
 */
export const scan = Effect.fnUntraced(function* (
  { list }: Pick<Context.Tag.Service<EntityStore>, "list">,
  query: EntityQuery,
  { evaluate }: Expression,
  visit: (entity: ListedEntity, content: Content) => boolean,
): Effect.fn.Return<Scan, StoreUnavailable> {
  const budget = yield* Budget.make;
  const unevaluated = Unevaluated.make();
  const end = (next: Cursor | undefined) => ({ next, evaluated: budget.spent(), unevaluated: unevaluated.result() });
  const limit = batchOf(query.limit);
  let after = query.after;
  while (true) {
    const { items, next } = yield* list({ ...query, limit, after });
    for (const item of items) {
      const content: Content = JSON.parse(item.json);
      const verdict = evaluate({ entity: content });
      budget.spend();
      if (verdict._tag === "Error") unevaluated.note(Reference.key(referenceOf(content)), verdict.message);
      const isLast = verdict._tag === "True" && visit(item, content);
      if (isLast || budget.isUsedUp()) return end(item === items.at(-1) ? next : item.place);
      if (budget.isBreathless()) yield* budget.breathe;
    }
    if (next === undefined) return end(undefined);
    after = next;
  }
});
