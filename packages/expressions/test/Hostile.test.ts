import type { JsonObject } from "@cadastre/domain/Json";
import * as JsonDialects from "@cadastre/sql/JsonDialects";
import * as Predicates from "@cadastre/sql/Predicates";
import * as Statement from "@effect/sql/Statement";
import { describe, expect, it } from "@effect/vitest";
import Database from "better-sqlite3";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { compile } from "../src/Compiler.ts";
import { BUDGET } from "../src/internal/cost.ts";

const times = (count: number, text: string): string => text.repeat(count);

const ITEMS = 14_000;

/** As large as a document can be (20,000 values, a megabyte), and as awkward. */
const hostile: JsonObject = {
  apiVersion: "cadastre.dev/v1",
  kind: "Component",
  metadata: {
    name: "x",
    namespace: "default",
    tags: Array.from({ length: 2_000 }, (_, i) => `t${i}`),
    labels: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, "v"])),
    annotations: {},
    description: "a".repeat(700_000),
    title: "a".repeat(8_000),
  },
  spec: {
    list: Array.from({ length: ITEMS }, (_, i) => i),
    rows: Array.from({ length: 500 }, (_, i) => ({ a: i, b: [i, i, i] })),
    spaces: " ".repeat(100_000),
    deep: JSON.parse(`${times(60, '{"a":')}1${times(60, "}")}`),
  },
  status: { state: "active", since: "2026-01-01T00:00:00.000Z" },
};

const text = "entity.metadata.description";

const EXPRESSIONS: { readonly [attack: string]: string } = {
  "catastrophic regex": `${text}.matches("^(a+)+$")`,
  "catastrophic regex on less": `entity.metadata.title.matches("^(a+)+$")`,
  "large counted regex on less": `entity.metadata.title.matches("(a?){100}a{100}b")`,
  "alternating regex": `${text}.matches("(a|aa)+b")`,
  "nested star regex": `${text}.matches("((a*)*)*b")`,
  "large counted regex": `${text}.matches("(a?){200}a{200}")`,
  "explosive counted regex": `${text}.matches("((((a{50}){50}){50}){50})")`,
  "long regex": `${text}.matches("${times(2_000, "a")}")`,
  "regex of every item": `tags.all(t, ${text}.matches("^(a|b|ab)*c$"))`,
  "regex made up": `${text}.matches(name + ${text})`,
  "regex with look-around": `${text}.matches("(?=(a+))a*b")`,
  "regex with a back-reference": `${text}.matches("(a+)\\\\1b")`,
  "Unicode regex": `${text}.matches("[\\\\p{L}\\\\p{N}]+$")`,
  "20,000 negations": `${times(20_000, "!")}true`,
  "2,000 negations": `${times(2_000, "!")}true`,
  "20,000 alternatives": `true${times(20_000, "||true")}`,
  "400 alternatives": `true${times(400, "||a")}`,
  "2,000 opening brackets": times(2_000, "("),
  "900 brackets": `${times(900, "(")}1${times(900, ")")} == 1`,
  "900 nested lists": `${times(900, "[")}${times(900, "]")} == []`,
  "nested literals": "[[[[[[1]]]]]] == []",
  "nested maps": '{"a":{"a":{"a":{"a":{"a":1}}}}} == {}',
  "nested ternaries": `${times(60, "true ? true : ")}true`,
  "ternaries in conditions": `${times(20, "(")}kind == "a"${times(20, ' ? kind == "b" : kind == "c")')}`,
  "large list": `1 in [${times(900, "1,")}1]`,
  "large string": `name == "${times(100_000, "a")}"`,
  "large number": `${times(2_000, "9")} == 1`,
  "large exponent": "1e999999999 == 1.0",
  "three nested loops": "tags.all(a, tags.all(b, tags.all(c, a == b || b == c || a != c)))",
  "two nested loops over many": "entity.spec.list.all(a, entity.spec.list.all(b, a >= 0.0 || b >= 0.0))",
  "two nested loops that never decide": "entity.spec.list.exists(a, entity.spec.list.exists(b, a < 0.0))",
  "nested loops that fail": "entity.spec.list.exists(a, entity.spec.list.exists(b, b.x == 1))",
  "many conditions on each item": `entity.spec.list.exists(a, ${Array.from({ length: 70 }, (_, i) => `a < -${i}.0`).join("||")})`,
  "many loops in each item": `entity.spec.rows.exists(r, ${times(20, "r.b.exists(x, x < 0.0) || ")}r.a < 0.0)`,
  "many places in each item": `entity.spec.rows.exists(r, ${Array.from({ length: 60 }, (_, i) => `r.c${i} == ${i}`).join("||")})`,
  "many loops over all": `${times(20, "tags.exists(t, t == 'x') || ")}false`,
  "membership in a loop": "entity.spec.list.all(a, a in entity.spec.list)",
  "membership of a literal in a loop": "entity.spec.list.exists(a, -1 in entity.spec.list)",
  "equality of what is large": "entity.spec.list.all(a, entity.spec == entity.spec)",
  "equality of what is deep": "entity.spec.deep == entity.spec.deep",
  "cel.bind bomb": "cel.bind(x, [1,1], cel.bind(y, x + x, cel.bind(z, y + y, size(z + z) > 0)))",
  "map chain": times(1, `tags.map(t, t + t).map(t, t + t).map(t, t + t).map(t, t + t).all(t, t == "")`),
  "map chain over one item": `["${times(100, "a")}"].map(t, t+t+t+t+t+t+t+t).map(t, t+t+t+t+t+t+t+t).map(t, t+t+t+t+t+t+t+t).map(t, t+t+t+t+t+t+t+t).all(t, t == "")`,
  "maps in maps": "tags.map(t, tags.map(u, t + u)).exists(l, size(l) == 0)",
  "filter chain": `tags.filter(t, t != "a")${times(10, '.filter(t, t != "a")')}.size() > 1`,
  "list doubling": `(tags + tags + tags + tags + tags + tags + tags + tags).map(t, tags + tags).exists(l, l == [])`,
  "string doubling": `(${Array.from({ length: 150 }, () => text).join("+")}).contains("b")`,
  "replacement that grows": `${text}.replace("a", ${text}).contains("b")`,
  "replacement of nothing": `${text}.replace("", ${text}).contains("b")`,
  "split and join": `${text}.split("").map(c, ${text}).join("").contains("b")`,
  "split in a loop": `tags.all(t, ${text}.split("").size() > 0)`,
  "contains in a loop": `tags.all(t, ${text}.contains(t + "b") == false)`,
  "a search that goes back at each step": `${text}.contains("${"a".repeat(900)}b${"a".repeat(900)}")`,
  "the same in small, in a loop": `tags.all(t, !${text}.contains("${"a".repeat(120)}b${"a".repeat(120)}"))`,
  "a search for a text of the entity": `${text}.contains("b" + ${text}) || ${text}.lastIndexOf(${text} + "b") > 0`,
  "case in a loop": `tags.all(t, ${text}.upperAscii().lowerAscii() != t)`,
  "code points in a loop": `tags.all(t, ${text}.substring(1, 2) != t)`,
  "trimming spaces": `entity.spec.spaces.trim() == "" && tags.all(t, entity.spec.spaces.trim() == "")`,
  "size of a large map in a loop": "tags.all(t, size(labels) > 0 && size(entity.metadata) > 0)",
  "time zones in a loop": `tags.all(t, timestamp("2026-01-01T00:00:00Z").getHours("Europe/" + t) == 0)`,
  "timestamps in a loop": `tags.all(t, string(timestamp("2026-01-01T00:00:00Z") + duration("1s")) != t)`,
  "prototype of an object": 'entity.__proto__ == {} || entity.constructor.name == "Object"',
  "prototype of a map": 'entity.spec["__proto__"]["polluted"] == 1 || "constructor" in entity.spec',
  "constructor call": 'entity.spec.constructor.constructor("return process")() == 1',
  "prototype as a key": '{"__proto__": {"polluted": true}}.polluted == true',
  "unknown method": "entity.toString() == '' && tags.constructor == 1",
  "half a surrogate pair": 'name == "\ud800"',
  NUL: 'name == "\u0000"',
};

