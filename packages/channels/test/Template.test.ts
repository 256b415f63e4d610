import { type Json, pointer } from "@cadastre/domain/Json";
import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import * as Template from "../src/internal/template.ts";

const filled = (text: string, data: Json): string => Template.render(Either.getOrThrow(Template.parse(text)), data);

describe("a template", () => {
  it("is filled with what its pointers find", () => {
    const data = {
      entity: { a: "x", n: 1.5, t: true, z: null, list: ["p", { q: "r" }], "k/~": "deep", "": "empty", "0": "zero" },
      event: { type: "ping" },
    };
    for (const [text, expected] of [
      ["", ""],
      ["plain", "plain"],
      ["{/entity/a}", "x"],
      ["<{/entity/a}{/entity/a}>", "<xx>"],
      ["{/entity/n} {/entity/t}", "1.5 true"],
      ["[{/entity/z}{/entity/none}{/entity/a/b}{/entity/list/9}{/entity/list/01}]", "[]"],
      ["{/entity/list/0}{/entity/list/1/q}", "pr"],
      ["{/entity/list}", '["p",{"q":"r"}]'],
      ["{/entity/k~1~0}{/entity/}{/entity/0}", "deepemptyzero"],
      ["{/entity/toString}{/entity/__proto__}{/entity/list/length}", ""],
      ["{{{/event/type}}}", "{ping}"],
      ["{{/event/type}}", "{/event/type}"],
      ["{/event}", '{"type":"ping"}'],
    ] as const) {
      expect([text, filled(text, data)]).toEqual([text, expected]);
    }
  });

  it("is refused where it points nowhere or a brace stands alone", () => {
    for (const text of [
      "{",
      "}",
      "{}",
      "{a}",
      "{/}",
      "{/entitys/x}",
      "{/spec/owner}",
      "{{/event/x}",
      "x}{/event}",
      "{ /event}",
    ]) {
      expect([text, Either.isLeft(Template.parse(text))]).toEqual([text, true]);
    }
  });

  it("finds every member by its pointer, and says every text", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.string({ unit: "grapheme" }),
        FastCheck.string({ unit: "grapheme" }),
        (key, value) => {
          const escaped = value.replaceAll("{", "{{").replaceAll("}", "}}");
          expect(filled(escaped, {})).toBe(value);
          if (/[{}]/.test(key)) return;
          expect(filled(`{${pointer(["entity", key])}}`, { entity: Object.fromEntries([[key, value]]) })).toBe(value);
        },
      ),
    );
  });
});
