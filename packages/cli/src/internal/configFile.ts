/**
 * The configuration file: flat YAML, read with positions. Apart from `Config`, so that the YAML library is loaded only
 * where there is a file.
 */

import { readFile } from "node:fs/promises";
import * as Effect from "effect/Effect";
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { ExitCode } from "../ExitCode.ts";
import { Failure } from "../Failure.ts";

export interface FileEntry {
  readonly key: string;
  readonly values: ReadonlyArray<string>;
  /** Written as one. */
  readonly isList: boolean;
  /** `file:line`. */
  readonly origin: string;
}

interface ConfigFile {
  readonly entries: ReadonlyArray<FileEntry>;
  readonly problems: ReadonlyArray<string>;
}

export const read = (path: string): Effect.Effect<ConfigFile, Failure> =>
  Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (cause) =>
      new Failure({ exit: ExitCode.config, message: `${path} cannot be read: ${String((cause as Error).message)}.` }),
  }).pipe(Effect.map((text) => parse(text, path)));

export const parse = (text: string, path: string): ConfigFile => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) => `${path}:${lines.linePos(offset ?? 0).line}`;
  if (document.errors.length > 0) {
    return { entries: [], problems: document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`) };
  }
  if (document.contents === null) return { entries: [], problems: [] };
  if (!isMap(document.contents)) {
    return {
      entries: [],
      problems: [`${at(document.contents.range?.[0])}: must be a map of settings, such as "port: 7717"`],
    };
  }
  const entries: Array<FileEntry> = [];
  const problems: Array<string> = [];
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : "?";
    const origin = at(isScalar(key) ? key.range?.[0] : undefined);
    const isList = isSeq(value);
    const texts = (isList ? value.items : [value]).map((item) =>
      isScalar(item) && item.value !== null && typeof item.value !== "object" ? String(item.value) : undefined,
    );
    if (texts.every((text) => text !== undefined)) entries.push({ key: name, values: texts, isList, origin });
    else problems.push(`${origin}: ${name} must be a single value`);
  }
  return { entries, problems };
};
