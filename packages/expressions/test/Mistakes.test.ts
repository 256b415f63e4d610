import type { ExpressionEnvironment } from "@cadastre/domain/Expressions";
import { compile } from "@cadastre/expressions/Compiler";
import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";

const faultsOf = (text: string, environment: ExpressionEnvironment = "filter"): ReadonlyArray<string> => {
  const compiled = compile(text, environment);
  return Either.isLeft(compiled) ? compiled.left.faults.map(({ message }) => message) : [];
};

/** Expression, the column that is pointed at, and what the message has to say. */
const MISTAKES: ReadonlyArray<readonly [string, number, string]> = [
  // The wrong operator
  ['kind = "API"', 6, "== asks whether"],
  ['kind === "API"', 8, "== is enough"],
  ['kind == "API" & name == "x"', 15, "&& stands for and"],
  ['kind == "API" | name == "x"', 15, "|| stands for or"],
  ['kind == "API" and name == "x"', 15, "&& stands for and"],
  ['kind == "API" OR name == "x"', 15, "|| stands for or"],
  ['not kind == "API"', 5, "this was not expected here"],
  ['"x" not in tags', 5, '! stands for not: !(name == "x"), !("x" in tags)'],
  ['kind <> "API"', 7, "!= asks whether two values differ"],
  ['kind is "API"', 6, "== asks whether"],
  ['name like "pay%"', 6, 'name.contains("x")'],
  ['tags contains "x"', 6, '"x" in tags'],
  // Keys
  ['has(labels["a/b"])', 1, 'write "a/b" in labels'],
  [
    'has(entity.metadata.annotations["pagerduty.com/id"])',
    1,
    'write "pagerduty.com/id" in entity.metadata.annotations',
  ],
  ['has(entity.spec["x"].y)', 1, 'write "y" in entity.spec["x"]'],
  ["has(entity)", 1, "has() takes a field"],
  ['has("x")', 1, "has() takes a field"],
  ["has(labels.a, labels.b)", 1, "has() takes one field"],
  ['entity.metadata.annotations.foo/bar == "x"', 33, 'entity.metadata.annotations["foo/bar"]'],
  ['annotations.pagerduty.com/service-id == "x"', 27, 'annotations["pagerduty.com/service-id"]'],
  ['labels.cost-center == "x"', 13, 'labels["cost-center"]'],
  ['labels.app/name == "x"', 1, 'labels["app/name"]'],
  ['labels.`a/b` == "x"', 8, 'labels["a/b"]'],
  // Names
  ['lables.a == "x"', 1, "did you mean labels?"],
  ['component == "x"', 1, "there is no variable component"],
  ["kind == Component", 9, '"Component"'],
  ["kind == None", 9, "write null"],
  ["entity.spec.flag == True", 21, "write true"],
  ['entity.metdata.name == "x"', 1, "did you mean entity.metadata?"],
  ['entity.name == "x"', 1, "write entity.metadata.name"],
  ['event.type == "x"', 1, "there is no variable event"],
  ['namespac_ == "x"', 1, "did you mean namespace?"],
  // Functions
  ['name.startswith("x")', 1, "did you mean startsWith?"],
  ['name.includes("x")', 1, "did you mean contains?"],
  ['name.toLowerCase() == "x"', 1, "did you mean lowerAscii?"],
  ["len(tags) > 1", 1, "did you mean size?"],
  ["tags.length > 1", 6, "write size(x)"],
  ["size(tags, 1) > 1", 1, "does not take 2 arguments"],
  ['startsWith(name, "x")', 1, 'name.startsWith("x")'],
  ['exists(tags, t, t == "x")', 1, "is called on a list or a map"],
  ['tags.exists(t.x, t == "x")', 15, "the name of a variable"],
  ['tags.exists("x")', 1, "takes a variable and a condition"],
  ["now() > timestamp(entity.metadata.updatedAt)", 1, "there is no function now"],
  ["cel.bind(x, 1, x == 1)", 1, "cel.bind() is not available"],
  // Types
  ["kind == 1", 1, "never equal"],
  ["1 in labels", 1, "int is never in map<string, string>"],
  ['"pay" in name', 1, 'x.contains("part")'],
  ['"spec" in entity', 1, "write has(entity.field)"],
  ["owner == null", 1, "always there"],
  ["1 == 1.0", 1, "do not mix"],
  ['true ? "a" : 1', 1, "wrap one in dyn(…)"],
  ["size(tags)", 1, "its type is int"],
  ["name", 1, "its type is string"],
  ["namespace", 1, "its type is string"],
  ["tags.exists(t, t)", 16, "must return bool"],
  ['kind && name == "x"', 1, "requires bool"],
  ["b'x' == b'x'", 1, "neither bytes"],
  ["1u == 1u", 1, "neither bytes"],
  // Literals
  ['kind == "API', 9, "no closing quote"],
  ["kind == “API”", 9, "plain quotes"],
  ['(kind == "API"', 15, "a ) is missing"],
  ['kind == "API" &&', 17, "something is missing at the end"],
  ['kind in ["API"', 15, "a ] is missing"],
  ['timestamp(entity.metadata.updatedAt) > timestamp("2026-01-31")', 40, "a date, a time and a zone"],
  ['duration("1 day") < duration("48h")', 1, 'duration("36h")'],
  ['name.matches("(?=a)")', 1, "without look-around"],
  ['name.matches("(a")', 1, "missing closing )"],
  ["name.matches(kind)", 1, "is written out"],
  ['name.matches("\\d+")', 15, "write \\\\"],
  ['owner == "team-a"', 1, 'write "group:default/team-a"'],
  ['owner in ["Group:default/Team-A"]', 1, 'write "group:default/team-a"'],
  ["", 1, "the expression is empty"],
];

describe("a wrong expression", () => {
  for (const [text, column, mend] of MISTAKES) {
    it(`is refused with its place and the mend: ${text}`, () => {
      const faults = faultsOf(text);
      expect(faults.join("\n")).toContain(mend);
      expect(faults[0]).toMatch(new RegExp(`^line 1, column ${column}: `));
    });
  }

  it("is shown with a line of carets below the piece that is meant", () => {
    expect(faultsOf('kind == "API" &&\n  lables.tier == "1"')).toEqual([
      'line 2, column 3: there is no variable lables: did you mean labels?\n    lables.tier == "1"\n    ^^^^^^',
    ]);
  });

  it("has every fault of its names told at once", () => {
    expect(faultsOf('lables.a == "x" && nme == "y"')).toHaveLength(2);
  });

  it("names the parameter, or the member of a subscription", () => {
    const paths = (["filter", "subscription"] as const).map((environment) => {
      const compiled = compile("nope", environment);
      return Either.isLeft(compiled) ? compiled.left.faults.map(({ path }) => path) : [];
    });
    expect(paths).toEqual([["filter"], ["/filter"]]);
  });

  it("may not name fields of an event that no event has", () => {
    expect(faultsOf('event.typ == "entity.created"', "subscription").join()).toContain("did you mean event.type?");
    expect(faultsOf('event.type == "entity.created"', "subscription")).toEqual([]);
  });
});
