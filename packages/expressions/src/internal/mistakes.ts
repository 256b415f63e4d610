/**
 * What people write who know other languages, and how to say it in this one.
 */
import type { TypeError as CelTypeError, ParseError } from "@marcbachmann/cel-js";
import type { Complaint } from "./complaint.ts";
import { LIMITS, NAMESPACE_ALIAS } from "./environment.ts";

const WORDS: { readonly [word: string]: string } = {
  and: "&& stands for and",
  or: "|| stands for or",
  not: '! stands for not: !(name == "x"), !("x" in tags)',
  is: "== asks whether two values are equal",
  like: 'write name.contains("x"), name.startsWith("x") or name.matches("x")',
  contains: 'write "x" in tags for a list, name.contains("x") for a text',
  matches: 'write name.matches("x")',
  startswith: 'write name.startsWith("x")',
  endswith: 'write name.endsWith("x")',
  between: "write x >= 1.0 && x <= 2.0",
};

export const explainParse = (error: ParseError, text: string): Complaint => {
  const { start, end } = error.range ?? { start: 0, end: text.length };
  return { start, end: Math.max(end, start + 1), message: parseMessage(error, text, start) };
};

const parseMessage = (error: ParseError, text: string, start: number): string => {
  const rest = text.slice(start);
  const word = WORDS[/^[A-Za-z]+/.exec(rest)?.[0].toLowerCase() ?? ""];
  if (word !== undefined) return word;
  switch (error.code) {
    case "limit_exceeded":
      return limitMessage(error.summary);
    case "unterminated_string":
    case "unterminated_triple_quoted_string":
      return "the text has no closing quote";
    case "newline_in_string":
      return 'a text of several lines stands in three quotes: """…"""';
    case "reserved_identifier":
      return `${/^\w+/.exec(rest)?.[0]} is a reserved word`;
    case "invalid_macro_argument":
      return `the first argument of ${/^\w+/.exec(error.summary)?.[0]}() is the name of a variable: tags.exists(t, t == "x")`;
    case "invalid_escape_sequence":
      return `${error.summary}; in a pattern write \\\\ for \\, or r"…"`;
    default:
      return characterMessage(rest, text.slice(0, start)) ?? structureMessage(error.summary);
  }
};

const characterMessage = (rest: string, before: string): string | undefined => {
  if (rest.startsWith("=")) return before.endsWith("=") ? "== is enough" : "== asks whether two values are equal";
  if (rest.startsWith("&")) return "&& stands for and";
  if (rest.startsWith("|")) return "|| stands for or";
  if (rest.startsWith(">") && before.endsWith("<")) return "!= asks whether two values differ";
  if (rest.startsWith("`")) return 'a key that is no plain word stands in brackets: labels["a/b"]';
  if (/^[“”„‘’«»]/.test(rest)) return "a text stands in plain quotes: \"…\" or '…'";
  if (rest.startsWith("{")) return "messages cannot be made here";
  if (/^[^\s\w()[\]{}.,:?+\-*/%<>!"']/.test(rest)) return `${[...rest][0]} has no meaning here`;
  return undefined;
};

const structureMessage = (summary: string): string => {
  if (summary.includes("got EOF") || summary === "Unexpected token: EOF") {
    if (summary.includes("RPAREN")) return "a ) is missing at the end";
    if (summary.includes("RBRACKET")) return "a ] is missing at the end";
    return "something is missing at the end";
  }
  const token = /^Unexpected (?:token|character): '?(.+?)'?$/.exec(summary)?.[1];
  return token === undefined
    ? summary.toLowerCase()
    : "this was not expected here: join conditions with && or ||, and close what was opened before";
};

const limitMessage = (summary: string): string => {
  if (summary.includes("maxAstNodes"))
    return `it is too large; at most ${LIMITS.maxAstNodes} names, literals and operators are allowed`;
  if (summary.includes("maxDepth")) return `it is nested too deeply; at most ${LIMITS.maxDepth} levels are allowed`;
  if (summary.includes("maxListElements")) return `a list has at most ${LIMITS.maxListElements} items`;
  if (summary.includes("maxMapEntries")) return `a map has at most ${LIMITS.maxMapEntries} entries`;
  return `a call has at most ${LIMITS.maxCallArguments} arguments`;
};

export const explainType = (error: CelTypeError | ParseError, text: string): Complaint => {
  const { start, end } = error.range ?? { start: 0, end: text.length };
  const message = dottedKey(text, start) ?? typeMessage(error.code, error.summary);
  return { start, end, message: message.replaceAll(NAMESPACE_ALIAS, "namespace") };
};

const typeMessage = (code: string, summary: string): string => {
  switch (code) {
    case "no_such_overload":
      return overloadMessage(summary.replace("no such overload: ", "").replaceAll("$", ""));
    case "invalid_index_type":
    case "cannot_index_type":
      return "this value has no fields; for the number of items or characters write size(x)";
    case "invalid_condition_type":
    case "invalid_logical_operand":
      return `${plain(summary)}: compare the value with something, as in x == "y"`;
    case "incompatible_ternary_branches":
      return `${plain(summary)}: wrap one in dyn(…)`;
    case "optional_expected":
      return `${plain(summary)}: write a.?b.orValue("x")`;
    case "no_matching_overload":
      return `${plain(summary)}: if the types are right when it runs, wrap the value in dyn(…)`;
    default:
      return plain(summary);
  }
};

const overloadMessage = (signature: string): string => {
  const [, left = "", operator = "", right = ""] = /^(.+?) (==|!=|<=?|>=?|in|[-+*/%]) (.+)$/.exec(signature) ?? [];
  if (operator === "in" && (right === "entity" || right === "event")) return `write has(${right}.field)`;
  if (operator === "in" && right === "string") return 'for a part of a text write x.contains("part")';
  if (operator === "in") return `${left} is never in ${right}`;
  if (left === "null" || right === "null") {
    return 'this value is always there and never null: compare it with "", [] or {}, or ask size(x) == 0';
  }
  if (isNumeric(left) && isNumeric(right)) {
    return `${left} ${operator} ${right}: integers and decimals do not mix; write 1.0 for 1, or wrap one side in dyn(…)`;
  }
  if (operator === "==" || operator === "!=") {
    return `${left} ${operator} ${right}: values of different types are never equal; mend one side, or wrap it in dyn(…)`;
  }
  return `${signature}: the operator is not defined for these types`;
};

const isNumeric = (type: string): boolean => type === "int" || type === "double";

const plain = (summary: string): string => summary.charAt(0).toLowerCase() + summary.slice(1);

/** `annotations.a.b/c` and `labels.a-b`, which are divisions and subtractions: undefined unless the offset is in one. */
export const dottedKey = (text: string, offset: number): string | undefined => {
  for (const match of text.matchAll(/((?:entity\.metadata\.)?(?:annotations|labels))\.([\w.-]*[-/][\w./-]*)/g)) {
    if (offset < match.index || offset >= match.index + match[0].length) continue;
    return `a key with / or - stands in brackets: ${match[1]}["${match[2]}"]`;
  }
  return undefined;
};
