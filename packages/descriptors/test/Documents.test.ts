import * as Validation from "@cadastre/domain/Validation";
import { describe, expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import * as Stream from "effect/Stream";
import { isTemplatePath, parseJson, print, readStream, readText } from "../src/Documents.ts";
import type { Format } from "../src/Framing.ts";
import { TRAPS } from "./traps.ts";

const FILES = { yaml: "x.yaml", json: "x.json", ndjson: "x.ndjson" } as const;

/** Reads it as every format; whatever is accepted must be JSON data that validates to itself. */
const check = (bytes: Uint8Array): void => {
  for (const format of ["yaml", "json", "ndjson"] as const satisfies ReadonlyArray<Format>) {
    for (const { content, place } of readText(bytes, { file: FILES[format] })) {
      if (Either.isLeft(content)) continue;
      const valid = Validation.validate(content.right);
      if (Either.isLeft(valid)) place(valid.left);
      else {
        const { document } = valid.right;
        const again = Validation.validate(JSON.parse(JSON.stringify(document)));
        expect(Either.getOrThrow(again).document).toEqual(document);
      }
    }
  }
};

const scalar = FastCheck.oneof(
  FastCheck.constantFrom<unknown>(
    null,
    true,
    "",
    "a",
    "{{ x }}",
    "component:a",
    0,
    1.5,
    "é\u2028",
    "\0",
    "\ud800",
    "- x",
    "a: b",
  ),
  FastCheck.string({ unit: "binary", maxLength: 6 }),
  FastCheck.double(),
);

const odd = FastCheck.oneof(
  scalar,
  FastCheck.array(scalar, { maxLength: 3 }),
  FastCheck.dictionary(FastCheck.constantFrom("$text", "__proto__", "constructor", "a", "", "url", "action"), scalar),
);

/** Mostly the good value, so that some documents have no fault at all. */
const mostly = <A>(...good: ReadonlyArray<A>) =>
  FastCheck.oneof({ weight: 20, arbitrary: FastCheck.constantFrom<unknown>(...good) }, odd);

const descriptor = FastCheck.record(
  {
    apiVersion: mostly("backstage.io/v1alpha1", "cadastre.dev/v1", "x.example/v1"),
    kind: mostly("Component", "API", "Group", "Template", "Odd", "component"),
    metadata: FastCheck.record(
      {
        name: mostly("a", "b-c"),
        namespace: mostly("default", "x"),
        tags: mostly([], ["a"]),
        labels: mostly({}, { a: "b" }),
        uid: FastCheck.constantFrom("ent_1", "other"),
        revision: FastCheck.constant(1),
        anything: odd,
      },
      { requiredKeys: ["name"] },
    ),
    spec: FastCheck.record(
      {
        owner: mostly("a", "user:b"),
        type: mostly("service"),
        lifecycle: mostly("production"),
        definition: mostly<unknown>("text", { $text: "x" }),
        dependsOn: mostly([], ["component:a"]),
        children: mostly([], ["b", "c/d"]),
        steps: mostly([], [{ action: "a" }]),
        anything: odd,
      },
      { requiredKeys: ["owner", "type", "lifecycle", "definition", "children", "steps"] },
    ),
  },
  { requiredKeys: ["apiVersion", "kind", "metadata", "spec"] },
);

describe("readText", () => {
  it("never throws and accepts nothing but stable JSON data, whatever the bytes", () => {
    FastCheck.assert(FastCheck.property(FastCheck.uint8Array({ maxLength: 200 }), check), { numRuns: 300 });
  });

  it("never throws and accepts nothing but stable JSON data, whatever the text", () => {
    const token = FastCheck.constantFrom(
      ..."[]{},:-?|>&*!%@`'\"#\\ \t\n\r",
      "---\n",
      "...\n",
      "apiVersion: v1\n",
      "kind: K\n",
      "metadata:\n  name: a\n",
      "&a ",
      "*a",
      "!!binary ",
      "!x ",
      "<<: ",
      "? ",
      "\ufeff",
      "\u0085",
      "\0",
      "1e999",
      ".inf",
      "0x1F",
      "__proto__: 1\n",
      "null",
      "~",
    );
    FastCheck.assert(
      FastCheck.property(FastCheck.array(token, { maxLength: 40 }), (tokens) => check(Buffer.from(tokens.join("")))),
      { numRuns: 700 },
    );
  });

  it("never throws and accepts nothing but stable JSON data, whatever the descriptor", () => {
    let accepted = 0;
    FastCheck.assert(
      FastCheck.property(descriptor, (document) => {
        check(Buffer.from(JSON.stringify(document)));
        if (Either.isRight(Validation.validate(document))) accepted++;
      }),
      { numRuns: 700 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it("never throws on a trap with a byte cut out", () => {
    for (const { text } of TRAPS) {
      const bytes = Buffer.from(text);
      for (let i = 0; i < bytes.length; i += 31) check(Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + 1)]));
    }
  });

  it("finds the places of keys, of items, and of the nearest key where there is none", () => {
    const yaml = "a:\n  b/c: 1\n  d: [x, {e: y}]\n  *k : 2\nf: &k g\n";
    const json = '{\n "a": {"b/c": 1,\n  "d": ["x", {"e": 2}]}}';
    const places = (file: string, text: string) =>
      readText(text, { file }).flatMap(({ place }) =>
        ["", "/a", "/a/b~1c", "/a/d/1/e", "/a/d/7", "/a/missing/x", "/missing"].map((path) => {
          const [fault] = place([{ path, message: "" }]);
          return `${fault?.line}:${fault?.column}`;
        }),
      );
    expect(places("x.yaml", yaml)).toEqual(["1:1", "1:1", "2:3", "3:11", "3:3", "1:1", "1:1"]);
    expect(places("x.json", json)).toEqual(["1:1", "2:2", "2:8", "3:15", "3:3", "2:2", "1:1"]);
  });
});

describe("readStream", () => {
  it.effect("counts documents and not empty ones, and tells lines of the stream", () =>
    Effect.gen(function* () {
      const text = "---\n# nothing\n---\na: 1\n---\nb: [\n---\nc: 3\n";
      const read = yield* Stream.runCollect(readStream("yaml", Stream.succeed(Buffer.from(text))));
      expect(Chunk.toReadonlyArray(read)).toEqual([
        { index: 0, line: 4, content: Either.right({ a: 1 }) },
        {
          index: 1,
          line: 6,
          content: Either.left([
            {
              path: "",
              message: "line 7, column 1: a bracket is not closed: ] is missing, or the lines inside are not indented",
            },
          ]),
        },
        { index: 2, line: 8, content: Either.right({ c: 3 }) },
      ]);
    }),
  );

  it.effect("can be run twice", () =>
    Effect.gen(function* () {
      const stream = readStream("ndjson", Stream.succeed(Buffer.from("1\n2\n")));
      const first = yield* Stream.runCollect(stream);
      expect(yield* Stream.runCollect(stream)).toEqual(first);
    }),
  );
});

describe("parseJson", () => {
  it("reads what JSON.parse reads, and refuses what it refuses", () => {
    const text = FastCheck.oneof(
      FastCheck.json(),
      FastCheck.json().chain((json) => FastCheck.nat(json.length).map((at) => json.slice(0, at) + json.slice(at + 1))),
      FastCheck.array(FastCheck.constantFrom(..."[]{},:\"\\ \n\u0001'#/aeu019.-+", '"a"', "1", "true", "null"), {
        maxLength: 9,
      }).map((all) => all.join("")),
    );
    FastCheck.assert(
      FastCheck.property(text, (json) => {
        let parsed: unknown;
        try {
          parsed = JSON.parse(json);
        } catch {
          const [fault] = Either.getOrThrow(Either.flip(parseJson(json)));
          expect(fault?.message).toMatch(/^line \d+, column \d+: (?!undefined)/);
          return;
        }
        const ours = parseJson(json);
        if (Either.isRight(ours)) expect(ours.right).toEqual(parsed);
        else expect(ours.left[0]?.message).toMatch(/second time|nested deeper/);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [
      '{"a":1,"b":{"c":1,"c":2}}',
      "/b/c",
      'line 1, column 19: the key "c" stands here for a second time: remove or rename one of them',
    ],
    ['{"a":1,}', "", "line 1, column 8: a comma stands before the }: remove it"],
    ["{a:1}", "", 'line 1, column 2: a key in double quotes is expected, and this is "a"'],
    ["{'a':1}", "", "line 1, column 2: JSON has double quotes only: replace the single ones"],
    ['{"a" 1}', "", 'line 1, column 6: a colon is expected after the key, and this is "1"'],
    ['{"a":}', "", 'line 1, column 6: a value is expected, and this is "}"'],
    ['{"a":01}', "", 'line 1, column 6: a value is expected, and this is "01"'],
    ["[1 2]", "", 'line 1, column 4: a comma or ] is expected, and this is "2"'],
    ["[1,\n", "", "line 2, column 1: the text ends too early: ] is missing"],
    ["", "", "line 1, column 1: the text ends where a value is expected"],
    [
      "{} {}",
      "",
      'line 1, column 4: the document has ended, and "{" follows: to send several documents, use a list, or NDJSON with one a line',
    ],
    [
      '["a\nb"]',
      "",
      "line 1, column 4: a line break or control character stands inside a text: write \\n, or close the quote",
    ],
    ['["\\x"]', "", "line 1, column 3: is no escape sequence: double the backslash"],
    ["[1] // x", "", "line 1, column 5: JSON has no comments: remove it"],
    ["[".repeat(65), "", "line 1, column 65: is nested deeper than 64 levels: flatten it"],
  ])("says where and why %s is no JSON", (text, path, message) => {
    expect(parseJson(text)).toEqual(Either.left([{ path, message }]));
  });

  it("is not misled by colons, quotes and backslashes inside texts", () => {
    const value = { 'a":"b\\': ':"\\\\":', c: ["\\", ":", '"'] };
    expect(parseJson(JSON.stringify(value))).toEqual(Either.right(value));
  });
});

it("prints nothing that steers a terminal", () => {
  expect(print("a\u001b[2J", { line: 1, column: 2, path: "/x\u202e", message: "y\nz" })).toBe(
    "a\\u001b[2J:1:2: /x\\u202e: y\\u000az",
  );
});

it("knows the paths where templates are kept", () => {
  expect(
    ["skeleton/catalog-info.yaml", "a/templates/b.yaml", "a/content/x.yaml", "a/b.yaml.j2", "a/{{ name }}.yaml"].every(
      isTemplatePath,
    ),
  ).toBe(true);
  expect(["catalog-info.yaml", "my-template/x.yaml", "contents.yaml"].some(isTemplatePath)).toBe(false);
});
