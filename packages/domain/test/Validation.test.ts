import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import { MAX_FAULTS } from "../src/Fault.ts";
import * as Validation from "../src/Validation.ts";

const component = (changes: object = {}, spec: object = {}) => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Component",
  metadata: { name: "payments" },
  spec: { type: "service", lifecycle: "production", owner: "team-a", ...spec },
  ...changes,
});

const faultsOf = (input: unknown) => Either.getOrThrow(Either.flip(Validation.validate(input)));

const pathsOf = (input: unknown) => faultsOf(input).map(({ path }) => path);

const valid = (input: unknown) => Either.getOrThrow(Validation.validate(input));

describe("an accepted document", () => {
  it("keeps every key of the author in the author's order, and gets its namespace after its name", () => {
    const input = {
      kind: "Component",
      spec: { zeta: { $any: [null, 1.5, ""] }, owner: "a", lifecycle: "b", type: "c" },
      metadata: { tags: ["x"], name: "payments", appid: 7, annotations: {} },
      apiVersion: "backstage.io/v1beta1",
    };
    expect(JSON.stringify(valid(input).document)).toBe(
      JSON.stringify({
        kind: "Component",
        spec: input.spec,
        metadata: { tags: ["x"], name: "payments", namespace: "default", appid: 7, annotations: {} },
        apiVersion: "backstage.io/v1beta1",
      }),
    );
  });

  it("loses what the server writes into metadata", () => {
    const input = component({
      metadata: { uid: "other", name: "a", revision: 1, createdAt: "x", updatedAt: "y", etag: "z" },
    });
    expect(valid(input).document.metadata).toEqual({ name: "a", namespace: "default", etag: "z" });
  });

  it("is not the input changed", () => {
    const input = component();
    const before = structuredClone(input);
    valid(input);
    expect(input).toEqual(before);
  });

  it.each(["backstage.io/v1alpha1", "backstage.io/v1beta1", "cadastre.dev/v1"])(
    "may say apiVersion %s",
    (apiVersion) => {
      expect(valid(component({ apiVersion })).warnings).toEqual([]);
    },
  );
});

describe("a document that was read from a catalog", () => {
  const marks = { name: "a", uid: "ent_1", revision: 2 };
  const derived = { relations: [], source: { type: "api" } };

  it("may hold what the server derived, and carries its state", () => {
    expect(valid(component({ metadata: marks, ...derived, status: { state: "inactive", since: "x" } })).state).toBe(
      "inactive",
    );
    expect(valid(component({ metadata: marks, ...derived })).state).toBeUndefined();
  });

  it("may not invent a state", () => {
    expect(pathsOf(component({ metadata: marks, status: { state: "gone" } }))).toEqual(["/status/state"]);
  });

  it("is told by both marks together", () => {
    for (const metadata of [{ name: "a" }, { name: "a", uid: "ent_1" }, { name: "a", uid: "x", revision: 2 }]) {
      expect(pathsOf(component({ metadata, ...derived }))).toEqual(["/relations", "/source"]);
    }
  });
});

describe("faults", () => {
  it("are reported all at once, each at its place", () => {
    const input = {
      apiVersion: "a/b/c",
      kind: "no kind",
      metadata: { name: "", labels: { "A/b": "c d" }, tags: "x" },
      spec: [],
      owner: 1,
    };
    expect(pathsOf(input).sort()).toEqual([
      "/apiVersion",
      "/kind",
      "/metadata/labels/A~1b",
      "/metadata/name",
      "/metadata/tags",
      "/owner",
      "/spec",
    ]);
  });

  it(`are at most ${MAX_FAULTS}, and the last says how many more there are`, () => {
    const faults = faultsOf(component({}, { dependsOn: Array.from({ length: 250 }, () => 1) }));
    expect(faults).toHaveLength(MAX_FAULTS);
    expect(faults.at(-1)).toEqual({ path: "", message: "and 151 more faults" });
    expect(faultsOf(component({}, { dependsOn: Array.from({ length: 100 }, () => 1) })).at(-1)?.path).toBe(
      "/spec/dependsOn/99",
    );
  });

  it("echo no more than 80 characters of a value or a key", () => {
    const long = "ä b".repeat(5000);
    const [fault, second] = faultsOf(component({ metadata: { name: long, labels: { [long]: "" } } }));
    for (const one of [fault, second]) expect(`${one?.path}${one?.message}`.length).toBeLessThan(450);
  });
});

describe("hostile values", () => {
  it.each<[string, unknown, string]>([
    ["U+0000 in a text", { a: "x\0" }, "/spec/a"],
    ["U+0000 in a key", { "x\0": 1 }, "/spec/x\0"],
    ["half a character", { a: ["\ud800"] }, "/spec/a/0"],
    ["half a character in a key", { "\udc00": 1 }, "/spec/\udc00"],
    ["an infinite number", { a: Number.POSITIVE_INFINITY }, "/spec/a"],
    ["no number", { a: Number.NaN }, "/spec/a"],
    ["undefined", { a: undefined }, "/spec/a"],
    ["a function", { a: () => 1 }, "/spec/a"],
    ["a big integer", { a: 1n }, "/spec/a"],
    ["__proto__", JSON.parse('{"a":{"__proto__":{}}}'), "/spec/a/__proto__"],
  ])("%s is refused at its path", (_, spec, path) => {
    expect(pathsOf(component({ apiVersion: "x.example/v1", spec }))).toEqual([path]);
  });

  it("whole characters of every plane, and keys named like Object's members, are data", () => {
    const spec = { note: "💥é\u2028\u0007", constructor: "x", toString: "y", hasOwnProperty: "z" };
    expect(valid(component({ apiVersion: "x.example/v1", kind: "valueOf", spec })).document.spec).toEqual(spec);
  });

  it("nesting is bounded", () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    const inside = Validation.MAX_DEPTH - 2;
    valid(component({}, { deep: nested(inside) }));
    expect(faultsOf(component({}, { deep: nested(inside + 1) }))[0]?.message).toBe(
      "is nested deeper than 64 levels: flatten it",
    );
    const cycle: Array<unknown> = [];
    cycle.push(cycle);
    expect(faultsOf(component({}, { cycle }))).toHaveLength(1);
  });

  it("the number of values and of characters is bounded", () => {
    valid(component({}, { list: Array.from({ length: Validation.MAX_NODES - 30 }, () => 0) }));
    expect(pathsOf(component({}, { list: Array.from({ length: Validation.MAX_NODES }, () => 0) }))).toEqual([""]);
    valid(component({}, { text: "x".repeat(Validation.MAX_CHARACTERS - 300) }));
    expect(pathsOf(component({}, { text: "x".repeat(Validation.MAX_CHARACTERS) }))).toEqual([""]);
  });

  it("no value makes it throw, and no accepted one changes when it is validated again", () => {
    const anything = FastCheck.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    FastCheck.assert(
      FastCheck.property(anything, anything, anything, (root, metadata, spec) => {
        for (const input of [
          root,
          component({ metadata }),
          component({ metadata: { name: "a", more: metadata } }, { more: spec }),
          component({ spec }),
        ]) {
          const result = Validation.validate(input);
          if (Either.isRight(result)) {
            const { document } = result.right;
            expect(valid(structuredClone(document)).document).toEqual(document);
          }
        }
      }),
    );
  });
});
