import { describe, expect, it } from "@effect/vitest";
import * as FastCheck from "fast-check";
import * as Frame from "../src/Frame.ts";

const read = (text: string) => Frame.read(Buffer.from(text));

describe("a line", () => {
  it("is passed on as it came", () => {
    const text = '{"jsonrpc": "2.0", "id": 9007199254740993, "method": "x", "params": {"n": 1e400}}';
    expect(read(text)).toMatchObject([{ kind: "request", method: "x", text }]);
  });

  it("is a request, a notification or an answer", () => {
    const kinds = [
      '{"jsonrpc":"2.0","id":"a","method":"x"}',
      '{"jsonrpc":"2.0","method":"x"}',
      '{"jsonrpc":"2.0","id":1,"result":{}}',
      '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}',
    ].map((text) => read(text)[0]?.kind);
    expect(kinds).toEqual(["request", "notification", "answer", "answer"]);
  });

  it("may hold a batch, each frame of which stands for itself", () => {
    expect(read('[{"jsonrpc":"2.0","id":1,"method":"x"},{"jsonrpc":"2.0","method":"y"},7]')).toMatchObject([
      { kind: "request", id: 1 },
      { kind: "notification", method: "y" },
      { kind: "malformed", code: Frame.INVALID_REQUEST },
    ]);
  });

  it("is one line when it is passed on", () => {
    expect(Frame.parse('{\n "jsonrpc": "2.0",\r\n "method": "x"\n}')[0]).toMatchObject({
      text: '{  "jsonrpc": "2.0",  "method": "x" }',
    });
  });

  it("of any JSON is a frame or a fault, never an exception", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), (value) => {
        for (const frame of read(JSON.stringify(value))) expect(frame.kind).toBeDefined();
      }),
    );
  });
});

describe("the id of what cannot be read", () => {
  const idOf = (text: string) => Frame.oversize(Buffer.from(text), Buffer.from(text), 1).id;

  it("is found where clients write it", () => {
    expect(idOf('{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":')).toBe(7);
    expect(idOf('{"id":"seven","jsonrpc":"2.0","met')).toBe("seven");
    expect(idOf('{"method":"x","params":{"id":3},"jsonrpc":"2.0","id":8}')).toBe(8);
    expect(idOf('…"a":[{"id":1}]},"id": -2 , "jsonrpc": "2.0" } ')).toBe(-2);
  });

  it("is not taken from elsewhere", () => {
    expect(idOf('{"method":"x","params":{"id":3}}')).toBe(null);
    expect(idOf('{"jsonrpc":"2.0","method":"x","params":{"id":3,')).toBe(null);
    expect(idOf(String.raw`{"method":"x","params":{"text":"\"id\":3}"}}`)).toBe(null);
  });
});
