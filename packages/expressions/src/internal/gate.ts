/**
 * What an expression has to pass before it is evaluated: bounds of its size, the grammar, the catalog's own rules, types,
 * and what it may cost. Each refusal says how to mend it.
 */
import type { ExpressionEnvironment } from "@cadastre/domain/Expressions";
import { type ASTNode, TypeError as CelTypeError, ParseError } from "@marcbachmann/cel-js";
import * as Either from "effect/Either";
import { children, comprehensionOf } from "./ast.ts";
import type { Complaint } from "./complaint.ts";
import { BUDGET, estimate } from "./cost.ts";
import { type Language, LIMITS, languages, NAMESPACE_ALIAS } from "./environment.ts";
import { explainParse, explainType } from "./mistakes.ts";
import { inspect } from "./rules.ts";

/** UTF-16 units of an expression. */
export const MAX_LENGTH = 2_048;

/** Loops within loops. */
const MAX_NESTING = 2;

export interface Checked {
  readonly ast: ASTNode;
  readonly cost: number;
}

export const check = (
  text: string,
  environment: ExpressionEnvironment,
): Either.Either<Checked, ReadonlyArray<Complaint>> =>
  Either.gen(function* () {
    yield* refuseIf(measure(text));
    const { ast, types } = yield* parse(text, languages[environment]);
    yield* refuseIf(inspect(ast, text, languages[environment]));
    yield* refuseIf(notBoolean(yield* types(), text));
    return { ast, cost: yield* bound(ast) };
  });

const measure = (text: string): ReadonlyArray<Complaint> => {
  const whole = { start: 0, end: text.length };
  if (text.trim() === "") return [{ ...whole, message: "the expression is empty; leave it out to keep everything" }];
  if (text.length > MAX_LENGTH) {
    return [
      {
        start: MAX_LENGTH,
        end: MAX_LENGTH,
        message: `it has ${text.length} characters; at most ${MAX_LENGTH} are allowed`,
      },
    ];
  }
  const surrogate = text.search(/\p{Surrogate}/u);
  return surrogate === -1
    ? []
    : [{ start: surrogate, end: surrogate + 1, message: "half of a surrogate pair is no character" }];
};

interface Parsed {
  readonly ast: ASTNode;
  /** The type of the whole, checked; after the rules, whose messages say more. */
  readonly types: () => Either.Either<string, ReadonlyArray<Complaint>>;
}

/** Parses, with each variable `namespace` put aside: the parser tells where one stands, and is asked again. */
export const parse = (
  text: string,
  { library }: Pick<Language, "library">,
): Either.Either<Parsed, ReadonlyArray<Complaint>> => {
  let input = text;
  for (;;) {
    try {
      const { ast, check } = library.parse(input);
      return Either.right({ ast, types: () => checkTypes(check, text) });
    } catch (cause) {
      const range = cause instanceof ParseError ? cause.range : undefined;
      const { start, end } = range ?? { start: 0, end: text.length };
      if (
        cause instanceof ParseError &&
        cause.code === "reserved_identifier" &&
        input.slice(start, end) === "namespace"
      ) {
        input = `${input.slice(0, start)}${NAMESPACE_ALIAS}${input.slice(end)}`;
        continue;
      }
      return Either.left([cause instanceof ParseError ? explainParse(cause, text) : tooDeep(text)]);
    }
  }
};

/** The parser recurses before it counts: what overflows the stack is nested beyond all measure. */
const tooDeep = (text: string): Complaint => ({
  start: 0,
  end: text.length,
  message: `it is nested too deeply; at most ${LIMITS.maxDepth} levels are allowed`,
});

const checkTypes = (
  run: ReturnType<Language["library"]["parse"]>["check"],
  text: string,
): ReturnType<Parsed["types"]> => {
  const { valid, type, error } = run();
  if (!valid) {
    return Either.left([
      error instanceof CelTypeError || error instanceof ParseError
        ? explainType(error, text)
        : { start: 0, end: text.length, message: "the type of a part cannot be told: wrap it in dyn(…)" },
    ]);
  }
  return Either.right((type ?? "dyn").replaceAll(NAMESPACE_ALIAS, "namespace"));
};

const notBoolean = (type: string, text: string): ReadonlyArray<Complaint> => {
  if (type === "bool" || type === "dyn") return [];
  const message = `its type is ${type}, and a filter has to be true or false: compare it with something`;
  return [{ start: 0, end: text.length, message }];
};

const bound = (ast: ASTNode): Either.Either<number, ReadonlyArray<Complaint>> => {
  const deepest = nestedBeyond(ast, MAX_NESTING);
  if (deepest !== undefined) {
    return Either.left([
      {
        start: deepest.start,
        end: deepest.end,
        message: `loops are nested ${MAX_NESTING + 1} deep; at most ${MAX_NESTING} are allowed`,
      },
    ]);
  }
  const cost = Math.ceil(estimate(ast).steps);
  if (cost <= BUDGET) return Either.right(cost);
  const message = `it may take ${cost} steps on a large entity, ${Math.ceil(cost / BUDGET)} times what is allowed (${BUDGET}): shorten what the innermost loop does, or loop over less`;
  return Either.left([{ start: ast.start, end: ast.end, message }]);
};

const nestedBeyond = (node: ASTNode, levels: number): ASTNode | undefined => {
  const comprehension = comprehensionOf(node);
  if (comprehension !== undefined && levels === 0) return node;
  for (const child of children(node)) {
    const inside = comprehension !== undefined && child !== comprehension.range;
    const found = nestedBeyond(child, inside ? levels - 1 : levels);
    if (found !== undefined) return found;
  }
  return undefined;
};

const refuseIf = (complaints: ReadonlyArray<Complaint>): Either.Either<void, ReadonlyArray<Complaint>> =>
  complaints.length === 0 ? Either.right(undefined) : Either.left(complaints);
