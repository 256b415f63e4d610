/**
 * From the text of an expression to what can be evaluated: parsed and type-checked by a library, bounded, evaluated and
 * split by our own code.
 */
import { InvalidInput } from "@cadastre/domain/Errors";
import type { Expression, ExpressionEnvironment, ExpressionScope, Verdict } from "@cadastre/domain/Expressions";
import { isObject, type Json } from "@cadastre/domain/Json";
import { ownerOf } from "@cadastre/domain/Relation";
import * as Either from "effect/Either";
import { children } from "./internal/ast.ts";
import { render } from "./internal/complaint.ts";
import { BUDGET } from "./internal/cost.ts";
import { NAMESPACE_ALIAS } from "./internal/environment.ts";
import { compile as compileNode, type Evaluate } from "./internal/evaluate.ts";
import { type Checked, check } from "./internal/gate.ts";
import { split } from "./internal/pushdown.ts";
import { EXHAUSTED, Failure, type Value } from "./internal/values.ts";

/** Reads, checks and bounds an expression. */
export const compile = (given: string, environment: ExpressionEnvironment): Either.Either<Expression, InvalidInput> => {
  const text = given.trim();
  return check(text, environment).pipe(
    Either.map((checked) => toExpression(checked, text, environment)),
    Either.mapLeft(
      (complaints) =>
        new InvalidInput({
          message: "the expression cannot be used",
          faults: complaints.map((complaint) => ({ path: PATHS[environment], message: render(text, complaint) })),
        }),
    ),
  );
};

/** The name of the parameter, or the member of the subscription. */
const PATHS: { readonly [Environment in ExpressionEnvironment]: string } = {
  filter: "filter",
  subscription: "/filter",
};

const toExpression = ({ ast, cost }: Checked, text: string, environment: ExpressionEnvironment): Expression => {
  const run = compileNode(ast);
  return {
    environment,
    text,
    cost,
    readsRelations: readsRelations(ast),
    evaluate: (scope) => evaluate(run, scope),
    ...split(ast, text),
  };
};

const TRUE: Verdict = { _tag: "True" };
const FALSE: Verdict = { _tag: "False" };
const TOO_MUCH: Verdict = { _tag: "Error", message: `it takes more than ${BUDGET} steps on this entity` };
const NOT_BOOLEAN: Verdict = { _tag: "Error", message: "the value is neither true nor false" };

const evaluate = (run: Evaluate, scope: ExpressionScope): Verdict => {
  try {
    const value = run({ steps: BUDGET, locals: [], variable: (name) => variable(scope, name) });
    if (value instanceof Failure) return { _tag: "Error", message: value.message };
    return value === true ? TRUE : value === false ? FALSE : NOT_BOOLEAN;
  } catch (cause) {
    // Equality follows the document down: one that is nested thousands deep ends the stack, which is no defect of ours.
    if (cause === EXHAUSTED || cause instanceof RangeError) return TOO_MUCH;
    throw cause;
  }
};

const variable = ({ entity, event }: ExpressionScope, name: string): Value | undefined => {
  const metadata = isObject(entity["metadata"]) ? entity["metadata"] : {};
  switch (name) {
    case "entity":
      return entity;
    case "event":
      return event;
    case "kind":
      return entity["kind"];
    case NAMESPACE_ALIAS:
      return metadata["namespace"];
    case "name":
      return metadata["name"];
    case "owner":
      return ownerIn(entity["spec"], metadata["namespace"]);
    case "tags":
      return Array.isArray(metadata["tags"]) ? metadata["tags"] : [];
    case "labels":
    case "annotations":
      return isObject(metadata[name]) ? metadata[name] : {};
    default:
      return undefined;
  }
};

const ownerIn = (spec: Json | undefined, namespace: Json | undefined): string => {
  if (!isObject(spec) || typeof namespace !== "string") return "";
  return ownerOf({ apiVersion: "", kind: "", metadata: { name: "", namespace }, spec }) ?? "";
};

/** True if the whole entity is looked at too, where its relations are part of what is seen. */
const readsRelations = (node: Checked["ast"]): boolean => {
  if (node.op === "id") return node.args === "entity";
  if (node.op !== "." && node.op !== ".?") return children(node).some(readsRelations);
  const [operand, field] = node.args;
  if (operand.op === "id" && operand.args === "entity") return field === "relations" || field === "status";
  if (operand.op === "." && operand.args[1] === "status") return field === "relationsTruncated";
  return readsRelations(operand);
};