/** What a document of this size may be asked for by a store at once, in a table of it alone. */
const store = (): ((where: Statement.Fragment) => void) => {
  const db = new Database(":memory:");
  db.exec("CREATE TABLE entities (envelope TEXT NOT NULL, owner TEXT)");
  db.prepare("INSERT INTO entities VALUES (?, NULL)").run(JSON.stringify(hostile));
  return (where) => {
    const [statement, parameters] = sql`SELECT count(*) FROM entities e WHERE ${where}`.compile();
    db.prepare<Array<unknown>>(statement).all(...parameters);
  };
};

const sql = Statement.make(Effect.die("only compiled"), Statement.makeCompilerSqlite(), [], undefined);
const dialect = JsonDialects.sqlite(sql, sql.literal("e.envelope"));

const timed = <A>(run: () => A): readonly [A, number] => {
  const start = performance.now();
  const result = run();
  return [result, Math.round((performance.now() - start) * 10) / 10];
};

describe("a hostile expression", () => {
  const select = store();
  const table: Array<object> = [];

  for (const [attack, expression] of Object.entries(EXPRESSIONS)) {
    it(`is refused or bounded: ${attack}`, () => {
      const [compiled, compiling] = timed(() => compile(expression, "filter"));
      if (Either.isLeft(compiled)) {
        const message = compiled.left.faults[0]?.message ?? "";
        expect(message.length).toBeLessThan(600);
        table.push({ attack, outcome: "refused", compiling, why: message.split("\n")[0]?.slice(0, 90) });
        return;
      }
      const { right: filter } = compiled;
      expect(filter.cost).toBeLessThanOrEqual(BUDGET);
      const [verdict, evaluating] = timed(() => filter.evaluate({ entity: hostile }));
      const where = Predicates.render(sql, dialect, sql.literal("e.owner"), filter.pushed);
      const [, selecting] = timed(() => select(where));
      const why = verdict._tag === "Error" ? verdict.message.slice(0, 90) : verdict._tag;
      table.push({ attack, outcome: "bounded", compiling, evaluating, selecting, why });
    });
  }

  it("left nothing behind, and took the time that is printed", () => {
    console.table(table);
    expect("polluted" in {}).toBe(false);
    expect(table).toHaveLength(Object.keys(EXPRESSIONS).length);
  });
});
