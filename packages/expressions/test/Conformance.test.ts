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

/** The official cases' notation of values (cel.expr.Value as JSON). */
const valueOf = (given: any): Value | typeof unknown => {
  if (given === undefined) return true;
  const [[kind, content] = ["nullValue", null]] = Object.entries<any>(given);
  switch (kind) {
    case "nullValue":
      return null;
    case "boolValue":
    case "stringValue":
      return content;
    case "int64Value":
      return BigInt(content);
    case "doubleValue":
      return Number(content);
    case "typeValue":
      return new TypeName(content);
    case "listValue": {
      const items = (content.values ?? []).map(valueOf);
      return items.includes(unknown) ? unknown : items;
    }
    case "mapValue": {
      const entries = (content.entries ?? []).map((entry: any) => [valueOf(entry.key), valueOf(entry.value)]);
      if (entries.flat().includes(unknown)) return unknown;
      return new CelMap(new Map(entries.map(([key, value]: [Value, Value]) => [keyOf(key), value])));
    }
    case "objectValue": {
      const text = content.value ?? "";
      const found = content["@type"]?.endsWith("Timestamp")
        ? parseTimestamp(text)
        : content["@type"]?.endsWith("Duration")
          ? parseDuration(text)
          : undefined;
      return found ?? unknown;
    }
    default:
      return unknown;
  }
};

const passes = (test: Case): boolean => {
  const bindings = Object.entries<any>((test["bindings"] as object | undefined) ?? {}).map(
    ([name, binding]) => [name, valueOf(binding.value)] as const,
  );
  const variables = new Map(bindings);
  if ([...variables.values()].includes(unknown)) return false;
  const library = baseLibrary();
  for (const name of variables.keys()) if (!name.includes(".")) library.registerVariable(name, "dyn");
  const expected =
    test["evalError"] === undefined && test["anyEvalErrors"] === undefined ? valueOf(test["value"]) : undefined;
  const checked = Either.gen(function* () {
    const { ast, types } = yield* parse(test.expr, { library });
    const complaints = inspect(ast, test.expr, { library, variables: [...variables.keys()] });
    if (complaints.length > 0) return yield* Either.left(complaints);
    if (test["disableCheck"] !== true) yield* types();
    return ast;
  });
  // A literal that is wrong is refused where the reference fails when it runs.
  if (Either.isLeft(checked)) return expected === undefined;
  const meter = { steps: 1e6, locals: [], variable: (name: string) => variables.get(name) as Value | undefined };
  const value = compile(checked.right)(meter);
  if (expected === undefined || expected === unknown || value instanceof Failure)
    return expected === undefined && value instanceof Failure;
  if (typeof value !== typeof expected) return false;
  return (typeof value === "number" && Number.isNaN(value) && Number.isNaN(expected)) || equals(value, expected, meter);
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
