import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";
import { expect, it } from "@effect/vitest";
import * as Either from "effect/Either";
import { baseLibrary } from "../src/internal/environment.ts";
import { compile } from "../src/internal/evaluate.ts";
import { parse } from "../src/internal/gate.ts";
import { inspect } from "../src/internal/rules.ts";
import { parseDuration, parseTimestamp } from "../src/internal/time.ts";
import { CelMap, equals, Failure, keyOf, TypeName, type Value } from "../src/internal/values.ts";

type Suite = typeof tests;
type Case = NonNullable<Suite["tests"]>[number]["original"];

/** Files about protobuf messages and what else JSON has not. */
const PROTOBUF = new Set([
  "proto2",
  "proto2_ext",
  "proto3",
  "enums",
  "dynamic",
  "wrappers",
  "unknowns",
  "type_deductions",
  "namespace",
  "block_ext",
]);

const unknown = Symbol("no JSON value");

const members = (given: unknown): ReadonlyArray<readonly [string, unknown]> => Object.entries(given ?? {});

const member = (given: unknown, name: string): unknown => members(given).find(([key]) => key === name)?.[1];

const itemsOf = (given: unknown, name: string): ReadonlyArray<unknown> => {
  const items = member(given, name);
  return Array.isArray(items) ? items : [];
};

/** The official cases' notation of values (cel.expr.Value as JSON). */
const valueOf = (given: unknown): Value | typeof unknown => {
  const [kind, content] = members(given)[0] ?? ["boolValue", true];
  switch (kind) {
    case "nullValue":
      return null;
    case "boolValue":
      return content === true;
    case "stringValue":
      return String(content);
    case "int64Value":
      return BigInt(String(content));
    case "doubleValue":
      return Number(content);
    case "typeValue":
      return new TypeName(String(content));
    case "listValue":
      return known(itemsOf(content, "values").map(valueOf));
    case "mapValue": {
      const entries = new Map<NonNullable<ReturnType<typeof keyOf>>, Value>();
      for (const entry of itemsOf(content, "entries")) {
        const pair = known([valueOf(member(entry, "key")), valueOf(member(entry, "value"))]);
        if (pair === unknown) return unknown;
        entries.set(keyOf(pair[0] ?? null) ?? "", pair[1] ?? null);
      }
      return new CelMap(entries);
    }
    case "objectValue": {
      const text = String(member(content, "value"));
      const type = String(member(content, "@type"));
      const time = type.endsWith("Timestamp")
        ? parseTimestamp(text)
        : type.endsWith("Duration")
          ? parseDuration(text)
          : undefined;
      return time ?? unknown;
    }
    default:
      return unknown;
  }
};

const known = (values: ReadonlyArray<Value | typeof unknown>): ReadonlyArray<Value> | typeof unknown => {
  const those = values.filter((value) => value !== unknown);
  return those.length === values.length ? those : unknown;
};

const passes = (test: Case): boolean => {
  const variables = new Map<string, Value>();
  const library = baseLibrary();
  for (const [name, binding] of members(test["bindings"])) {
    const value = valueOf(member(binding, "value"));
    if (value === unknown || name.includes(".")) return false;
    variables.set(name, value);
    library.registerVariable(name, "dyn");
  }
  const fails = test["evalError"] !== undefined || test["anyEvalErrors"] !== undefined;
  const checked = Either.gen(function* () {
    const { ast, types } = yield* parse(test.expr, { library });
    const complaints = inspect(ast, test.expr, { library, variables: [...variables.keys()] });
    if (complaints.length > 0) return yield* Either.left(complaints);
    if (test["disableCheck"] !== true) yield* types();
    return ast;
  });
  // A literal that is wrong is refused where the reference fails when it runs.
  if (Either.isLeft(checked)) return fails;
  const frame = { steps: 1e6, locals: [], variable: (name: string) => variables.get(name) };
  const value = compile(checked.right)(frame);
  if (fails || value instanceof Failure) return fails && value instanceof Failure;
  const expected = valueOf(test["value"]);
  if (expected === unknown || typeof value !== typeof expected) return false;
  return (Number.isNaN(value) && Number.isNaN(expected)) || equals(value, expected, frame);
};

const casesOf = ({ tests: direct = [], suites = [] }: Suite): ReadonlyArray<Case> => [
  ...direct.map(({ original }) => original),
  ...suites.flatMap(casesOf),
];

/** What JSON has no types for, and functions that a filter does without: stated in docs/cel.md. */
const OUT_OF_SCOPE =
  /\d[uU]\b|uint|[bB]['"\\]|bytes|TestAllTypes|google\.|googleapis|cel\.|math\.|optional\.|Enum|optMap|optFlatMap|base64|\.format\(|quote\(|reverse\(|typedResult|transform|existsOne|"container"|indexOf\('[^']*', |lastIndexOf\('[^']*', |exists\(\w, \w|all\(\w, \w/;

it("passes the official cases on what JSON has", () => {
  const table: Array<{
    readonly file: string;
    readonly passed: number;
    readonly inScope: string;
    readonly cases: number;
  }> = [];
  const sum = { passed: 0, cases: 0, relevant: 0, relevantCases: 0, inScope: 0, inScopeCases: 0 };
  const misses: Array<string> = [];
  for (const file of tests.suites ?? []) {
    const cases = casesOf(file);
    const isPassed = new Map(cases.map((test) => [test, passes(test)]));
    const count = (some: ReadonlyArray<Case>): number => some.filter((test) => isPassed.get(test)).length;
    const inScope = cases.filter((test) => !PROTOBUF.has(file.name) && !OUT_OF_SCOPE.test(JSON.stringify(test)));
    for (const test of inScope) if (!isPassed.get(test)) misses.push(`${file.name}: ${test.expr.slice(0, 120)}`);
    table.push({
      file: file.name,
      passed: count(cases),
      cases: cases.length,
      inScope: `${count(inScope)}/${inScope.length}`,
    });
    sum.passed += count(cases);
    sum.cases += cases.length;
    sum.inScope += count(inScope);
    sum.inScopeCases += inScope.length;
    if (PROTOBUF.has(file.name)) continue;
    sum.relevant += count(cases);
    sum.relevantCases += cases.length;
  }
  console.table(table);
  console.log("conformance", sum, misses);
  expect(sum.inScope / sum.inScopeCases).toBeGreaterThan(0.9);
});
