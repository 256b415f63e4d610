/**
 * Descriptors read and checked on this machine, by the rules that the daemon applies: what is good and can be sent, and
 * everything that is wrong, with its place.
 */
import * as Documents from "@cadastre/descriptors/Documents";
import type { Format } from "@cadastre/descriptors/Framing";
import { MAX_DOCUMENT_BYTES } from "@cadastre/domain/Batch";
import { type EntityDocument, referenceOf } from "@cadastre/domain/Entity";
import type { Fault } from "@cadastre/domain/Fault";
import * as Validation from "@cadastre/domain/Validation";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Stream from "effect/Stream";
import type { Failure } from "./Failure.ts";
import * as Sources from "./Sources.ts";

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Finding extends Place, Fault {}

/** It can be sent; its JSON was given away. */
interface Good {
  readonly _tag: "Good";
  /** Where its name stands; undefined: to be looked for again, which is seldom needed and costs time. */
  readonly name: Place | undefined;
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

export interface Options<E, R> {
  /** Told of the bytes that were read, of all files. */
  readonly progress?: (done: number, of: number) => Effect.Effect<void>;
  /** Given the JSON of documents that are good by themselves, in their order: they are not kept here. */
  readonly keep?: (documents: ReadonlyArray<string>) => Effect.Effect<void, E, R>;
}

/** Reads and checks what the paths mean; of each document its place and its reference stay in memory. */
export const check = <E = never, R = never>(
  paths: ReadonlyArray<string>,
  { progress = () => Effect.void, keep = () => Effect.void }: Options<E, R> = {},
): Effect.Effect<Checking, Failure | E, R> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { sources, others } = yield* Sources.find(paths);
      const documents: Array<Located> = [];
      const sizes = yield* Effect.forEach(sources, ({ size }) => Effect.orElseSucceed(size, () => 0));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      let done = 0;
      for (const source of sources) {
        const format = yield* Effect.orElseSucceed(formatOf(source), (): Format => "yaml");
        const bytes = Stream.tap(source.bytes, (block) => {
          done += block.length;
          return progress(Math.min(done, total), total);
        });
        const problem = yield* Documents.readPlaced(format, bytes).pipe(
          Stream.mapError((problem): Unreadable => ({ _tag: "Unreadable", problem })),
          Stream.runForEachChunk((chunk) => {
            const good: Array<string> = [];
            for (const document of chunk) {
              const checked = checkOne(source.name, format, document, good);
              documents.push({ ...checked, source, format, index: document.index });
            }
            return keep(good);
          }),
          Effect.as(undefined),
          Effect.catchIf(isUnreadable, ({ problem }) => Effect.succeed(problem)),
        );
        if (problem !== undefined) {
          documents.push({ ...unreadable(source.name, problem), source, format, index: -1 });
        }
      }
      yield* progress(total, total);
      return { documents: yield* separate(documents), files: sources.length, others };
    }),
  );

/** A document and what it takes to find it again. */
type Located = Checked & {
  readonly source: Sources.Source;
  readonly format: Format;
  readonly index: number;
};

interface Unreadable {
  readonly _tag: "Unreadable";
  readonly problem: string;
}

const isUnreadable = (error: unknown): error is Unreadable =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "Unreadable";

const unreadable = (file: string, message: string): Checked => {
  const place = { file, line: 1, column: 1 };
  return {
    ...place,
    reference: undefined,
    outcome: { _tag: "Faulty", faults: [{ ...place, path: "", message }] },
    warnings: [],
  };
};

/** `good` is given its JSON if it is. */
const checkOne = (
  file: string,
  format: Format,
  { line, content, place }: Documents.Positioned,
  good: Array<string>,
): Checked => {
  const found = (faults: ReadonlyArray<Documents.PlacedFault>): ReadonlyArray<Finding> =>
    faults.map((fault) => ({ file, ...fault }));
  const start = { file, line, column: 1 };
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
    onRight: ({ document, warnings }): Checked => {
      good.push(JSON.stringify(content.right));
      // A place in JSON costs a second reading of the document; in YAML the tree is there, and should go.
      const name = format === "yaml" ? { ...start, ...place(AT_NAME)[0] } : undefined;
      return {
        ...start,
        reference: spell(document),
        outcome: { _tag: "Good", name },
        warnings: warnings.length === 0 ? [] : found(place(warnings)),
      };
    },
  });
};

