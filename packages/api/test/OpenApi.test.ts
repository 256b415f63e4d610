import { readFileSync } from "node:fs";
import { describe, expect, it } from "@effect/vitest";
import { Validator } from "@seriousme/openapi-schema-validator";
import { render } from "../src/DocsPage.ts";
import { document } from "../src/OpenApi.ts";

const spec = document();

const operations = Object.entries(spec.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
);

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate(JSON.parse(JSON.stringify(spec)))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("is the committed one (if the change is meant: node scripts/openapi.mjs)", () => {
    const committed: unknown = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8"));
    expect(JSON.parse(JSON.stringify(spec))).toEqual(committed);
  });

  it.each(operations)("tells everything of $name", ({ operation }) => {
    expect(operation.summary).toBeTruthy();
    for (const parameter of operation.parameters) {
      expect(parameter.description, parameter.name).toBeTruthy();
      expect(parameter, parameter.name).toHaveProperty("example");
    }
    expect(operation.responses).toHaveProperty("default");
    if (operation.security.length > 0) expect(operation.responses).toHaveProperty("401");
  });

  it("describes failures only as problem documents", () => {
    const contents = operations.flatMap(({ operation }) =>
      Object.entries(operation.responses)
        .filter(([status]) => Number(status) >= 400 && Number(status) !== 503)
        .map(([, { content }]) => content),
    );
    for (const content of contents) {
      expect(content).toEqual({ "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } });
    }
  });
});

describe("the docs page", () => {
  const { html } = render(spec);

  it("needs nothing from elsewhere", () => {
    expect(html).not.toMatch(/(?:src|href)="(?!#|\/openapi\.json")/);
    expect(html).not.toMatch(/@import|url\(/);
  });

  it("has every call with a command, and no dead link", () => {
    for (const { operation } of operations) expect(html).toContain(`id="${operation.operationId.replace(".", "-")}"`);
    const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, id] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(id);
  });
});
