import { DEFAULT_LIMIT, type EntityQuery } from "@cadastre/domain/EntityQuery";
import { narrow, narrowing } from "@cadastre/domain/Narrowing";
import { all, always, any, never, not, type Predicate, some } from "@cadastre/domain/Predicate";
import { describe, expect, it } from "@effect/vitest";

const oneOf = (path: string, ...values: ReadonlyArray<string>): Predicate => ({
  _tag: "OneOf",
  at: { root: "envelope", path: path.split(".") },
  values,
});

const hasTag = (tag: string): Predicate =>
  some({ root: "envelope", path: ["metadata", "tags"] }, { _tag: "OneOf", at: { root: 0, path: [] }, values: [tag] });

const nothing = { kinds: [], namespaces: [], names: [], owners: [], states: [], tags: [], labels: [] };

describe("what indexes can serve of a predicate", () => {
  it("is the equalities that stand at the top", () => {
    const owner: Predicate = { _tag: "OneOf", at: { root: "owner", path: [] }, values: ["group:default/a"] };
    const predicate = all(
      any(oneOf("kind", "API"), oneOf("kind", "Component")),
      oneOf("metadata.namespace", "default"),
      oneOf("metadata.name", "pay"),
      owner,
      oneOf("status.state", "inactive"),
      hasTag("pci"),
      oneOf("metadata.labels.tier", "1"),
      { _tag: "Present", at: { root: "envelope", path: ["metadata", "labels", "a/b"] } },
    );
    expect(narrowing(predicate)).toEqual({
      kinds: ["API", "Component"],
      namespaces: ["default"],
      names: ["pay"],
      owners: ["group:default/a"],
      states: ["inactive"],
      tags: ["pci"],
      labels: [
        { key: "tier", value: "1" },
        { key: "a/b", value: undefined },
      ],
    });
  });

  it("is nothing of what need not hold", () => {
    expect(narrowing(any(oneOf("kind", "API"), hasTag("pci")))).toEqual(nothing);
    expect(narrowing(not(oneOf("kind", "API")))).toEqual(nothing);
    expect(narrowing(always)).toEqual(nothing);
  });

  it("is the smaller of two sets", () => {
    expect(narrowing(all(oneOf("kind", "API", "Component"), oneOf("kind", "Group"))).kinds).toEqual(["Group"]);
  });

  it("leaves out what nobody owns, for which there is no key", () => {
    expect(narrowing({ _tag: "OneOf", at: { root: "owner", path: [] }, values: [""] }).owners).toEqual([]);
  });

  it("fills in what a query leaves open and never widens it", () => {
    const query: EntityQuery = {
      kinds: ["Group"],
      namespaces: [],
      owners: [],
      tags: ["a"],
      labels: [],
      states: [],
      order: { field: "name", descending: false },
      limit: DEFAULT_LIMIT,
      after: undefined,
    };
    const narrowed = narrow(query, narrowing(all(oneOf("kind", "API"), oneOf("metadata.namespace", "x"), hasTag("b"))));
    expect(narrowed).toEqual({ ...query, namespaces: ["x"], tags: ["a", "b"] });
  });
});

describe("joining predicates", () => {
  it("leaves out what changes nothing, and all beside what decides", () => {
    const kind = oneOf("kind", "API");
    expect(all(always, kind)).toBe(kind);
    expect(all(kind, never)).toBe(never);
    expect(any(never, kind)).toBe(kind);
    expect(any(kind, always)).toBe(always);
    expect(not(not(kind))).toBe(kind);
    expect(all()).toBe(always);
    expect(any()).toBe(never);
  });
});
