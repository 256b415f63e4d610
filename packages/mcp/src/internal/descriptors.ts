/**
 * The documents that a model gives, as objects or as text.
 */
import { type EntityDocument, referenceOf } from "@cadastre/domain/Entity";
import { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import { lazy } from "@cadastre/domain/Module";
import * as Reference from "@cadastre/domain/Reference";
import * as Validation from "@cadastre/domain/Validation";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";

export type Given = string | { readonly [key: string]: unknown };

export interface Checked {
  /** What was given, as data; undefined where the text could not be read. */
  readonly content: unknown;
  /** Left: every fault, with line and column where the document came as text. */
  readonly result: Either.Either<
    { readonly document: EntityDocument; readonly warnings: ReadonlyArray<Fault> },
    ReadonlyArray<Fault>
  >;
}

/** Each document of what was given, read and checked. */
export const check = (given: Given): Effect.Effect<ReadonlyArray<Checked>> =>
  typeof given !== "string"
    ? Effect.succeed([{ content: given, result: Validation.validate(given) }])
    : Effect.map(documents, ({ readText }) =>
        readText(given, { file: "document.yaml" }).map(({ content, place }) => ({
          content: Either.getOrUndefined(content),
          result: Either.mapLeft(Either.flatMap(content, Validation.validate), (faults) =>
            place(faults).map(({ path, message, line, column }) => ({
              path,
              message: `${message} (line ${line}, column ${column})`,
            })),
          ),
        })),
      );

/** The one document that was given, and the reference that it is of. */
export const single = (
  given: Given,
): Effect.Effect<{ readonly content: unknown; readonly reference: Reference.Reference }, InvalidInput> =>
  Effect.flatMap(check(given), (all) => {
    const [only, ...others] = all;
    if (only === undefined || others.length > 0) {
      const message = `holds ${all.length} documents: send one at a time`;
      return Effect.fail(new InvalidInput({ message: "Nothing was changed", faults: [{ path: "document", message }] }));
    }
    return Either.mapBoth(only.result, {
      onLeft: (faults) => new InvalidInput({ message: "The document is not valid, and nothing was changed", faults }),
      onRight: ({ document }) => ({ content: only.content, reference: referenceOf(document) }),
    });
  });

export const keyOf = (document: EntityDocument): Reference.ReferenceKey => Reference.key(referenceOf(document));

/** The YAML library is not worth waiting for where nobody sends text. */
const documents = lazy(() => import("@cadastre/descriptors/Documents"));
