import { expect, it } from "@effect/vitest";
import { columns, printable } from "../src/internal/text.ts";
import { plain } from "../src/Output.ts";
import * as Table from "../src/Table.ts";

const HEAD = ["REFERENCE", "TYPE", "TITLE"];

const ROWS = [
  ["component:payments", "service", "Takes money from customers and gives it back when it has to"],
  ["api:a-rather-long-name-of-an-api", "openapi", "短い題名"],
];

const lines = (width: number | undefined) =>
  Table.render(HEAD, ROWS, { style: plain, width, keep: [0] })
    .trimEnd()
    .split("\n");

it("aligns columns by what a terminal shows, not by code units", () => {
  expect(lines(undefined)).toEqual([
    "REFERENCE                         TYPE     TITLE",
    "component:payments                service  Takes money from customers and gives it back when it has to",
    "api:a-rather-long-name-of-an-api  openapi  短い題名",
  ]);
});

it("keeps within the terminal and cuts what is copied last", () => {
  for (const line of lines(60)) expect(columns(line)).toBeLessThanOrEqual(60);
  expect(lines(60)[2]).toContain("api:a-rather-long-name-of-an-api");
  for (const line of lines(30)) expect(columns(line)).toBeLessThanOrEqual(30);
});

it("shows control characters instead of sending them to the terminal", () => {
  expect(printable("a\u001b[2Jb\u202ec")).toBe("a\\u001b[2Jb\\u202ec");
  expect(Table.render(["A"], [["x\u001b]0;y\u0007"]], { style: plain, width: undefined, keep: [] })).not.toContain(
    "\u001b",
  );
});
