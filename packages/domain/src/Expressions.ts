/**
 * Expressions that callers write to choose entities and events: the Common Expression Language.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { InvalidInput } from "./Errors.ts";
import type { JsonObject } from "./Json.ts";
import type { Predicate } from "./Predicate.ts";

/**
 * What an expression may speak of. `filter`: `entity` and the shorthands `kind`, `namespace`, `name`, `owner`, `tags`,
 * `labels`, `annotations`, which are always there (empty where the entity has none). `subscription`: `event` besides.
 */
export type ExpressionEnvironment = "filter" | "subscription";

/** What an expression is evaluated on. `entity` is the complete envelope, relations included if the expression reads them. */
export interface ExpressionScope {
  readonly entity: JsonObject;
  /** The change: `id`, `type`, `uid`, `reference`, `revision`, `at` (ISO 8601), `actor`, `via`, `requestId`, `patch`. */
  readonly event?: JsonObject | undefined;
}

/** An entity is kept if and only if the verdict is `True`. A missing field is an error, not null. */
export type Verdict =
  | { readonly _tag: "True" }
  | { readonly _tag: "False" }
  | { readonly _tag: "Error"; readonly message: string };

/** A piece of an expression, `text.slice(start, end)`, and who decides it: the store, or evaluation on what the store leaves. */
export interface ExpressionPart {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly pushed: boolean;
  /** Why it is not pushed down. */
  readonly reason?: string | undefined;
}

export interface Expression {
  readonly environment: ExpressionEnvironment;
  /** As it was given, without the white space around it. */
  readonly text: string;
  /** Steps that one evaluation is estimated to take on a large entity; the unit of the bound. */
  readonly cost: number;
  /** True if the expression reads what only a complete envelope has, beside the stored one: relations. */
  readonly readsRelations: boolean;
  /**
   * Pure, and bounded in steps and memory whatever the entity holds (a few tens of milliseconds at the worst, about a
   * microsecond as a rule): beyond that the verdict is an error.
   */
  readonly evaluate: (scope: ExpressionScope) => Verdict;
  /** Holds for every entity that the expression keeps. */
  readonly pushed: Predicate;
  /** True if `pushed` holds for those alone, so that nothing is left to evaluate. */
  readonly exact: boolean;
  /** The whole expression in the order of its text, each part as large as can be. */
  readonly parts: ReadonlyArray<ExpressionPart>;
}

export class Expressions extends Context.Tag("@cadastre/domain/Expressions")<
  Expressions,
  {
    /**
     * Reads and checks an expression and bounds what it may cost. Each fault of an `InvalidInput` says what is wrong and
     * where, shows the place and how to mend it.
     */
    readonly compile: (text: string, environment: ExpressionEnvironment) => Effect.Effect<Expression, InvalidInput>;
  }
>() {}
