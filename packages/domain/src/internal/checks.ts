/**
 * Checks of single values. Each reports at most one finding at the value's own path, worded as what is wrong, what is
 * allowed, and how to mend it.
 */
import { isObject } from "../Json.ts";
import * as Findings from "./findings.ts";

/** What a document's checks report to. */
export interface Report {
  readonly faults: Findings.Findings;
  readonly warnings: Findings.Findings;
}

export type Check = (report: Report, path: string, value: unknown) => void;

/** A field of a mapping and what it may hold. */
export interface Rule {
  readonly field: string;
  readonly required: boolean;
  readonly check: Check;
  /** What to write, for the message about a missing one. */
  readonly example: string;
}

export const required = (field: string, check: Check, example: string): Rule => ({
  field,
  required: true,
  check,
  example,
});

export const optional = (field: string, check: Check): Rule => ({ field, required: false, check, example: "" });

export const UNRENDERED =
  "is an unrendered template: apply the file that the template engine makes of this one, not the template itself";

/** Markup of a template engine: Jinja, cookiecutter, Backstage scaffolder (`${{ … }}`). */
export const isTemplate = (value: string): boolean => value.includes("{{") || value.includes("{%");

/** `name: {{ x }}` is legal YAML: a mapping whose only key is a mapping and whose value is null. */
const isTemplateMapping = (value: object): boolean => {
  const [key, second] = Object.keys(value);
  return key !== undefined && second === undefined && key.startsWith("{") && key.endsWith("}");
};

/** Any text, the empty one too. */
export const anyText: Check = (report, path, value) => {
  if (typeof value !== "string") Findings.add(report.faults, path, notText(value));
};

export const text: Check = (report, path, value) => {
  if (typeof value !== "string" || value === "") Findings.add(report.faults, path, notText(value));
};

/** Text with something visible in it. */
export const visibleText: Check = (report, path, value) => {
  if (typeof value === "string" && value !== "" && value.trim() === "") {
    Findings.add(report.faults, path, "is blank: write text, or leave the field out");
  } else text(report, path, value);
};

/** Text that has a format; `mend` may propose a text that has it. */
export const formatted =
  (matches: (value: string) => boolean, rule: string, mend: (value: string) => string = (value) => value): Check =>
  (report, path, value) => {
    if (typeof value === "string" && value !== "" && matches(value)) return;
    Findings.add(report.faults, path, malformed(value, matches, rule, mend));
  };

const malformed = (
  value: unknown,
  matches: (value: string) => boolean,
  rule: string,
  mend: (value: string) => string,
): string => {
  if (typeof value !== "string" || value === "") return notText(value);
  if (isTemplate(value)) return UNRENDERED;
  const proposal = mend(value);
  const example = proposal !== "" && matches(proposal) ? `; for example ${Findings.quote(proposal)}` : "";
  return `is ${Findings.quote(value)}, and must be ${rule}${example}`;
};

export const oneOf = (...allowed: ReadonlyArray<string>): Check =>
  formatted((value) => allowed.includes(value), allowed.join(" or "));

export const list =
  (item: Check): Check =>
  (report, path, value) => {
    if (!Array.isArray(value)) return Findings.add(report.faults, path, notList(value));
    for (let i = 0; i < value.length; i++) item(report, `${path}/${i}`, value[i]);
  };

/** A mapping with these rules; keys without a rule are kept as they are. */
export const mapping =
  (rules: ReadonlyArray<Rule>): Check =>
  (report, path, value) => {
    if (isObject(value)) members(report, path, value, rules);
    else Findings.add(report.faults, path, notMapping(value));
  };

export const members = (
  report: Report,
  path: string,
  value: { readonly [key: string]: unknown },
  rules: ReadonlyArray<Rule>,
): void => {
  for (const rule of rules) {
    const member = value[rule.field];
    if (member !== undefined) rule.check(report, `${path}/${rule.field}`, member);
    else if (rule.required) {
      Findings.add(report.faults, `${path}/${rule.field}`, `is missing: write ${rule.field}: ${rule.example}`);
    }
  }
};

/** Keys and values that each have a check: labels, annotations. */
export const entries =
  (key: Check, member: Check): Check =>
  (report, path, value) => {
    if (!isObject(value)) return Findings.add(report.faults, path, notMapping(value));
    for (const name of Object.keys(value)) {
      const place = Findings.at(path, name);
      key(report, place, name);
      member(report, place, value[name]);
    }
  };

/**
 * A value, or one of the placeholders (`$text: ./openapi.yaml`) that another reader would replace by a file's content: it
 * is kept as it is, for nothing is fetched here.
 */
export const orPlaceholder =
  (check: Check, placeholders: ReadonlyArray<string>): Check =>
  (report, path, value) => {
    const placeholder = placeholderOf(value);
    if (placeholder === undefined) check(report, path, value);
    else if (placeholders.includes(placeholder)) {
      const message = `is the placeholder ${placeholder}: kept as it is, and what it points at is not fetched`;
      Findings.add(report.warnings, path, message);
    } else {
      const message = `is the placeholder ${Findings.quote(placeholder)}, and here can stand ${placeholders.join(", ")} or the value itself`;
      Findings.add(report.faults, path, message);
    }
  };

const placeholderOf = (value: unknown): string | undefined => {
  if (!isObject(value)) return undefined;
  const [key, second] = Object.keys(value);
  return second === undefined && key?.startsWith("$") ? key : undefined;
};

/** What to say of a value that stands where text belongs. */
const notText = (value: unknown): string => {
  if (value === "") return "is empty: write text, or leave the field out if it is optional";
  if (value === null)
    return "is null where text belongs (nothing follows the colon): write text, or leave the field out";
  if (Array.isArray(value)) return "must be text, and is a list: write one value, without dash or brackets";
  if (typeof value !== "object") {
    return `must be text, and is ${Findings.describe(value)}: put it in quotes, "${String(value)}"`;
  }
  if (isTemplateMapping(value)) return UNRENDERED;
  const placeholder = placeholderOf(value);
  return placeholder === undefined
    ? "must be text, and is a mapping: write one value"
    : `must be text, and is the placeholder ${Findings.quote(placeholder)}: write the text itself`;
};

/** What to say of a value that stands where a list belongs. */
const notList = (value: unknown): string => {
  if (value === null) {
    return "is null where a list belongs (nothing but comments follows the colon): write [], or leave the field out";
  }
  if (typeof value === "string" && isTemplate(value)) return UNRENDERED;
  if (typeof value !== "object") {
    return `must be a list, and is ${Findings.describe(value)}: begin each item with a dash, or write it in brackets`;
  }
  return isTemplateMapping(value) ? UNRENDERED : "must be a list, and is a mapping: begin each item with a dash";
};

/** What to say of a value that stands where a mapping belongs. */
export const notMapping = (value: unknown): string => {
  if (value === null)
    return "is null where a mapping belongs (nothing is indented below it): indent its fields below it";
  if (typeof value === "string" && isTemplate(value)) return UNRENDERED;
  return `must be a mapping, and is ${Findings.describe(value)}: write keys and values, indented below it`;
};
