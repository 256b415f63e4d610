/**
 * Splits an expression into a predicate for the store and a rest.
 *
 * Each condition becomes two predicates, true where it is true and where it is false (neither: an error), which gives
 * CEL's absorption of errors by `&&` and `||` for nothing. The encoding is monotone: what a store cannot test is replaced
 * by `Always` on both sides, and what comes out still holds for every entity that the expression keeps.
 */
import type { ExpressionPart } from "@cadastre/domain/Expressions";
import { all, always, any, never, not, type Place, type Predicate, some } from "@cadastre/domain/Predicate";
import type { ASTNode } from "@marcbachmann/cel-js";
import { type Comprehension, comprehensionOf } from "./ast.ts";
import {
  ADDED,
  type Bindings,
  fullPlace,
  isNone,
  MAX_PART,
  type Operand,
  operandOf,
  type Sides,
  sidesOf,
  type Test,
} from "./operands.ts";
import { type Context, choice, conjunction, exactly, negation, rest, type Split, sizeOf, take } from "./splits.ts";
import { parseTimestamp } from "./time.ts";

/** Nodes of a predicate; beyond them a condition is left to evaluation. Ternaries and unrolled loops multiply. */
const MAX_SIZE = 300;

/**
 * Tests that all loops together make of each item. Nothing can interrupt a store in the middle of an entity, and a test
 * takes it about 0.35 µs: of the 20,000 items that a document can have, 16 tests take some 100 ms, of a usual one nothing.
 */
const MAX_ITEM_TESTS = 16;

interface Pushdown {
  readonly pushed: Predicate;
  readonly exact: boolean;
  readonly parts: ReadonlyArray<ExpressionPart>;
}

export const split = (ast: ASTNode, text: string): Pushdown => {
  const { whenTrue, exact, parts } = splitNode(ast, {
    text,
    variables: new Map(),
    depth: 0,
    left: { itemTests: MAX_ITEM_TESTS },
  });
  return { pushed: whenTrue, exact, parts };
};

const splitNode = (node: ASTNode, context: Context): Split => {
  const result = translate(node, context);
  if (sizeOf(result.whenTrue) + sizeOf(result.whenFalse) > MAX_SIZE) return rest(node, context, "too large");
  return result.exact ? exactly(node, context, result) : result;
};

const translate = (node: ASTNode, context: Context): Split => {
  const comprehension = comprehensionOf(node);
  if (comprehension !== undefined) return loop(node, comprehension, context);
  switch (node.op) {
    case "&&":
      return conjunction(node.args.map((arg) => splitNode(arg, context)));
    case "||":
      return negation(conjunction(node.args.map((arg) => negation(splitNode(arg, context)))));
    case "!_":
      return negation(splitNode(node.args, context));
    case "?:": {
      const [condition, yes, no] = node.args.map((arg) => splitNode(arg, context));
      return condition === undefined || yes === undefined || no === undefined
        ? rest(node, context, "a condition without branches")
        : choice(condition, yes, no);
    }
    case "==":
      return equality(node, node.args, context);
    case "!=":
      return negation(equality(node, node.args, context));
    case "<":
    case "<=":
    case ">":
    case ">=":
      return comparison(node, node.op, node.args, context);
    case "in":
      return membership(node, operandOf(node.args[0], context), operandOf(node.args[1], context), context);
    case "call": {
      const [name, [argument]] = node.args;
      return name === "has" && argument !== undefined
        ? presence(node, argument, context)
        : test(node, operandOf(node, context), { _tag: "Boolean" }, context);
    }
    case "rcall":
      return method(node, node.args[0], node.args[1], node.args[2], context);
    default:
      return test(node, operandOf(node, context), { _tag: "Boolean" }, context);
  }
};

/** Times that the server writes, all in one form that sorts as the times do. */
const SERVER_TIMES = new Set(["metadata.createdAt", "metadata.updatedAt", "status.since"]);

