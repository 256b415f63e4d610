/**
 * The catalog's own rules on expressions: which names there are, what is too much, and what cannot be meant.
 */
import * as Reference from "@cadastre/domain/Reference";
import type { ASTNode } from "@marcbachmann/cel-js";
import * as Either from "effect/Either";
import { children, comprehensionOf, excerpt, MACROS } from "./ast.ts";
import { type Complaint, nearest } from "./complaint.ts";
import { FIELDS, type Language, NAMESPACE_ALIAS, TYPES } from "./environment.ts";
import { functions, methods } from "./functions.ts";
import { dottedKey } from "./mistakes.ts";
import { matcher } from "./regex.ts";
import { parseDuration, parseTimestamp } from "./time.ts";

/** Literals within literals: no field of a document needs more, and the type checker keeps each type for ever. */
const MAX_LITERAL_NESTING = 3;

/** `map` loops of one expression, for the same reason. */
const MAX_MAPS = 4;

/** Every complaint, in the order of the text. */
export const inspect = (ast: ASTNode, text: string, language: Language): ReadonlyArray<Complaint> => {
  const complaints: Array<Complaint> = [];
  const complain = (node: ASTNode, message: string): void => {
    complaints.push({ start: node.start, end: node.end, message });
  };
  let maps = 0;

  const visit = (node: ASTNode, loops: ReadonlyArray<string>, literals: number): void => {
    const nested = node.op === "list" || node.op === "map" ? literals + 1 : literals;
    if (nested > MAX_LITERAL_NESTING) complain(node, `literals are nested more than ${MAX_LITERAL_NESTING} deep`);

    const comprehension = comprehensionOf(node);
    if (comprehension !== undefined) {
      if (comprehension.macro === "map" && ++maps > MAX_MAPS) complain(node, `at most ${MAX_MAPS} map() are allowed`);
      visit(comprehension.range, loops, nested);
      const inside = [...loops, comprehension.variable];
      if (comprehension.filter !== undefined) visit(comprehension.filter, inside, nested);
      visit(comprehension.body, inside, nested);
      return;
    }
    const message = problemOf(node, text, language, loops);
    if (message !== undefined) complain(node, message);
    // What is below a call that is wrong as such would be complained of for no reason of its own.
    if (message === undefined || (node.op !== "call" && node.op !== "rcall")) {
      for (const child of children(node)) visit(child, loops, nested);
    }
  };
  visit(ast, [], 0);
  return complaints;
};

const problemOf = (
  node: ASTNode,
  text: string,
  language: Language,
  loops: ReadonlyArray<string>,
): string | undefined => {
  switch (node.op) {
    case "value":
      return typeof node.args === "object" && node.args !== null
        ? "JSON has neither bytes nor unsigned integers: write a string or a number"
        : undefined;
    case "id":
      return unknownVariable(node, text, [...language.variables, ...loops]);
    case ".":
    case ".?":
      return unknownField(node.args[0], node.args[1], loops);
    case "call":
      return node.args[0] === "has" ? hasProblem(node.args[1]) : callProblem(node.args[0], node.args[1]);
    case "rcall":
      return methodProblem(node, node.args[0], node.args[1], node.args[2]);
    case "==":
    case "!=":
      return ownerProblem(node.args[0], [node.args[1]]) ?? ownerProblem(node.args[1], [node.args[0]]);
    case "in":
      return node.args[1].op === "list" ? ownerProblem(node.args[0], node.args[1].args) : undefined;
    default:
      return undefined;
  }
};

const CONSTANTS: { readonly [word: string]: string } = {
  none: "null",
  nil: "null",
  undefined: "null",
  null: "null",
  true: "true",
  false: "false",
};

const unknownVariable = (
  node: Extract<ASTNode, { op: "id" }>,
  text: string,
  known: ReadonlyArray<string>,
): string | undefined => {
  const word = text.slice(node.start, node.end);
  const isAlias = node.args === NAMESPACE_ALIAS;
  if (isAlias ? word === "namespace" : known.includes(node.args) || TYPES.has(node.args)) return undefined;
  const constant = CONSTANTS[word.toLowerCase()];
  if (constant !== undefined) return `there is no ${word}: write ${constant}`;
  const key = dottedKey(text, node.start);
  if (key !== undefined) return key;
  const near = nearest(word, known);
  const list = known.join(", ");
  if (near !== undefined) return `there is no variable ${word}: did you mean ${near}?`;
  return `there is no variable ${word}: there are ${list}. A text stands in quotes: "${word}"`;
};

const unknownField = (operand: ASTNode, field: string, loops: ReadonlyArray<string>): string | undefined => {
  if (operand.op !== "id" || loops.includes(operand.args)) return undefined;
  const fields = FIELDS[operand.args];
  if (fields === undefined || fields.includes(field)) return undefined;
  const near = nearest(field, fields);
  const mend = near === undefined ? `there are ${fields.join(", ")}` : `did you mean ${operand.args}.${near}?`;
  return operand.args === "entity" && METADATA.has(field)
    ? `${field} stands under metadata: write entity.metadata.${field}`
    : `${operand.args} has no field ${field}: ${mend}`;
};

const METADATA = new Set([
  "name",
  "namespace",
  "title",
  "description",
  "labels",
  "annotations",
  "tags",
  "links",
  "uid",
  "revision",
  "createdAt",
  "updatedAt",
]);

