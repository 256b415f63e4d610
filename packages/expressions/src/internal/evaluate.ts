/**
 * A checked syntax tree as a function.
 *
 * The library parses and checks; evaluation is our own, because the library's counts nothing while it runs, matches with
 * backtracking, throws for every absent field and keeps a type for every shape of data it meets.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { type Comprehension, comprehensionOf, countNodes, excerpt } from "./ast.ts";
import { BUDGET } from "./cost.ts";
import { TYPES } from "./environment.ts";
import { contains, functions, methods, negate, operators } from "./functions.ts";
import { failed, LOOPS, notBoolean } from "./loops.ts";
import { matcher } from "./regex.ts";
import {
  CelMap,
  equals,
  Failure,
  type Implementation,
  isList,
  isMap,
  keyOf,
  keysOf,
  lookUp,
  type Meter,
  Optional,
  order,
  spend,
  TypeName,
  typeOf,
  type Value,
} from "./values.ts";

export interface Frame extends Meter {
  /** Values of the variables of loops, by their depth. */
  readonly locals: Array<Value>;
  readonly variable: (name: string) => Value | undefined;
}

export type Evaluate = (frame: Frame) => Value | Failure;

/** Loop variable → its place among the locals. */
type Bound = ReadonlyMap<string, number>;

export const compile = (node: ASTNode, bound: Bound = new Map()): Evaluate => {
  const comprehension = comprehensionOf(node);
  if (comprehension !== undefined) return loop(node, comprehension, bound);
  switch (node.op) {
    case "value":
      return literal(node);
    case "id":
      return variable(node, node.args, bound);
    case ".":
    case ".?":
      return select(node, compile(node.args[0], bound), literalKey(node.args[1]), node.op === ".?");
    case "[]":
    case "[?]":
      return select(node, compile(node.args[0], bound), compile(node.args[1], bound), node.op === "[?]");
    case "call":
      return call(node, node.args[0], node.args[1], bound);
    case "rcall":
      return method(node, node.args[0], node.args[1], node.args[2], bound);
    case "list":
      return list(node.args.map((item) => compile(item, bound)));
    case "map":
      return map(node.args.map(([key, value]) => [compile(key, bound), compile(value, bound)] as const));
    case "?:":
      return ternary(node, compile(node.args[0], bound), compile(node.args[1], bound), compile(node.args[2], bound));
    case "||":
    case "&&":
      return logic(node, node.op === "||", compile(node.args[0], bound), compile(node.args[1], bound));
    case "!_": {
      const operand = compile(node.args, bound);
      return (frame) => {
        const value = operand(frame);
        return typeof value === "boolean" ? !value : failed(value, () => notBoolean(node.args, value));
      };
    }
    case "-_": {
      const operand = compile(node.args, bound);
      return strict(node, [operand], (_meter, x) => negate(x ?? null));
    }
    case "==":
    case "!=":
      return equality(node.op === "==", compile(node.args[0], bound), compile(node.args[1], bound));
    case "<":
    case "<=":
    case ">":
    case ">=":
      return comparison(node, node.op, compile(node.args[0], bound), compile(node.args[1], bound));
    case "in": {
      const [item, collection] = node.args;
      return strict(node, [compile(item, bound), compile(collection, bound)], (meter, x = null, y = null) =>
        contains(meter, x, y),
      );
    }
    default:
      return strict(node, [compile(node.args[0], bound), compile(node.args[1], bound)], operators[node.op]);
  }
};

const literal = ({ args }: Extract<ASTNode, { op: "value" }>): Evaluate => {
  // Bytes and unsigned integers are refused before: JSON has neither.
  const value = typeof args === "object" && args !== null ? null : args;
  return () => value;
};

const literalKey =
  (key: string): Evaluate =>
  () =>
    key;

const variable = (node: ASTNode, name: string, bound: Bound): Evaluate => {
  const local = bound.get(name);
  if (local !== undefined) return (frame) => frame.locals[local] ?? null;
  if (TYPES.has(name)) {
    const type = new TypeName(name);
    return () => type;
  }
  const absent = new Failure(`${excerpt(node)} is absent`);
  return (frame) => {
    const value = frame.variable(name);
    return value === undefined ? absent : value;
  };
};