const equality = (node: ASTNode, [left, right]: readonly [ASTNode, ASTNode], context: Context): Split => {
  for (const [operand, literal] of [
    [asTime(left, context), asTime(right, context)],
    [asTime(right, context), asTime(left, context)],
  ] as const) {
    if (operand._tag === "Literals" || literal._tag !== "Literal") continue;
    return test(node, operand, { _tag: "OneOf", values: [literal.value] }, context);
  }
  return rest(node, context, "neither side is a text, a number, true, false or null written out");
};

const FLIPPED = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

const comparison = (
  node: ASTNode,
  op: keyof typeof FLIPPED,
  [left, right]: readonly [ASTNode, ASTNode],
  context: Context,
): Split => {
  for (const [operand, literal, operator] of [
    [asTime(left, context), asTime(right, context), op],
    [asTime(right, context), asTime(left, context), FLIPPED[op]],
  ] as const) {
    if (literal._tag !== "Literal" || (typeof literal.value !== "string" && typeof literal.value !== "number"))
      continue;
    return test(node, operand, { _tag: "Order", op: operator, value: literal.value }, context);
  }
  return rest(node, context, "neither side is a text or a number written out");
};

/** `timestamp(x)` of a time that the server wrote, and of a literal, as the text that stands for it. */
const asTime = (node: ASTNode, context: Context): Operand => {
  const operand = operandOf(node, context);
  if (node.op !== "call" || node.args[0] !== "timestamp") return operand;
  const [argument] = node.args[1];
  const time = argument === undefined ? operand : operandOf(argument, context);
  if (time._tag === "Place" && time.place.root === "envelope" && SERVER_TIMES.has(time.place.path.join(".")))
    return time;
  if (time._tag !== "Literal" || typeof time.value !== "string") return operand;
  const parsed = parseTimestamp(time.value);
  return parsed !== undefined && parsed.nanos % 1_000_000n === 0n
    ? { _tag: "Literal", value: new Date(Number(parsed.nanos / 1_000_000n)).toISOString() }
    : operand;
};

const membership = (node: ASTNode, item: Operand, collection: Operand, context: Context): Split => {
  if (collection._tag === "Literals") return test(node, item, { _tag: "OneOf", values: collection.values }, context);
  if (item._tag !== "Literal")
    return rest(node, context, item._tag === "Residual" ? item.reason : "neither side is written out");
  if (collection._tag !== "Place") return rest(node, context, reasonOf(collection));
  const refusal = loopProblem(collection.place, context) ?? take(context, collection.fallback === "map" ? 0 : 1);
  if (refusal !== undefined) return rest(node, context, refusal);
  const at = collection.place;
  const inList = all(
    { _tag: "Is", at, type: "list" },
    some(at, { _tag: "OneOf", at: { root: context.depth, path: [] }, values: [item.value] }),
  );
  const inMap: Predicate =
    typeof item.value === "string" ? { _tag: "Present", at: fullPlace(at, [item.value]) } : never;
  if (collection.fallback !== undefined) {
    const whenTrue = collection.fallback === "list" ? inList : inMap;
    return exactly(node, context, { whenTrue, whenFalse: not(whenTrue) });
  }
  return exactly(node, context, {
    whenTrue: any(inMap, inList),
    whenFalse: any(
      all({ _tag: "Is", at, type: "map" }, not(inMap)),
      all({ _tag: "Is", at, type: "list" }, not(inList)),
    ),
  });
};

const presence = (node: ASTNode, argument: ASTNode, context: Context): Split => {
  if (argument.op !== ".") return rest(node, context, "has() of something else than a field");
  const container = operandOf(argument.args[0], context);
  const operand = operandOf(argument, context);
  if (container._tag !== "Place" || operand._tag !== "Place") return rest(node, context, reasonOf(operand));
  const whenTrue: Predicate = { _tag: "Present", at: operand.place };
  const isThere: Predicate = container.fallback === undefined ? { _tag: "Present", at: container.place } : always;
  return exactly(node, context, { whenTrue, whenFalse: all(isThere, not(whenTrue)) });
};

const TEXT_TESTS = { startsWith: "startsWith", endsWith: "endsWith", contains: "contains" } as const;

