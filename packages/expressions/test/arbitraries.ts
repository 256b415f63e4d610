/**
 * Random documents, and random expressions that are about them: the same keys, the same values, all types everywhere.
 */
import type { JsonObject } from "@cadastre/domain/Json";
import * as fc from "fast-check";

const TEXTS = [
  "",
  "a",
  "prod",
  "production",
  "Prod",
  "payments",
  "1",
  "3",
  "true",
  "null",
  "%",
  "a%b",
  "_",
  "it's",
  'q"uo\\te',
  "x\ny",
  "é",
  "e\u0301",
  "\u{1F600}",
  "\uFFFD",
  "\uE000z",
  "{}",
  "[1]",
  "team-a",
  "group:default/team-a",
];

const NUMBERS = [0, 1, 3, -1, 2.5, 0.1, 100, 1e21, 9007199254740991, 1.0000000000000002, -0.5, 3.0000000000000004];

const KEYS = [
  "lifecycle",
  "type",
  "replicas",
  "flag",
  "nested",
  "list",
  "owner",
  "a",
  "b",
  "1",
  "we ird",
  'q"k',
  "b\\s",
  "é",
  "__proto__",
];

const text = fc.constantFrom(...TEXTS);
const number = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
);
const key = fc.constantFrom(...KEYS);

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, depthIdentifier: "json" },
    { weight: 4, arbitrary: text },
    { weight: 3, arbitrary: number },
    { weight: 1, arbitrary: fc.boolean() },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 3, arbitrary: fc.array(tie("json"), { maxLength: 3 }) },
    { weight: 3, arbitrary: fc.dictionary(key, tie("json"), { maxKeys: 4, noNullPrototype: true }) },
  ),
}));

const timestamp = fc.constantFrom("2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00.000Z", "2026-06-01T12:00:00.500Z");

const optional = { requiredKeys: [] };

/** As an envelope that went through JSON; in `spec` anything may stand anywhere. */
export const envelope: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      apiVersion: fc.constant("cadastre.dev/v1"),
      kind: fc.constantFrom("Component", "API", "component", "Group"),
      metadata: fc.record(
        {
          name: text,
          namespace: fc.constantFrom("default", "a", "é"),
          title: json,
          tags: fc.oneof(fc.array(text, { maxLength: 3 }), fc.array(json, { maxLength: 2 }), json),
          labels: fc.oneof(fc.dictionary(key, text, { maxKeys: 4, noNullPrototype: true }), json),
          annotations: fc.dictionary(key, text, { maxKeys: 4, noNullPrototype: true }),
          createdAt: timestamp,
          updatedAt: timestamp,
        },
        { requiredKeys: ["name", "namespace", "createdAt", "updatedAt"] },
      ),
      spec: fc.record(
        {
          owner: fc.oneof(fc.constantFrom("team-a", "user:jane", "Group:Default/Team-A", "a/team-a", ""), json),
          lifecycle: fc.oneof(fc.constantFrom("prod", "production", "Prod"), json),
          replicas: fc.oneof(number, json),
          flag: fc.oneof(fc.boolean(), json),
          list: fc.oneof(fc.array(json, { maxLength: 4 }), json),
          nested: fc.oneof(fc.dictionary(key, json, { maxKeys: 4, noNullPrototype: true }), json),
          a: json,
          b: json,
          1: json,
          "we ird": json,
          'q"k': json,
          "b\\s": json,
          é: json,
          at: fc.oneof(timestamp, json),
        },
        optional,
      ),
      status: fc.record({ state: fc.constantFrom("active", "inactive"), since: timestamp }),
      source: fc.record({ type: fc.constantFrom("api", "seed") }),
    },
    { requiredKeys: ["apiVersion", "kind", "metadata", "status", "source"] },
  )
  .map((value) => JSON.parse(JSON.stringify(value)));

