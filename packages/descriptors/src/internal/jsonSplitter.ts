import type { Emit, Splitter } from "./splitter.ts";
import { gatherer, isBlank, LF } from "./splitter.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * JSON: the elements of a list, or the whole where it is no list. Only quotes, brackets and commas are looked at; what is
 * wrong inside an element is for the parser to say.
 */
export const jsonSplitter = (emit: Emit, maxBytes: number): Splitter => {
  const gathered = gatherer(maxBytes);
  let state: "start" | "whole" | "before element" | "in element" | "after list" | "after fault" = "start";
  let elements = 0;
  let line = 1;
  let column = 0;
  let start = { line: 1, firstLine: 1, firstColumn: 1 };
  let depth = 0;
  let inText = false;
  let escaped = false;

  const fault = (message: string): void =>
    emit({ line, firstLine: line, firstColumn: Math.max(column, 1) }, { path: "", message });

  const finish = (): void => {
    emit(start, gathered.take());
    elements++;
  };

  const begin = (): void => {
    start = { line, firstLine: line, firstColumn: column };
    depth = 0;
    inText = false;
  };

  /** Takes a byte of an element; true if it is the one after it. */
  const within = (byte: number): boolean => {
    if (inText) {
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if (depth === 0) return byte === COMMA || byte === CLOSE_LIST;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--;
    return false;
  };

  /** Takes a byte outside documents; true if a document begins with it. */
  const between = (byte: number): boolean => {
    switch (state) {
      case "start":
        state = byte === OPEN_LIST ? "before element" : "whole";
        if (state === "whole") begin();
        return state === "whole";
      case "before element":
        if (byte === CLOSE_LIST) {
          if (elements > 0) fault("a comma stands before the ] that ends the list: remove it");
          state = "after list";
        } else if (byte === COMMA) fault("an element is missing before the comma: remove one comma");
        else {
          state = "in element";
          begin();
          within(byte);
        }
        return byte !== CLOSE_LIST && byte !== COMMA;
      case "after list":
        fault("text stands after the ] that ends the list: send one list, or one document a line as NDJSON");
        state = "after fault";
        return false;
      default:
        return false;
    }
  };

  return {
    push: (bytes) => {
      /** Bytes of the current document before this are gathered. */
      let from = 0;
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i] as number; // i is in bounds
        column++;
        if (state === "in element") {
          if (within(byte)) {
            gathered.add(bytes.subarray(from, i));
            finish();
            state = byte === COMMA ? "before element" : "after list";
          }
        } else if (state !== "whole" && !isBlank(byte) && between(byte)) from = i;
        if (byte === LF) {
          line++;
          column = 0;
        }
      }
      if (state === "whole" || state === "in element") gathered.add(bytes.subarray(from));
    },
    end: () => {
      if (state === "whole" || state === "in element") finish();
      if (state === "in element" || state === "before element")
        fault("the list is not closed: ] is missing at the end");
    },
  };
};
