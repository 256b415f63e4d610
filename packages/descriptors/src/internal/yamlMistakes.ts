/**
 * The parser's errors, said to someone who did not write a YAML parser: what is wrong and how to mend it.
 */
import type { YAMLError } from "yaml";

export const UNRENDERED =
  "is an unrendered template: apply the file that the template engine makes of this one, not the template itself";

/** True of a line with the markup of a template engine: Jinja, cookiecutter, Backstage scaffolder. */
export const isTemplate = (line: string): boolean => /\{%|\{\{|^\s*%\s*(?:if|for|end|else)/.test(line);

/** `line` is the text of the line that the error is on. */
export const reword = (error: YAMLError, line: string): string => {
  const bracket = /must be sufficiently indented and end with a (.)/.exec(error.message)?.[1];
  if (bracket !== undefined)
    return `a bracket is not closed: ${bracket} is missing, or the lines inside are not indented`;
  switch (error.code) {
    case "TAB_AS_INDENT":
      return "a tab indents this line, and YAML is indented with spaces: replace the tab";
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return `a key with a colon stands inside a value: put the value in quotes if the colon belongs to it, or mend the indentation of ${quote(line)}`;
    case "BAD_INDENT":
      return `the indentation does not fit: line ${quote(line)} up with its neighbours`;
    case "BAD_SCALAR_START":
      return `${quote(line)} has a value that starts with a sign that YAML reserves: put the value in quotes`;
    case "BAD_DQ_ESCAPE":
      return "a backslash in double quotes starts an escape sequence, and this is none: double the backslash, or use single quotes";
    case "BAD_ALIAS":
      return "a value that starts with * or & is an alias or an anchor: put it in quotes if it is meant as text";
    case "BAD_DIRECTIVE":
      return "a line that starts with % is a directive: only %YAML 1.2 and %TAG are known";
    case "KEY_OVER_1024_CHARS":
      return "the key is longer than 1024 characters: is a quote missing?";
    case "RESOURCE_EXHAUSTION":
      return "is nested too deeply: flatten it";
    case "BLOCK_IN_FLOW":
      return "inside [ ] or { } no indented list or mapping can stand: close the bracket first, or write it with brackets too";
    default:
      return missing(error.message, line);
  }
};

const missing = (message: string, line: string): string => {
  if (message.startsWith("Missing closing")) {
    return `the quote ${message.slice("Missing closing ".length, "Missing closing ".length + 1)} is not closed: close it, or double it if it belongs to the text`;
  }
  if (message.startsWith("Implicit map keys need")) return `${quote(line)} has no colon: write key: value`;
  if (message.startsWith("Missing directives-end")) return "a line that starts with % must be followed by a line ---";
  if (/^Unexpected \S+ at node end/.test(message)) {
    return `text follows a value that has ended: put all of it in quotes (${quote(line)})`;
  }
  return `is not YAML at ${quote(line)}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
};

export const duplicateKey = (key: string, atRoot: boolean): string =>
  atRoot && (key === "apiVersion" || key === "kind" || key === "metadata" || key === "spec")
    ? `the key ${key} stands here for a second time: is the line --- missing between two documents?`
    : `the key ${quote(key)} stands here for a second time: remove or rename one of them`;

const quote = (text: string): string => {
  const trimmed = text.trim();
  return JSON.stringify(trimmed.length > 80 ? `${trimmed.slice(0, 79)}…` : trimmed);
};
