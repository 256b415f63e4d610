import type { Emit, Splitter } from "./splitter.ts";
import { CR, gatherer, isBlank, join, LF, SPACE, TAB } from "./splitter.ts";

const DASH = 0x2d;
const DOT = 0x2e;
const HASH = 0x23;
const PERCENT = 0x25;

/** Bytes that tell a marker line: three and what follows them. */
const MARKER_BYTES = 4;

/** Bytes of a line that are waited for to tell comments and directives from a document's first content. */
const LINE_BYTES = 1024;

/**
 * YAML: a document ends where a line begins with `---` or `...` followed by white space, wherever that is: such a line
 * can be no part of a scalar or a flow collection (YAML 1.2.2, rule c-forbidden). What comes before the first content or
 * `---` (comments, directives) belongs to the document that follows.
 */
export const yamlSplitter = (emit: Emit, maxBytes: number): Splitter => {
  const gathered = gatherer(maxBytes);
  /** Bytes of a line that is too short yet to tell what it is. */
  let waiting = new Uint8Array(0);
  let line = 1;
  let atLineStart = true;
  /** True on the rest of a line `...`, which belongs to no document. */
  let skipping = false;
  /** Line of the first byte of the document, or of what precedes it. */
  let firstLine = 1;
  /** Line of its content, or of its marker as long as there is none. */
  let contentLine = 1;
  let inDocument = false;
  let hasContent = false;

  const finish = (): void => {
    const content = gathered.take();
    if (inDocument) emit({ line: contentLine, firstLine, firstColumn: 1 }, content);
    inDocument = false;
    hasContent = false;
  };

  const push = (more: Uint8Array, ending: boolean): void => {
    const bytes = waiting.length === 0 ? more : join([waiting, more], waiting.length + more.length);
    waiting = new Uint8Array(0);
    /** Bytes before this are gathered. */
    let start = 0;
    let position = 0;
    while (position < bytes.length) {
      const newline = bytes.indexOf(LF, position);
      const end = newline === -1 ? bytes.length : newline + 1;
      if (skipping) start = end;
      if (atLineStart) {
        const marker = markerAt(bytes, position);
        const length = end - position;
        const telling = hasContent && marker === undefined ? length >= MARKER_BYTES : length >= LINE_BYTES;
        if (newline === -1 && !telling && !ending) {
          waiting = bytes.slice(position);
          break;
        }
        if (marker === DOT || (marker === DASH && inDocument)) {
          gathered.add(bytes.subarray(start, position));
          finish();
          skipping = marker === DOT;
          start = skipping ? end : position;
          firstLine = skipping ? line + 1 : line;
        }
        if (marker === DASH) {
          inDocument = true;
          contentLine = line;
        }
        if (marker !== DOT && !hasContent) {
          hasContent = isContent(bytes, marker === DASH ? position + 3 : position, end, inDocument);
          if (hasContent) {
            inDocument = true;
            contentLine = line;
          }
        }
      }
      atLineStart = newline !== -1;
      if (atLineStart) {
        line++;
        skipping = false;
      }
      position = end;
    }
    gathered.add(bytes.subarray(start, position));
  };

  return {
    push: (bytes) => push(bytes, false),
    end: () => {
      push(new Uint8Array(0), true);
      finish();
    },
  };
};

/** `-` or `.` if the line that starts at the position is a document marker. */
const markerAt = (bytes: Uint8Array, position: number): number | undefined => {
  const byte = bytes[position];
  if (byte !== DASH && byte !== DOT) return undefined;
  if (bytes[position + 1] !== byte || bytes[position + 2] !== byte) return undefined;
  const next = bytes[position + 3];
  return next === undefined || isBlank(next) ? byte : undefined;
};

/** True unless the line is blank or a comment, or, before a document, a directive. */
const isContent = (bytes: Uint8Array, start: number, end: number, inDocument: boolean): boolean => {
  if (!inDocument && bytes[start] === PERCENT) return false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte !== SPACE && byte !== TAB && byte !== CR && byte !== LF) return byte !== HASH;
  }
  return false;
};
