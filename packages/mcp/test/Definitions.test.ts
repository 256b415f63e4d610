import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { encode } from "gpt-tokenizer";
import * as Surface from "../src/Surface.ts";
import { layer } from "./surface.ts";

/** What a client pays for in every conversation. */
const tokensOf = (value: unknown): number => encode(JSON.stringify(value)).length;

describe("what a model is told", () => {
  it.effect("is the same as before: a change of a definition is a change on purpose", () =>
    Effect.gen(function* () {
      const { tools, resources, prompts } = yield* Surface.make;
      for (const { definition } of tools) {
        const text = `${JSON.stringify(definition, undefined, 2)}\n`;
        yield* Effect.promise(() => expect(text).toMatchFileSnapshot(`definitions/${definition.name}.json`));
      }
      const rest = {
        instructions: Surface.INSTRUCTIONS,
        prompts: prompts.map(({ definition }) => definition),
        templates: resources.flatMap(({ template }) => template ?? []),
      };
      const text = `${JSON.stringify(rest, undefined, 2)}\n`;
      yield* Effect.promise(() => expect(text).toMatchFileSnapshot("definitions/rest.json"));
    }).pipe(Effect.provide(layer)),
  );

  it.effect("costs less than 6,000 tokens in all, and less than 800 a tool", () =>
    Effect.gen(function* () {
      const { tools } = yield* Surface.make;
      const definitions = tools.map(({ definition }) => definition);
      expect(tokensOf({ tools: definitions })).toBeLessThan(6_000);
      for (const definition of definitions) expect(tokensOf(definition), definition.name).toBeLessThan(800);
    }).pipe(Effect.provide(layer)),
  );

  it.effect("says of every tool when to use it and what it may do", () =>
    Effect.gen(function* () {
      const { tools } = yield* Surface.make;
      expect(tools.length).toBe(13);
      for (const { definition, scope } of tools) {
        expect(definition.name).toMatch(/^[a-z]+(_[a-z]+)*$/);
        expect(definition.title).toBeTruthy();
        expect(definition.description?.length).toBeGreaterThan(60);
        const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = definition.annotations ?? {};
        for (const hint of [readOnlyHint, destructiveHint, idempotentHint, openWorldHint])
          expect(hint).toBeTypeOf("boolean");
        expect(readOnlyHint).toBe(scope !== "catalog:write");
        expect(definition.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
        expect(definition.outputSchema).toMatchObject({ type: "object" });
        expect(JSON.stringify(definition)).not.toContain("$ref");
      }
    }).pipe(Effect.provide(layer)),
  );
});
