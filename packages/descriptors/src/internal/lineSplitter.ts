import type { Emit, Splitter } from "./splitter.ts";
import { gatherer, isBlank, LF } from "./splitter.ts";

/** NDJSON: each line that is not blank is a document. */
export const lineSplitter = (emit: Emit, maxBytes: number): Splitter => {
  const gathered = gatherer(maxBytes);
  let line = 1;
  let blank = true;

  const add = (bytes: Uint8Array): void => {
    blank &&= bytes.every(isBlank);
    gathered.add(bytes);
  };

  const finish = (): void => {
    const content = gathered.take();
    if (!blank) emit({ line, firstLine: line, firstColumn: 1 }, content);
    blank = true;
  };

  return {
    push: (bytes) => {
      let start = 0;
      for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
        add(bytes.subarray(start, end));
        finish();
        line++;
        start = end + 1;
      }
      add(bytes.subarray(start));
    },
    end: finish,
  };
};
