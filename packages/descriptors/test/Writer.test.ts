import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import { readText } from "../src/Documents.ts";
import { write, writeDocument } from "../src/Writer.ts";

const read = (text: string): ReadonlyArray<unknown> =>
  readText(text, { file: "x.yaml" }).map(({ content }) => Either.getOrThrow(content));

const text = FastCheck.oneof(
  FastCheck.constantFrom(
    ..."-?:,[]{}#&*!|>'\"%@`~",
    "",
    " ",
    "\n",
    "\n\n",
    " a",
    "a ",
    "a\n",
    "a\n\n",
    "\na",
    "a\nb",
    "a\r\nb",
    "\r",
    "\t",
    "\ta",
    "a\n\tb",
    " a\n b",
    "  a\nb",
    "# a",
    "a # b",
    "a: b",
    "- a",
    "---",
    "...",
    "--- a",
    "a\n---\nb",
    "a\n...\nb",
    "null",
    "~",
    "true",
    "no",
    "0x1f",
    "0o7",
    "1e3",
    ".inf",
    "-0",
    "01",
    "2020-01-01",
    "<<",
    "=",
    "\u0085",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\u0007",
    "é",
    "💥",
    "$",
    "{% x %}",
  ),
  FastCheck.string({ unit: "binary" }),
  FastCheck.string({ unit: FastCheck.constantFrom(..."ab \n\r\t:#-'\"\\|>") }),
).filter((value) => !/\p{Surrogate}/u.test(value));

const data = FastCheck.letrec((tie) => ({
  value: FastCheck.oneof(
    { depthSize: "small" },
    text,
    FastCheck.boolean(),
    FastCheck.constant(null),
    FastCheck.integer(),
    FastCheck.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    FastCheck.array(tie("value"), { maxLength: 4 }),
    tie("mapping"),
  ),
  mapping: FastCheck.dictionary(text, tie("value"), { maxKeys: 5 }),
}));

describe("write", () => {
  it("reads back as the same data, no text normalised", () => {
    FastCheck.assert(
      FastCheck.property(data.mapping, (value) => {
        expect(read(write(value))).toEqual([value]);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads back as the same documents", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(data.mapping, { maxLength: 4 }), (values) => {
        expect(read(values.map(writeDocument).join(""))).toEqual(values);
      }),
      { numRuns: 200 },
    );
  });

  it("writes equal values out and long texts on one line", () => {
    const list = ["x ".repeat(100)];
    expect(write({ a: list, b: list })).toBe(
      `a:\n  - ${JSON.stringify(list[0])}\nb:\n  - ${JSON.stringify(list[0])}\n`,
    );
  });
});