/** Standard input has no name to tell its format by: JSON begins with a bracket, and one value is not a value a line. */
const formatOf = ({ name, size, bytes }: Sources.Source): Effect.Effect<Format, string> =>
  name !== "<stdin>"
    ? Effect.succeed(Documents.formatOf(name))
    : Effect.gen(function* () {
        // No document is larger than this.
        const isOne = (yield* size) <= MAX_DOCUMENT_BYTES;
        const head = isOne ? bytes : Stream.take(bytes, 1);
        const text = (yield* Stream.mkString(Stream.decodeText(head))).trimStart();
        if (text.startsWith("[")) return "json";
        if (!text.startsWith("{")) return "yaml";
        return isOne && Either.isRight(Either.try(() => JSON.parse(text))) ? "json" : "ndjson";
      });

const spell = (document: EntityDocument): string => {
  const { kind, namespace, name } = referenceOf(document);
  return `${kind.toLowerCase()}:${namespace}/${name}`;
};

const NAME = "/metadata/name";

const AT_NAME = [{ path: NAME, message: "" }];

/** Good documents that share a reference are none of them good: each names the other places. */
const separate = (documents: ReadonlyArray<Located>): Effect.Effect<ReadonlyArray<Checked>> =>
  Effect.gen(function* () {
    const same = new Map<string, Located | Array<Located>>();
    for (const document of documents) {
      if (document.outcome._tag !== "Good") continue;
      const key = (document.reference ?? "").toLowerCase();
      const before = same.get(key);
      if (before === undefined) same.set(key, document);
      else if (Array.isArray(before)) before.push(document);
      else same.set(key, [before, document]);
    }
    const rivals = [...same.values()].filter((those) => Array.isArray(those));
    const names = yield* locate(rivals.flat());
    const conflicts = new Map<Located, Checked>();
    for (const those of rivals) {
      for (const document of those) {
        const others = those.filter((other) => other !== document).map((other) => names.get(other) ?? other);
        const message = `${document.reference} is also at ${listed(others)}: keep one of them`;
        const { file, line, column } = names.get(document) ?? document;
        conflicts.set(document, {
          ...document,
          outcome: { _tag: "Conflict", faults: [{ file, line, column, path: NAME, message }] },
        });
      }
    }
    return conflicts.size === 0 ? documents : documents.map((document) => conflicts.get(document) ?? document);
  });

/** Where the names of documents stand; a file is read again for those of which that was not kept. */
const locate = (documents: ReadonlyArray<Located>): Effect.Effect<ReadonlyMap<Located, Place>> =>
  Effect.gen(function* () {
    const names = new Map<Located, Place>();
    const missing = new Map<Sources.Source, Map<number, Located>>();
    for (const document of documents) {
      const { outcome, source, index } = document;
      if (outcome._tag !== "Good") continue;
      if (outcome.name !== undefined) names.set(document, outcome.name);
      else missing.set(source, (missing.get(source) ?? new Map()).set(index, document));
    }
    for (const [{ bytes }, wanted] of missing) {
      const [first] = wanted.values();
      if (first === undefined) continue;
      yield* Documents.readPlaced(first.format, bytes).pipe(
        Stream.runForEach(({ index, place }) =>
          Effect.sync(() => {
            const document = wanted.get(index);
            if (document === undefined) return;
            const { file, line } = document;
            names.set(document, { file, line, column: 1, ...place(AT_NAME)[0] });
          }),
        ),
        // What could be read before can be told without its column now.
        Effect.ignore,
      );
    }
    return names;
  });

const listed = (places: ReadonlyArray<Place>): string => {
  const shown = places.slice(0, 3).map(({ file, line }) => `${file}:${line}`);
  return places.length <= 3 ? shown.join(", ") : `${shown.join(", ")} and ${places.length - 3} more places`;
};
