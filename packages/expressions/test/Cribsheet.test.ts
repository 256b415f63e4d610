import { readFileSync } from "node:fs";
import type { JsonObject } from "@cadastre/domain/Json";
import { compile } from "@cadastre/expressions/Compiler";
import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";

const entity = (
  kind: string,
  name: string,
  more: { readonly [part: string]: JsonObject },
  state = "active",
): JsonObject => ({
  apiVersion: "cadastre.dev/v1",
  kind,
  metadata: {
    namespace: "default",
    name,
    createdAt: "2025-06-01T00:00:00.000Z",
    updatedAt: "2026-06-01T00:00:00.000Z",
    ...more["metadata"],
  },
  spec: more["spec"] ?? {},
  relations: [],
  status: { state, since: "2025-06-01T00:00:00.000Z" },
  source: { type: "api" },
  ...(more["relations"] === undefined ? {} : { relations: [more["relations"]] }),
});

const CATALOG: ReadonlyArray<JsonObject> = [
  entity("API", "pay", {
    spec: { owner: "team-a", lifecycle: "production", system: "billing" },
    metadata: { tags: ["pci"] },
  }),
  entity("Component", "payments-worker", {
    spec: { owner: "team-b", lifecycle: "experimental", replicas: 3, dependsOn: ["api:default/pay", "component:x"] },
    metadata: {
      tags: ["lang-go"],
      labels: { tier: "1" },
      annotations: { "pagerduty.com/id": "P1", "github.com/slug": "acme/pay" },
      updatedAt: "2025-12-01T00:00:00.000Z",
    },
    relations: { type: "dependsOn", targetRef: "component:default/x", dangling: true },
  }),
  entity("Group", "team-a", { spec: { type: "team" } }, "inactive"),
];

const rows = readFileSync(new URL("../../../docs/cel.md", import.meta.url), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, expression, decided] = /^\| `(.+)` \| .* \| (store|both) \|$/.exec(line) ?? [];
    return expression === undefined ? [] : [{ expression, decided }];
  });

describe("an example of docs/cel.md", () => {
  it("is one of at least 20", () => {
    expect(rows.length).toBeGreaterThanOrEqual(20);
  });

  for (const { expression, decided } of rows) {
    it(`keeps some and leaves some, decided by ${decided}: ${expression}`, () => {
      const filter = Either.getOrThrow(compile(expression, "filter"));
      const kept = CATALOG.filter((entity) => filter.evaluate({ entity })._tag === "True");
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(CATALOG.length);
      expect(filter.exact ? "store" : "both").toBe(decided);
    });
  }
});
