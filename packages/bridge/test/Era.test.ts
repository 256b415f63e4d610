import { describe, expect, it } from "@effect/vitest";
import * as FastCheck from "fast-check";
import * as Era from "../src/Era.ts";
import * as Frame from "../src/Frame.ts";

const headers = (method: string, params: object, mirrored: ReadonlyArray<Era.MirroredParameter> = []) =>
  Era.headers(Frame.request(1, method, params), "2026-07-28", mirrored);

const TEXT = FastCheck.string({ unit: FastCheck.constantFrom(..."aZ9 \t\n\r\u0000~=?é世😀", "=?base64?", "?=") });

describe("the headers of 2026-07-28", () => {
  it("repeat the revision, the method and what it is about", () => {
    expect(headers("tools/call", { name: "get_entity" })).toEqual({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "get_entity",
    });
    expect(headers("resources/read", { uri: "cadastre://model" })["mcp-name"]).toBe("cadastre://model");
    expect(headers("tools/list", { name: "x" })).not.toHaveProperty("mcp-name");
  });

  it("repeat parameters that a tool wants repeated", () => {
    const mirrored = [
      { path: ["region"], header: "Region" },
      { path: ["deep", "count"], header: "Count" },
      { path: ["absent"], header: "Absent" },
    ];
    const params = { name: "x", arguments: { region: " west ", deep: { count: 3 } } };
    expect(headers("tools/call", params, mirrored)).toMatchObject({
      "mcp-param-Region": "=?base64?IHdlc3Qg?=",
      "mcp-param-Count": "3",
    });
    expect(headers("tools/call", params, mirrored)).not.toHaveProperty("mcp-param-Absent");
  });

  it("can be sent and read back, whatever the text", () => {
    FastCheck.assert(
      FastCheck.property(TEXT, (name) => {
        const header = headers("tools/call", { name })["mcp-name"] ?? "";
        expect(header).toMatch(/^[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?$/);
        const [, encoded] = /^=\?base64\?(.*)\?=$/.exec(header) ?? [];
        const decoded = encoded === undefined ? header : Buffer.from(encoded, "base64").toString("utf8");
        expect(decoded).toBe(Buffer.from(name, "utf8").toString("utf8"));
      }),
    );
  });
});
