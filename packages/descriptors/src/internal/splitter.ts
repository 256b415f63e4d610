import type { Fault } from "@cadastre/domain/Fault";

/** Finds where documents begin and end in bytes that come in pieces of any size. */
export interface Splitter {
  readonly push: (bytes: Uint8Array) => void;
  /** There are no more bytes. */
  readonly end: () => void;
}

/** Where a document is in its stream, all from 1. */
export interface Start {
  /** Line on which its content starts. */
  readonly line: number;
  /** Line and column on which its bytes start: before its content where comments and markers come first. */
  readonly firstLine: number;
  readonly firstColumn: number;
}

/** Takes one document: its bytes, or what is wrong with them. */
export type Emit = (start: Start, content: Uint8Array | Fault) => void;

export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const TAB = 0x09;

export const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB || byte === CR || byte === LF;

/** The bytes of one document, which are let go as soon as they are too many. */
interface Gatherer {
  readonly add: (bytes: Uint8Array) => void;
  /** What was gathered; the next document starts empty. */
  readonly take: () => Uint8Array | Fault;
}

export const gatherer = (maxBytes: number): Gatherer => {
  let pieces: Array<Uint8Array> = [];
  let size = 0;
  return {
    add: (bytes) => {
      size += bytes.length;
      if (size > maxBytes) pieces = [];
      else if (bytes.length > 0) pieces.push(bytes);
    },
    take: () => {
      const content = size > maxBytes ? tooLarge(size, maxBytes) : join(pieces, size);
      pieces = [];
      size = 0;
      return content;
    },
  };
};

const tooLarge = (size: number, maxBytes: number): Fault => ({
  path: "",
  message: `is a document of ${size} bytes, and at most ${maxBytes} are allowed: keep large definitions elsewhere and link to them`,
});

export const join = (pieces: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const [only, second] = pieces;
  if (only !== undefined && second === undefined) return only;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
};
