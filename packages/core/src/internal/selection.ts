/**
 * What a list or a count is asked for, turned into what the store does and what is left to evaluate.
 */
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import type { InvalidInput } from "@cadastre/domain/Errors";
import { type Expression, Expressions } from "@cadastre/domain/Expressions";
import { narrow, narrowing } from "@cadastre/domain/Narrowing";
import * as Effect from "effect/Effect";

export interface Selection {
  /** Selects what is wanted, or more. */
  readonly query: EntityQuery;
  readonly expression: Expression | undefined;
  /** What has to be true besides of each entity that the query selects. */
  readonly residual: Expression | undefined;
}

type Select = (query: EntityQuery, filter: string | undefined) => Effect.Effect<Selection, InvalidInput>;

/** Only active entities where neither the query nor the filter speaks of states. */
export const make: Effect.Effect<Select, never, Expressions> = Effect.map(
  Expressions,
  ({ compile }): Select =>
    (query, filter) =>
      filter === undefined
        ? Effect.succeed({ query: withStates(query), expression: undefined, residual: undefined })
        : Effect.map(compile(filter, "filter"), (expression) => ({
            query: withStates({ ...narrow(query, narrowing(expression.pushed)), where: expression.pushed }),
            expression,
            residual: expression.exact ? undefined : expression,
          })),
);

const withStates = (query: EntityQuery): EntityQuery =>
  query.states.length === 0 ? { ...query, states: ["active"] } : query;
