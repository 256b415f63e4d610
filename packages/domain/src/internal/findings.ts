import * as Fault from "../Fault.ts";

/** What was found so far, in the order of finding; at most one finding a place, because the first says what to mend first. */
export interface Findings {
  readonly kept: Array<Fault.Fault>;
  readonly places: Set<string>;
  total: number;
}

export const make = (): Findings => ({ kept: [], places: new Set(), total: 0 });

export const add = (findings: Findings, path: string, message: string): void => {
  if (findings.places.has(path)) return;
  findings.total++;
  if (findings.kept.length === Fault.MAX_FAULTS) return;
  findings.places.add(path);
  findings.kept.push({ path, message });
};

export const list = (findings: Findings): ReadonlyArray<Fault.Fault> => Fault.limit(findings.kept, findings.total);

const MAX_ECHO = 80;

/** A member's path: a long key is cut, as it is echoed. */
export const at = (path: string, key: string | number): string =>
  `${path}/${typeof key === "number" ? key : cut(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** The value as a message shows it: in quotes, control characters escaped, at most 80 characters. */
export const quote = (text: string): string => JSON.stringify(cut(text));

/** What a value is, for "must be text, and is …". */
export const describe = (value: unknown): string => {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return value === "" ? "empty" : `the text ${quote(value)}`;
  return `the ${typeof value} ${String(value)}`;
};

const cut = (text: string): string => (text.length > MAX_ECHO ? `${text.slice(0, MAX_ECHO - 1)}…` : text);