const select = (node: ASTNode, operand: Evaluate, key: Evaluate, optional: boolean): Evaluate => {
  const absent = new Failure(`${excerpt(node)} is absent`);
  return (frame) => {
    const value = operand(frame);
    if (value instanceof Failure) return value;
    const at = key(frame);
    if (at instanceof Failure) return at;
    if (value instanceof Optional && value.value === undefined) return value;
    const found = member(value instanceof Optional ? (value.value ?? null) : value, at);
    if (optional) return new Optional(found instanceof Failure ? undefined : found);
    if (value instanceof Optional) return found instanceof Failure ? found : new Optional(found);
    return found === undefined ? absent : found;
  };
};

/** Undefined: it has no such member. */
const member = (value: Value, at: Value): Value | Failure | undefined => {
  if (isList(value)) {
    const index = keyOf(at);
    if (typeof index !== "number" || !Number.isInteger(index)) return new Failure("a list is indexed by whole numbers");
    return index >= 0 ? value[index] : undefined;
  }
  const key = keyOf(at);
  if (key === undefined || !isMap(value)) {
    return new Failure(`a ${typeOf(value)} has no field ${typeof at === "string" ? at : "of this type"}`);
  }
  return lookUp(value, key);
};

const call = (node: ASTNode, name: string, args: ReadonlyArray<ASTNode>, bound: Bound): Evaluate => {
  const [first, second] = args;
  if (name === "has" && first !== undefined) return has(first, bound);
  if (name === "matches" && first !== undefined && second !== undefined) return matches(node, first, second, bound);
  const evaluate = strict(
    node,
    args.map((arg) => compile(arg, bound)),
    functions.get(`${name}/${args.length}`),
  );
  return CONSTANT.has(name) && first?.op === "value" ? constant(evaluate) : evaluate;
};

/** Worth reading once, where the argument is written out. */
const CONSTANT = new Set(["timestamp", "duration"]);

const constant = (evaluate: Evaluate): Evaluate => {
  const value = evaluate({ steps: BUDGET, locals: [], variable: () => undefined });
  return () => value;
};

const method = (
  node: ASTNode,
  name: string,
  receiver: ASTNode,
  args: ReadonlyArray<ASTNode>,
  bound: Bound,
): Evaluate => {
  const [first] = args;
  if (name === "matches" && first !== undefined) return matches(node, receiver, first, bound);
  const operand = compile(receiver, bound);
  if (name === "orValue" && first !== undefined) {
    const fallback = compile(first, bound);
    return (frame) => {
      const value = operand(frame);
      if (!(value instanceof Optional)) return failed(value, () => notOptional(receiver));
      return value.value === undefined ? fallback(frame) : value.value;
    };
  }
  if (name === "hasValue") {
    return (frame) => {
      const value = operand(frame);
      return value instanceof Optional ? value.value !== undefined : failed(value, () => notOptional(receiver));
    };
  }
  return strict(node, [operand, ...args.map((arg) => compile(arg, bound))], methods.get(`${name}/${args.length}`));
};

const notOptional = (node: ASTNode): Failure =>
  new Failure(`${excerpt(node)} is not optional: it has to end in .?field`);

/** `has(e.f)`: false where `e` is no map, as other implementations have it; an error where `e` is one. */
const has = (argument: ASTNode, bound: Bound): Evaluate => {
  if (argument.op !== "." && argument.op !== ".?") return () => new Failure("has() takes a field: has(a.b)");
  const operand = compile(argument.args[0], bound);
  const key = argument.args[1];
  return (frame) => {
    const value = operand(frame);
    if (value instanceof Failure) return value;
    const container = value instanceof Optional ? value.value : value;
    return container !== undefined && isMap(container) && lookUp(container, key) !== undefined;
  };
};

const matches = (node: ASTNode, text: ASTNode, pattern: ASTNode, bound: Bound): Evaluate => {
  const compiled = pattern.op === "value" && typeof pattern.args === "string" ? matcher(pattern.args) : undefined;
  if (compiled?._tag !== "Right") return () => new Failure("matches() takes a literal pattern");
  const test = compiled.right;
  return strict(node, [compile(text, bound)], (meter, x) => (typeof x === "string" ? test(meter, x) : undefined));
};

/** Evaluates every operand, fails with the first that did, and with a sentence where `run` has no such overload. */
const strict = (node: ASTNode, operands: ReadonlyArray<Evaluate>, run: Implementation | undefined): Evaluate => {
  if (run === undefined) return () => new Failure(`${excerpt(node)}: there is no such function`);
  return (frame) => {
    const values: Array<Value> = [];
    for (const operand of operands) {
      const value = operand(frame);
      if (value instanceof Failure) return value;
      values.push(value);
    }
    const outcome = run(frame, ...values);
    return outcome === undefined ? notDefined(node, ...values) : outcome;
  };
};