/** `has()` takes a field that is named by an identifier (cel-spec "Field Selection"). */
const hasProblem = (args: ReadonlyArray<ASTNode>): string | undefined => {
  const [argument, ...more] = args;
  if (argument === undefined || more.length > 0) return "has() takes one field: has(entity.spec.lifecycle)";
  if (argument.op === "[]") {
    const [map, key] = argument.args;
    return `has() takes a field with a dot; for a key in brackets write ${excerpt(key)} in ${excerpt(map)}`;
  }
  if (argument.op === "value" || argument.op === "id") return "has() takes a field: has(entity.spec.lifecycle)";
  if (argument.op !== ".") return "has() takes a field with a dot and nothing else: has(entity.spec.lifecycle)";
  let root: ASTNode = argument.args[0];
  while (root.op === "." || root.op === ".?") root = root.args[0];
  return root.op === "id"
    ? undefined
    : `has() takes names and dots alone; write "${argument.args[1]}" in ${excerpt(argument.args[0])}`;
};

const callProblem = (name: string, args: ReadonlyArray<ASTNode>): string | undefined => {
  if (name === "matches") return args.length === 2 ? patternProblem(args[1]) : "matches() takes a text and a pattern";
  if (functions.has(`${name}/${args.length}`)) return literalProblem(name, args[0]);
  const [first, ...rest] = args;
  if (first !== undefined && named(methods).has(name) && !named(functions).has(name)) {
    return `${name}() is called on a value: ${excerpt(first)}.${name}(${rest.map(excerpt).join(", ")})`;
  }
  if (MACROS.has(name)) return `${name}() is called on a list or a map: tags.${name}(t, …)`;
  return noFunction(name, [...named(functions), "has", "matches"], args.length);
};

const methodProblem = (
  node: ASTNode,
  name: string,
  receiver: ASTNode,
  args: ReadonlyArray<ASTNode>,
): string | undefined => {
  if (MACROS.has(name)) return `${name}() takes a variable and a condition: ${excerpt(receiver)}.${name}(x, …)`;
  if (name === "matches") return args.length === 1 ? patternProblem(args[0]) : "matches() takes one pattern";
  if (name === "has") return `has() stands before: has(${excerpt(receiver)}…)`;
  if (OPTIONAL.get(name) === args.length || methods.has(`${name}/${args.length}`)) return undefined;
  if (receiver.op === "id" && receiver.args === "cel") return "cel.bind() is not available: repeat what it names";
  if (functions.has(`${name}/1`) && args.length === 0) return `write ${name}(${excerpt(receiver)})`;
  return noFunction(name, [...named(methods), ...MACROS.keys(), ...OPTIONAL.keys(), "matches"], args.length, node);
};

const OPTIONAL = new Map([
  ["orValue", 1],
  ["hasValue", 0],
]);

const OTHER_NAMES: { readonly [name: string]: string } = {
  includes: "contains",
  len: "size",
  length: "size",
  count: "size",
  lower: "lowerAscii",
  toLowerCase: "lowerAscii",
  upper: "upperAscii",
  toUpperCase: "upperAscii",
  any: "exists",
  some: "exists",
  every: "all",
  regex: "matches",
  test: "matches",
};

const noFunction = (name: string, known: ReadonlyArray<string>, count: number, on?: ASTNode): string => {
  const other = OTHER_NAMES[name];
  if (known.includes(name)) return `${name}() does not take ${count} argument${count === 1 ? "" : "s"}`;
  const near = other !== undefined && known.includes(other) ? other : nearest(name, known);
  const mend = near === undefined ? `there are ${[...known].sort().join(", ")}` : `did you mean ${near}?`;
  return `there is no function ${name}${on === undefined ? "" : " on a value"}: ${mend}`;
};

const named = (table: ReadonlyMap<string, unknown>): ReadonlySet<string> =>
  new Set([...table.keys()].map((key) => key.slice(0, key.indexOf("/"))));

const patternProblem = (pattern: ASTNode | undefined): string | undefined => {
  if (pattern?.op !== "value" || typeof pattern.args !== "string") {
    return 'the pattern of matches() is written out, as a text in quotes: name.matches("^payments-")';
  }
  const compiled = matcher(pattern.args);
  return Either.isLeft(compiled)
    ? `the pattern of matches() cannot be used: ${compiled.left}. It is RE2 syntax, without look-around and back-references`
    : undefined;
};

const literalProblem = (name: string, argument: ASTNode | undefined): string | undefined => {
  if (argument?.op !== "value" || typeof argument.args !== "string") return undefined;
  if (name === "timestamp" && parseTimestamp(argument.args) === undefined) {
    return `a timestamp has a date, a time and a zone: timestamp("2026-01-31T08:00:00Z")`;
  }
  if (name === "duration" && parseDuration(argument.args) === undefined) {
    return `a duration has hours, minutes and seconds: duration("36h"), duration("1h30m")`;
  }
  return undefined;
};

/** The comparison would be false for every entity, which is not what anyone asks for. */
const ownerProblem = (variable: ASTNode, literals: ReadonlyArray<ASTNode>): string | undefined => {
  if (variable.op !== "id" || variable.args !== "owner") return undefined;
  for (const literal of literals) {
    if (literal.op !== "value" || typeof literal.args !== "string" || literal.args === "") continue;
    const parsed = Reference.parse(literal.args, { kind: "Group" });
    const key = Either.isRight(parsed) ? Reference.key(parsed.right) : undefined;
    if (key === undefined) return `owner is a complete reference, like "group:default/team-a"`;
    if (key !== literal.args) return `owner is a complete reference in lower case: write "${key}"`;
  }
  return undefined;
};
