import { celEnv, parse as parseWithBuf, plan } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import type { ExpressionScope, Verdict } from "@cadastre/domain/Expressions";
import { compile } from "@cadastre/expressions/Compiler";
import { expect, it } from "@effect/vitest";
import { Environment } from "@marcbachmann/cel-js";
import * as Either from "effect/Either";
import * as fc from "fast-check";
import { envelope, expression } from "./arbitraries.ts";
import { variablesOf } from "./variables.ts";

type Tag = Verdict["_tag"];

/** Neither of them knows a variable of this name. */
const rename = (text: string): string => text.replaceAll("namespace", "Namespace");

const library = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
});

const tagOf = (run: () => unknown): Tag => {
  try {
    const value = run();
    return value === true ? "True" : value === false ? "False" : "Error";
  } catch {
    return "Error";
  }
};

const others = (text: string): ReadonlyArray<(variables: { [name: string]: unknown }) => Tag> => {
  try {
    const run = library.parse(rename(text));
    const buf = plan(celEnv({ funcs: strings }), parseWithBuf(rename(text)));
    // Their types are those of protobuf's values, of which JSON's are a part.
    return [(variables) => tagOf(() => run(variables)), (variables) => tagOf(() => buf(variables as never))];
  } catch {
    return [];
  }
};

it("comes to the verdict of two other implementations wherever these agree", { timeout: 120_000 }, () => {
  const scopes: ReadonlyArray<ExpressionScope> = fc
    .sample(envelope, { numRuns: 100, seed: 7 })
    .map((entity) => ({ entity }));
  let agreed = 0;
  fc.assert(
    fc.property(expression, (text) => {
      const compiled = compile(text, "filter");
      const [first, second] = others(text);
      if (Either.isLeft(compiled) || first === undefined || second === undefined) return;
      for (const scope of scopes) {
        const variables = variablesOf(scope.entity);
        const verdict = first(variables);
        if (verdict !== second(variables)) continue;
        agreed++;
        const own = compiled.right.evaluate(scope);
        if (own._tag !== verdict) {
          throw new Error(
            `${text}\n on ${JSON.stringify(scope.entity)}\n gives ${JSON.stringify(own)}, not ${verdict}`,
          );
        }
      }
    }),
    { seed: 8, numRuns: 400 },
  );
  console.log("second opinions", agreed);
  expect(agreed).toBeGreaterThan(15_000);
});