const notDefined = (node: ASTNode, ...values: ReadonlyArray<Value>): Failure =>
  new Failure(`${excerpt(node)} is not defined for ${values.map(typeOf).join(" and ")}`);

const list = (items: ReadonlyArray<Evaluate>): Evaluate => {
  return (frame) => {
    const values: Array<Value> = [];
    for (const item of items) {
      const value = item(frame);
      if (value instanceof Failure) return value;
      values.push(value);
    }
    return values;
  };
};

const map = (entries: ReadonlyArray<readonly [Evaluate, Evaluate]>): Evaluate => {
  return (frame) => {
    const values = new Map<NonNullable<ReturnType<typeof keyOf>>, Value>();
    for (const [evaluateKey, evaluateValue] of entries) {
      const at = evaluateKey(frame);
      if (at instanceof Failure) return at;
      const key = keyOf(at);
      if (key === undefined) return new Failure(`a ${typeOf(at)} cannot be the key of a map`);
      if (values.has(key)) return new Failure(`the map has the key ${String(key)} twice`);
      const value = evaluateValue(frame);
      if (value instanceof Failure) return value;
      values.set(key, value);
    }
    return new CelMap(values);
  };
};

const ternary = (node: ASTNode, condition: Evaluate, yes: Evaluate, no: Evaluate): Evaluate => {
  return (frame) => {
    const value = condition(frame);
    return typeof value === "boolean"
      ? value
        ? yes(frame)
        : no(frame)
      : failed(value, () => new Failure(`${excerpt(node)}: the condition is neither true nor false`));
  };
};

/** `||` where `deciding` is true, `&&` where it is false: either side may decide, whatever the other one is. */
const logic = (node: ASTNode, deciding: boolean, left: Evaluate, right: Evaluate): Evaluate => {
  return (frame) => {
    const a = left(frame);
    if (a === deciding) return deciding;
    const b = right(frame);
    if (b === deciding) return deciding;
    if (typeof a !== "boolean") return failed(a, () => notBoolean(node, a));
    return typeof b === "boolean" ? b : failed(b, () => notBoolean(node, b));
  };
};

const equality = (expected: boolean, left: Evaluate, right: Evaluate): Evaluate => {
  return (frame) => {
    const a = left(frame);
    if (a instanceof Failure) return a;
    const b = right(frame);
    if (b instanceof Failure) return b;
    return equals(a, b, frame) === expected;
  };
};

const comparison = (node: ASTNode, operator: "<" | "<=" | ">" | ">=", left: Evaluate, right: Evaluate): Evaluate => {
  return (frame) => {
    const a = left(frame);
    if (a instanceof Failure) return a;
    const b = right(frame);
    if (b instanceof Failure) return b;
    const result = order(a, b, frame);
    if (result === undefined) return notDefined(node, a, b);
    return operator === "<"
      ? result < 0
      : operator === "<="
        ? result <= 0
        : operator === ">"
          ? result > 0
          : result >= 0;
  };
};

const loop = (node: ASTNode, { range, variable, body, filter, macro }: Comprehension, bound: Bound): Evaluate => {
  const local = bound.size === 0 ? 0 : Math.max(...bound.values()) + 1;
  const inner = new Map(bound).set(variable, local);
  const evaluateRange = compile(range, bound);
  const evaluateBody = compile(body, inner);
  const evaluateFilter = filter === undefined ? undefined : compile(filter, inner);
  const cost = countNodes(body) + (filter === undefined ? 0 : countNodes(filter));
  const run = LOOPS[macro];
  return (frame) => {
    const value = evaluateRange(frame);
    if (value instanceof Failure) return value;
    const items = isList(value) ? value : keysOf(value, frame);
    if (items === undefined) return new Failure(`${excerpt(range)} is neither a list nor a map`);
    const at = (evaluate: Evaluate, item: Value): Value | Failure => {
      frame.locals[local] = item;
      return evaluate(frame);
    };
    return run(
      items,
      (item) => {
        spend(frame, cost);
        return at(evaluateBody, item);
      },
      evaluateFilter === undefined ? undefined : (item) => at(evaluateFilter, item),
      node,
    );
  };
};
