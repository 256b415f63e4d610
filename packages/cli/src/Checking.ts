/**
 * Descriptors read and checked on this machine, by the rules that the daemon applies: what is good and can be sent, and
 * everything that is wrong, with its place.
 */
import * as Documents from "@cadastre/descriptors/Documents";
import { type EntityDocument, referenceOf } from "@cadastre/domain/Entity";
import type { Fault } from "@cadastre/domain/Fault";
import * as Validation from "@cadastre/domain/Validation";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { constant } from "effect/Function";
import type { Failure } from "./Failure.ts";
import * as Sources from "./Sources.ts";

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Finding extends Place, Fault {}

interface Good {
  readonly _tag: "Good";
  readonly json: string;
  /** Where its name stands. */
  readonly name: () => Place;
}

/** What was made of one document. */
export interface Checked extends Place {
  readonly reference: string | undefined;
  readonly outcome:
    | Good
    /** It cannot be read, or breaks rules. */
    | { readonly _tag: "Faulty"; readonly faults: ReadonlyArray<Finding> }
    /** Its reference occurs more than once among what was given. */
    | { readonly _tag: "Conflict"; readonly faults: ReadonlyArray<Finding> };
  readonly warnings: ReadonlyArray<Finding>;
}

export interface Checking {
  readonly documents: ReadonlyArray<Checked>;
  readonly files: number;
  /** Files of the given directories that were not read, because their names are not those of descriptors. */
  readonly others: number;
}

/** Reads and checks what the paths mean. `progress` is told after each file. */
export const check = (
  paths: ReadonlyArray<string>,
  progress: (done: number, of: number) => Effect.Effect<void> = () => Effect.void,
): Effect.Effect<Checking, Failure> =>
  Effect.gen(function* () {
    const { sources, others } = yield* Sources.find(paths);
    const documents: Array<Checked> = [];
    for (const [i, source] of sources.entries()) {
      const bytes = yield* Effect.either(source.bytes);
      documents.push(
        ...Either.match(bytes, {
          onLeft: (problem) => [unreadable(source.name, problem)],
          onRight: (it) => read(source.name, it),
        }),
      );
      yield* progress(i + 1, sources.length);
    }
    return { documents: separate(documents), files: sources.length, others };
  });

const unreadable = (file: string, message: string): Checked => {
  const place = { file, line: 1, column: 1 };
  return {
    ...place,
    reference: undefined,
    outcome: { _tag: "Faulty", faults: [{ ...place, path: "", message }] },
    warnings: [],
  };
};

const read = (file: string, bytes: Uint8Array): ReadonlyArray<Checked> => {
  const name = nameWithFormat(file, bytes);
  // A place in JSON costs a second reading of the document, one in YAML keeps its tree in memory.
  const lazy = Documents.formatOf(name) !== "yaml";
  return Documents.readText(bytes, { file: name }).map(({ line, content, place }): Checked => {
    const found = (faults: ReadonlyArray<Documents.PlacedFault>): ReadonlyArray<Finding> =>
      faults.map((fault) => ({ file, ...fault }));
    const start = { file, line, column: 1 };
    const locateName = () => ({ ...start, ...place([{ path: NAME, message: "" }])[0] });
    if (Either.isLeft(content)) {
      return { ...start, reference: undefined, outcome: { _tag: "Faulty", faults: found(content.left) }, warnings: [] };
    }
    return Either.match(Validation.validate(content.right), {
      onLeft: (faults): Checked => ({
        ...start,
        reference: undefined,
        outcome: { _tag: "Faulty", faults: found(place(faults)) },
        warnings: [],
      }),
      onRight: ({ document, warnings }): Checked => ({
        ...start,
        reference: spell(document),
        outcome: {
          _tag: "Good",
          json: JSON.stringify(content.right),
          name: lazy ? locateName : constant(locateName()),
        },
        warnings: found(place(warnings)),
      }),
    });
  });
};

/** Standard input has no name to tell its format by: JSON begins with a bracket, and one value is not a value a line. */
const nameWithFormat = (file: string, bytes: Uint8Array): string => {
  if (file !== "<stdin>") return file;
  const text = new TextDecoder().decode(bytes).trimStart();
  if (text.startsWith("[")) return "stdin.json";
  if (!text.startsWith("{")) return "stdin.yaml";
  return Either.isRight(Either.try(() => JSON.parse(text))) ? "stdin.json" : "stdin.ndjson";
};

const spell = (document: EntityDocument): string => {
  const { kind, namespace, name } = referenceOf(document);
  return `${kind.toLowerCase()}:${namespace}/${name}`;
};

const NAME = "/metadata/name";

/** Good documents that share a reference are none of them good: each names the other places. */
const separate = (documents: ReadonlyArray<Checked>): ReadonlyArray<Checked> => {
  const places = new Map<string, Array<Good>>();
  for (const { outcome, reference = "" } of documents) {
    if (outcome._tag !== "Good") continue;
    const key = reference.toLowerCase();
    const same = places.get(key);
    if (same === undefined) places.set(key, [outcome]);
    else same.push(outcome);
  }
  return documents.map((document) => {
    const { outcome, reference = "" } = document;
    if (outcome._tag !== "Good") return document;
    const others = (places.get(reference.toLowerCase()) ?? []).filter((other) => other !== outcome);
    if (others.length === 0) return document;
    const message = `${reference} is also at ${listed(others.map(({ name }) => name()))}: keep one of them`;
    return { ...document, outcome: { _tag: "Conflict", faults: [{ ...outcome.name(), path: NAME, message }] } };
  });
};

const listed = (places: ReadonlyArray<Place>): string => {
  const shown = places.slice(0, 3).map(({ file, line }) => `${file}:${line}`);
  return places.length <= 3 ? shown.join(", ") : `${shown.join(", ")} and ${places.length - 3} more places`;
};