const quoted = (value: string): string =>
  `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

const textLiteral = text.map(quoted);
const numberLiteral = fc.constantFrom(...NUMBERS).map((value) => {
  const written = String(value);
  return written.includes("e") ? written.replace("+", "") : written;
});
const literal = fc.oneof(
  { weight: 4, arbitrary: textLiteral },
  { weight: 3, arbitrary: numberLiteral },
  { weight: 1, arbitrary: fc.constantFrom("true", "false", "null") },
);

/** `.k` or `["k"]` */
const step = key.map((name) => (/^[a-z]+$/.test(name) ? `.${name}` : `[${quoted(name)}]`));
const dotted = fc.constantFrom("lifecycle", "type", "nested", "a", "b", "owner").map((name) => `.${name}`);

/** Places of any type. */
const place = (variables: ReadonlyArray<string>): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(
          fc.constantFrom("lifecycle", "replicas", "flag", "list", "nested", "a", "at"),
          fc.array(step, { maxLength: 1 }),
        )
        .map(([field, more]) => `entity.spec.${field}${more.join("")}`),
    },
    {
      weight: 2,
      arbitrary: fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => `entity.spec${steps.join("")}`),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        "entity.metadata.title",
        "entity.metadata.tags",
        "entity.metadata.labels",
        "entity.metadata.labels.a",
        "entity.status.state",
        "entity.status",
        "entity.metadata",
        "dyn(name)",
        "dyn(kind)",
        "dyn(owner)",
        "dyn(namespace)",
        "dyn(tags)",
        "dyn(labels)",
      ),
    },
    ...(variables.length === 0
      ? []
      : [
          {
            weight: 8,
            arbitrary: fc
              .tuple(fc.constantFrom(...variables), fc.array(step, { maxLength: 1 }))
              .map(([name, more]) => `${name}${more.join("")}`),
          },
        ]),
  );

const shorthand = fc.constantFrom("kind", "name", "namespace", "owner", "labels.a", 'annotations["we ird"]');
const order = fc.constantFrom("<", "<=", ">", ">=");
const equal = fc.constantFrom("==", "!=");
/** Parts of the texts above, and what a database's own operators would take for more. */
const partLiteral = fc
  .constantFrom("prod", "Prod", "pro", "P", "ment", "tion", "%", "_", "a", "uction", "é", "\u{1F600}", "\\", "")
  .map((part) => quoted(part));
const textTest = fc.constantFrom("startsWith", "endsWith", "contains");
const items = fc.array(literal, { maxLength: 4 }).map((list) => `[${list.join(", ")}]`);
const times = fc.constantFrom("entity.metadata.createdAt", "entity.metadata.updatedAt", "entity.status.since");
const moments = fc.constantFrom(
  "2026-01-01T00:00:00Z",
  "2026-06-01T12:00:00.5Z",
  "2026-01-01T01:00:00+01:00",
  "2026-01-01T00:00:00.0000001Z",
);

const pushable = (variables: ReadonlyArray<string>): ReadonlyArray<fc.Arbitrary<string>> => {
  const at = place(variables);
  const join = (...parts: ReadonlyArray<fc.Arbitrary<string>>): fc.Arbitrary<string> =>
    fc.tuple(...parts).map((texts) => texts.join(" "));
  return [
    join(at, equal, literal),
    join(literal, equal, at),
    join(at, order, fc.oneof(textLiteral, numberLiteral)),
    join(fc.oneof(textLiteral, numberLiteral), order, at),
    join(at, fc.constant("in"), items),
    join(literal, fc.constant("in"), at),
    fc
      .tuple(at, dotted)
      .map(
        ([operand, field]) =>
          `has(${operand.includes("[") || operand.includes("(") ? "entity.spec" : operand}${field})`,
      ),
    fc
      .tuple(fc.oneof(at, shorthand), textTest, partLiteral)
      .map(([operand, test, value]) => `${operand}.${test}(${value})`),
    at.map((operand) => `dyn(${operand})`),
    fc
      .tuple(dotted, fc.array(dotted, { maxLength: 1 }), literal, equal, fc.option(literal, { freq: 2 }))
      .map(
        ([first, more, fallback, operator, value]) =>
          `dyn(entity.spec.?${first.slice(1)}${more.map((field) => `.?${field.slice(1)}`).join("")}.orValue(dyn(${fallback}))) ${operator} ${value ?? fallback}`,
      ),
    fc.tuple(dotted, dotted).map(([a, b]) => `entity.?spec.?${a.slice(1)}.?${b.slice(1)}.hasValue()`),
    join(shorthand, fc.constantFrom("==", "!=", "<", ">="), textLiteral).filter(
      (expression) => !expression.startsWith("owner =") && !expression.startsWith("owner !"),
    ),
    fc.constantFrom(
      'owner == "group:default/team-a"',
      'owner != ""',
      'owner in ["group:a/team-a", "user:default/jane"]',
      'owner.startsWith("group:")',
    ),
    textLiteral.map((value) => `${value} in tags`),
    textLiteral.map((value) => `${value} in labels`),
    fc.constantFrom("has(labels.a)", "has(annotations.b)", "has(entity.spec)", '"spec" in dyn(entity)'),
    fc
      .tuple(times, fc.constantFrom("<", ">=", "==", "!="), moments)
      .map(([time, operator, moment]) => `timestamp(${time}) ${operator} timestamp("${moment}")`),
  ];
};

/** What stays with evaluation. */
const residual = (variables: ReadonlyArray<string>): ReadonlyArray<fc.Arbitrary<string>> => {
  const at = place(variables);
  return [
    fc.tuple(at, order, fc.nat(3)).map(([operand, operator, count]) => `size(dyn(${operand})) ${operator} ${count}`),
    fc
      .tuple(at, fc.constantFrom("^p", "o[dx]", "(a|b)+$", "^.$", "\\\\d"))
      .map(([operand, pattern]) => `${operand}.matches("${pattern}")`),
    fc.tuple(at, at).map(([a, b]) => `${a} == ${b}`),
    fc
      .tuple(at, numberLiteral)
      .map(([operand, value]) => `${operand} + 1.0 > ${value.includes(".") ? value : `double(${value})`}`),
    at.map((operand) => `timestamp(${operand}) > timestamp("2026-01-01T00:00:00Z")`),
    fc.tuple(at, textLiteral).map(([operand, value]) => `${operand}.lowerAscii() == ${value}`),
    fc.tuple(at, literal).map(([operand, value]) => `${operand}.filter(f, f == ${value}).size() > 0`),
    fc.tuple(at, literal).map(([operand, value]) => `${operand}.exists_one(f, f == ${value})`),
    fc
      .tuple(at, fc.constantFrom("string", "double", "list", "map", "bool", "null_type"))
      .map(([operand, type]) => `type(${operand}) == ${type}`),
    fc.tuple(at, fc.nat(2)).map(([operand, index]) => `${operand}[${index}] == "a"`),
  ];
};

const condition = (depth: number, variables: ReadonlyArray<string>): fc.Arbitrary<string> => {
  const leaves = [
    { weight: 8, arbitrary: fc.oneof(...pushable(variables)) },
    { weight: 1, arbitrary: fc.oneof(...residual(variables)) },
    ...(variables.length > 1 ? [] : [{ weight: 2, arbitrary: fc.constantFrom("true", "false") }]),
  ];
  if (depth === 0) return fc.oneof(...leaves);
  const inner = condition(depth - 1, variables);
  const range = fc.oneof(
    { weight: 5, arbitrary: place(variables) },
    { weight: 2, arbitrary: items },
    { weight: 3, arbitrary: fc.constantFrom("tags", "labels", "annotations").map((name) => `dyn(${name})`) },
    { weight: 3, arbitrary: fc.constantFrom("tags", "labels", "annotations") },
  );
  const loops =
    variables.length >= 2
      ? []
      : [
          {
            weight: 3,
            arbitrary: fc
              .tuple(
                range,
                fc.constantFrom("exists", "all"),
                condition(depth - 1, [...variables, `v${variables.length}`]),
              )
              .map(([over, macro, body]) => `${over}.${macro}(v${variables.length}, ${body})`),
          },
        ];
  return fc.oneof(
    ...leaves,
    { weight: 4, arbitrary: fc.tuple(inner, inner).map(([a, b]) => `(${a} && ${b})`) },
    { weight: 4, arbitrary: fc.tuple(inner, inner).map(([a, b]) => `(${a} || ${b})`) },
    { weight: 3, arbitrary: inner.map((a) => `!(${a})`) },
    { weight: 1, arbitrary: fc.tuple(inner, inner, inner).map(([a, b, c]) => `(${a} ? ${b} : ${c})`) },
    ...loops,
  );
};

/** Most of these pass the gate; some break its rules of types. */
export const expression: fc.Arbitrary<string> = condition(3, []);
