/**
 * Values for a JSON schema: such as it describes, and such as it does not.
 */
import type { Random } from "../Random.ts";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: ReadonlyArray<unknown>;
  readonly anyOf?: ReadonlyArray<Schema>;
  readonly allOf?: ReadonlyArray<Schema>;
  readonly examples?: ReadonlyArray<unknown>;
  readonly items?: Schema;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: ReadonlyArray<string>;
}

export type Schemas = { readonly [name: string]: Schema };

export const pick = <A>(random: Random, items: ReadonlyArray<A>): A => items[random.below(items.length)] as A; // never empty

/** True `percent` times in a hundred. */
export const chance = (random: Random, percent: number): boolean => random.below(100) < percent;

/** A value as the schema wants it. */
export const valueOf = (random: Random, schemas: Schemas, schema: Schema, depth = 0): unknown => {
  if (schema.examples !== undefined && chance(random, 60)) return pick(random, schema.examples);
  if (schema.$ref !== undefined) {
    return valueOf(random, schemas, schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}, depth);
  }
  if (schema.enum !== undefined) return pick(random, schema.enum);
  if (schema.anyOf !== undefined) return valueOf(random, schemas, pick(random, schema.anyOf), depth);
  if (schema.allOf !== undefined) return valueOf(random, schemas, pick(random, schema.allOf), depth);
  switch (schema.type) {
    case "string":
      return chance(random, 80) ? pick(random, WORDS) : pick(random, TEXTS)();
    case "integer":
    case "number":
      return chance(random, 70) ? random.below(100) : pick(random, NUMBERS);
    case "boolean":
      return chance(random, 50);
    case "array":
      return depth > 5
        ? []
        : Array.from({ length: random.below(4) }, () => valueOf(random, schemas, schema.items ?? {}, depth + 1));
    case "object": {
      const required = schema.required ?? [];
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => required.includes(name) || (depth < 5 && chance(random, 40)))
          .map(([name, member]) => [name, valueOf(random, schemas, member, depth + 1)]),
      );
    }
    default:
      return odd(random);
  }
};

/** The value with one thing in it that is otherwise: taken away, put in, or replaced by what does not belong there. */
export const mutated = (random: Random, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || chance(random, 15)) return odd(random);
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1);
    if (at === value.length || chance(random, 20)) return [...value, odd(random)];
    return value.map((item, i) => (i === at ? mutated(random, item) : item));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || chance(random, 15)) return { ...value, [pick(random, KEYS)]: odd(random) };
  const at = random.below(entries.length);
  if (chance(random, 15)) return Object.fromEntries(entries.filter((_, i) => i !== at));
  return Object.fromEntries(entries.map(([key, member], i) => [key, i === at ? mutated(random, member) : member]));
};

/** A value that hardly anything asks for. */
export const odd = (random: Random): unknown => {
  switch (random.below(7)) {
    case 0:
      return pick(random, [null, true, false, [], {}, [[]], [null], { "": "" }]);
    case 1:
      return pick(random, NUMBERS);
    case 2:
      return nested(pick(random, [10, 100, 1_000]));
    case 3:
      return Array.from({ length: pick(random, [2, 100, 2_000]) }, () => pick(random, WORDS));
    case 4:
      return Object.fromEntries(Array.from({ length: random.below(200) }, (_, i) => [`k${i}`, i]));
    default:
      return pick(random, TEXTS)();
  }
};

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
};

const WORDS = ["payments", "component:default/payments", "ledger", "a", "team-a", "production", "java", "1", "true"];

const NUMBERS = [0, -1, 1.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 63, 1e-320, 1_000_001];

const KEYS = [
  "__proto__",
  "constructor",
  "toString",
  "",
  "a.b",
  "a/b",
  "~0",
  "\u0000",
  "é",
  "kind",
  "metadata",
  "x".repeat(300),
];

/** Made when they are drawn: some are long. */
const TEXTS: ReadonlyArray<() => string> = [
  ...[
    "",
    " ",
    "\u0000",
    "\n",
    "\t",
    "\r\n\r\n",
    "\ud800",
    "\u202e",
    "\ufeff",
    "a\u0301",
    "ｐａｙｍｅｎｔｓ",
    "😀",
    "İ",
  ],
  ...[
    "'; DROP TABLE entities; --",
    "%",
    "_",
    "\\",
    '"',
    "*",
    "$1",
    "?1",
    ":a",
    "../../etc/passwd",
    "%2e%2e%2f",
    "%00",
    "%",
  ],
  ...[
    "kind ==",
    "name.matches('(a+)+$')",
    "entity.spec.x.y.z",
    "[1].map(x, [x])",
    "size(tags) / 0",
    "true",
    '"a" in tags',
  ],
  ...[
    "2026-13-45T99:99:99Z",
    "1969-12-31T23:59:59Z",
    "+275760-09-13T00:00:00.000Z",
    "NaN",
    "Infinity",
    "-0",
    "1e400",
    "0x10",
  ],
  ...[
    "application/json",
    'W/"1"',
    '"1"',
    "*",
    '"99999999999999999999"',
    "component:default/",
    ":/",
    "a:b:c/d/e",
    "::",
    "/",
  ],
  ...[
    "ent_00000000-0000-7000-8000-000000000000",
    "WyJuYW1lIl0",
    "eyJhIjoxfQ",
    "AAAA",
    "{{template}}",
    "<script>alert(1)</script>",
  ],
]
  .map((text) => () => text)
  .concat([
    () => "x".repeat(300),
    () => "x".repeat(20_000),
    () => "é".repeat(5_000),
    () => "(".repeat(3_000),
    () => "a && ".repeat(2_000),
  ]);

export const text = (random: Random): string => pick(random, TEXTS)();
