import { describe, expect, it } from "@effect/vitest";
import type { EntityDocument } from "../src/Entity.ts";
import type { JsonObject } from "../src/Json.ts";
import { edgesOf } from "../src/Relation.ts";

const document = (kind: string, spec: JsonObject, namespace = "Shop"): EntityDocument => ({
  apiVersion: "backstage.io/v1alpha1",
  kind,
  metadata: { name: "Self", namespace },
  spec,
});

const edges = (kind: string, spec: JsonObject): ReadonlyArray<string> =>
  edgesOf(document(kind, spec)).map(({ type, from, to }) => `${from} ${type} ${to}`);

describe("edgesOf", () => {
  it.each<[string, JsonObject, ReadonlyArray<string>]>([
    ["Component", { owner: "a" }, ["component:shop/self ownedBy group:shop/a"]],
    ["Component", { owner: "user:default/a" }, ["component:shop/self ownedBy user:default/a"]],
    ["Component", { system: "a" }, ["component:shop/self partOf system:shop/a"]],
    ["Component", { subcomponentOf: "a" }, ["component:shop/self partOf component:shop/a"]],
    [
      "Component",
      { providesApis: ["a", "x/B"] },
      ["api:shop/a apiProvidedBy component:shop/self", "api:x/b apiProvidedBy component:shop/self"],
    ],
    ["Component", { consumesApis: ["a"] }, ["component:shop/self consumesApi api:shop/a"]],
    ["Component", { dependsOn: ["Resource:a", "b"] }, ["component:shop/self dependsOn resource:shop/a"]],
    ["Component", { dependencyOf: ["component:a"] }, ["component:shop/a dependsOn component:shop/self"]],
    ["Resource", { dependencyOf: "component:a" }, ["component:shop/a dependsOn resource:shop/self"]],
    [
      "API",
      { owner: "a", system: "b", dependsOn: ["component:c"] },
      ["api:shop/self ownedBy group:shop/a", "api:shop/self partOf system:shop/b"],
    ],
    [
      "System",
      { owner: "a", domain: "b" },
      ["system:shop/self ownedBy group:shop/a", "system:shop/self partOf domain:shop/b"],
    ],
    ["Domain", { subdomainOf: "a" }, ["domain:shop/self partOf domain:shop/a"]],
    ["Group", { parent: "a" }, ["group:shop/self childOf group:shop/a"]],
    ["Group", { children: ["a"] }, ["group:shop/a childOf group:shop/self"]],
    ["Group", { members: ["a"] }, ["user:shop/a memberOf group:shop/self"]],
    ["User", { memberOf: ["a"] }, ["user:shop/self memberOf group:shop/a"]],
    ["Location", { owner: "a", targets: ["b"] }, []],
    ["Template", { owner: "a", system: "b" }, ["template:shop/self ownedBy group:shop/a"]],
    [
      "S3Bucket",
      { owner: "a", dependsOn: ["component:b"] },
      ["s3bucket:shop/self ownedBy group:shop/a", "s3bucket:shop/self dependsOn component:shop/b"],
    ],
    ["constructor", { owner: "a" }, ["constructor:shop/self ownedBy group:shop/a"]],
  ])("%s %j", (kind, spec, expected) => {
    expect(edges(kind, spec)).toEqual(expected);
  });

  it("gives each fact once, however often and in whatever case it is declared", () => {
    expect(edges("Component", { dependsOn: ["component:a", "Component:shop/A", "component:a"] })).toHaveLength(1);
    expect(edges("Component", { system: "a", subcomponentOf: "system:a" })).toHaveLength(1);
  });

  it("keeps a reference to itself", () => {
    expect(edges("Component", { dependsOn: ["component:self"], dependencyOf: ["component:self"] })).toEqual([
      "component:shop/self dependsOn component:shop/self",
    ]);
  });

  it("leaves out what is no reference", () => {
    expect(
      edges("Component", {
        owner: { $text: "x" },
        system: "",
        dependsOn: [1, null, ["component:a"], "component:", "x".repeat(600)],
      }),
    ).toEqual([]);
    expect(edges("Component", {})).toEqual([]);
  });
});
