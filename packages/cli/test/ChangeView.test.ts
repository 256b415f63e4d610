import { expect, it } from "@effect/vitest";
import * as ChangeView from "../src/ChangeView.ts";
import { plain } from "../src/Output.ts";
import type { Change } from "../src/Questions.ts";

const change = (patch: Change["patch"]): Change => ({
  revision: 2,
  type: "entity.updated",
  at: "2030-01-31T12:00:00.123Z",
  actor: "token:ci",
  via: "rest",
  requestId: "r",
  patch,
});

const lines = (patch: Change["patch"], before: object | undefined, width?: number) =>
  ChangeView.revision(change(patch), before, plain, width).split("\n");

it("tells who, when and through what, and what stood there before", () => {
  expect(lines([{ op: "replace", path: "/spec/owner", value: "b" }], { spec: { owner: "a" } })).toEqual([
    "revision 2  updated  2030-01-31T12:00:00Z  token:ci via rest",
    '  /spec/owner: "a" → "b"',
  ]);
});

it("reads each operation on what the ones before it have made: places in a list move", () => {
  const before = { metadata: { tags: ["a", "b", "c"] } };
  expect(
    lines(
      [
        { op: "remove", path: "/metadata/tags/0" },
        { op: "replace", path: "/metadata/tags/1", value: "d" },
        { op: "add", path: "/metadata/tags/-", value: "e" },
      ],
      before,
    ).slice(1),
  ).toEqual(['  /metadata/tags/0: - "a"', '  /metadata/tags/1: "c" → "d"', '  /metadata/tags/-: + "e"']);
  expect(before).toEqual({ metadata: { tags: ["a", "b", "c"] } });
});

it("does without what stood there before where it is not known", () => {
  const patch: Change["patch"] = [
    { op: "remove", path: "/a" },
    { op: "replace", path: "/b", value: { c: [1] } },
  ];
  expect(lines(patch, undefined).slice(1)).toEqual(["  /a: removed", '  /b: → {"c":[1]}']);
});

it("cuts long values and lets no control sequence through", () => {
  const [, line = ""] = lines([{ op: "add", path: "/a", value: "\u001b[31m".repeat(100) }], {}, 60);
  expect(line).not.toContain("\u001b");
  expect(line.length).toBe(60);
});
