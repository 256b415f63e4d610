/**
 * From what a caller sent to what can be written, or every fault of it.
 */
import { type EntityRecord, referenceOf, toEnvelope } from "@cadastre/domain/Entity";
import { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import * as Json from "@cadastre/domain/Json";
import * as Reference from "@cadastre/domain/Reference";
import * as Validation from "@cadastre/domain/Validation";
import * as Either from "effect/Either";

export const read = (input: unknown): Either.Either<Validation.Validated, InvalidInput> =>
  Either.mapLeft(Validation.validate(input), (faults) => invalid("the document is not valid", faults));

/** A document may replace only the entity that it names; the case of the name may change. */
export const readFor = (
  reference: Reference.Reference,
  validated: Validation.Validated,
): Either.Either<Validation.Validated, InvalidInput> => {
  const given = referenceOf(validated.document);
  const faults = PARTS.flatMap(([part, path]) =>
    given[part].toLowerCase() === reference[part].toLowerCase()
      ? []
      : {
          path,
          message: `is "${given[part]}", and ${Reference.format(reference)} cannot be renamed: keep "${reference[part]}"`,
        },
  );
  return faults.length === 0
    ? Either.right(validated)
    : Either.left(invalid("the document is of another entity", faults));
};

const PARTS = [
  ["kind", "/kind"],
  ["namespace", "/metadata/namespace"],
  ["name", "/metadata/name"],
] as const;

/** The document that a merge patch (RFC 7396) makes of an entity. What the server writes, it cannot change. */
export const readPatched = (
  record: EntityRecord,
  patch: unknown,
): Either.Either<Validation.Validated, InvalidInput> => {
  if (!Json.isObject(patch)) {
    const message = "is no object: a merge patch holds the members to be changed, with null for those to be removed";
    return Either.left(invalid("the patch is not valid", [{ path: "", message }]));
  }
  if (Json.isDeeper(patch, Validation.MAX_DEPTH)) {
    const message = `is nested deeper than ${Validation.MAX_DEPTH} levels: flatten it`;
    return Either.left(invalid("the patch is not valid", [{ path: "", message }]));
  }
  const marks = { metadata: { uid: record.uid, revision: record.revision } };
  const patched = Json.mergePatch(Json.mergePatch(toEnvelope(record), patch), marks);
  return Either.flatMap(read(patched), (validated) => readFor(referenceOf(record.document), validated));
};

const invalid = (message: string, faults: ReadonlyArray<Fault>): InvalidInput => new InvalidInput({ message, faults });