const method = (
  node: ASTNode,
  name: string,
  receiver: ASTNode,
  args: ReadonlyArray<ASTNode>,
  context: Context,
): Split => {
  const [argument] = args;
  if (isTextTest(name) && argument !== undefined) {
    const literal = operandOf(argument, context);
    if (literal._tag === "Literal" && typeof literal.value === "string" && literal.value.length > MAX_PART) {
      return rest(node, context, `a part of more than ${MAX_PART} characters`);
    }
    return literal._tag === "Literal" && typeof literal.value === "string"
      ? test(node, operandOf(receiver, context), { _tag: "Text", test: name, value: literal.value }, context)
      : rest(node, context, `${name}() of something else than a text written out`);
  }
  if (name === "hasValue") {
    const operand = operandOf(receiver, context);
    if (operand._tag !== "Optional") return rest(node, context, reasonOf(operand));
    const { base, keys } = operand;
    return exactly(node, context, {
      whenTrue: { _tag: "Present", at: fullPlace(base, keys) },
      whenFalse: isNone(base, keys),
    });
  }
  return test(node, operandOf(node, context), { _tag: "Boolean" }, context);
};

const isTextTest = (name: string): name is keyof typeof TEXT_TESTS => Object.hasOwn(TEXT_TESTS, name);

const loop = (node: ASTNode, comprehension: Comprehension, context: Context): Split => {
  const { macro, range, variable, body } = comprehension;
  if (macro !== "exists" && macro !== "all") return rest(node, context, `${macro}()`);
  const over = operandOf(range, context);
  if (over._tag === "Literals") {
    const items = over.values.map((value) => splitNode(body, bind(context, variable, { _tag: "Literal", value }, 0)));
    const unrolled = macro === "all" ? conjunction(items) : negation(conjunction(items.map(negation)));
    return unrolled.exact
      ? unrolled
      : { ...unrolled, parts: rest(node, context, "its condition cannot be pushed down").parts };
  }
  if (over._tag !== "Place") return rest(node, context, reasonOf(over));
  const refusal = loopProblem(over.place, context);
  if (refusal !== undefined) return rest(node, context, refusal);

  const at = over.place;
  const item: Operand = { _tag: "Place", place: { root: context.depth, path: [] } };
  const each = splitNode(body, bind(context, variable, item, 1));
  const refused = take(context, Math.max(sizeOf(each.whenTrue), sizeOf(each.whenFalse)));
  if (refused !== undefined) return rest(node, context, refused);
  const isCollection: Predicate =
    over.fallback === undefined
      ? any({ _tag: "Is", at, type: "list" }, { _tag: "Is", at, type: "map" })
      : { _tag: "Is", at, type: over.fallback };
  // What a shorthand stands for where there is none is empty.
  const emptyElse = (holds: Predicate): Predicate =>
    over.fallback === undefined ? all(isCollection, holds) : any(not(isCollection), holds);
  const exists: Sides = {
    whenTrue: all(isCollection, some(at, each.whenTrue)),
    whenFalse: emptyElse(not(some(at, not(each.whenFalse)))),
  };
  const every: Sides = {
    whenTrue: emptyElse(not(some(at, not(each.whenTrue)))),
    whenFalse: all(isCollection, some(at, each.whenFalse)),
  };
  return { ...(macro === "exists" ? exists : every), exact: each.exact, parts: each.parts };
};

const bind = (context: Context, variable: string, operand: Operand, deeper: number): Context => ({
  ...context,
  variables: new Map(context.variables).set(variable, operand),
  depth: context.depth + deeper,
});

/** A loop over the whole inside a loop would take the square of the document's size, and nothing can interrupt a store. */
const loopProblem = (at: Place, { depth }: Bindings): string | undefined => {
  if (at.root === "owner") return "owner is a text";
  if (at.root === "envelope" && (at.path.length === 0 || (at.path.length === 1 && at.path[0] === "status")))
    return ADDED;
  return depth > 0 && at.root !== depth - 1 ? "a loop over the whole inside of a loop" : undefined;
};

const test = (node: ASTNode, operand: Operand, what: Test, context: Context): Split => {
  const sides = sidesOf(operand, what);
  return sides === undefined ? rest(node, context, reasonOf(operand)) : exactly(node, context, sides);
};

const reasonOf = (operand: Operand): string => (operand._tag === "Residual" ? operand.reason : "a computed value");
