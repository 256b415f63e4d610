/**
 * What has to be true of an entity before it is written.
 */
import type { EntityRecord } from "@cadastre/domain/Entity";
import type { EntitySelector } from "@cadastre/domain/EntityStore";
import { NotFound, RevisionConflict } from "@cadastre/domain/Errors";
import * as Either from "effect/Either";

export const notFound = (selector: EntitySelector): NotFound =>
  new NotFound({ message: `${nameOf(selector)} is not registered` });

/** The record, if it is there, at the revision that the caller means. */
export const existing = (
  selector: EntitySelector,
  current: EntityRecord | undefined,
  ifMatch: number | undefined,
): Either.Either<EntityRecord, NotFound | RevisionConflict> =>
  current === undefined ? Either.left(notFound(selector)) : atRevision(selector, current, ifMatch);

/** What is there, if it is at the revision that the caller means: nothing is at none. */
export const atRevision = <A extends EntityRecord | undefined>(
  selector: EntitySelector,
  current: A,
  ifMatch: number | undefined,
): Either.Either<A, RevisionConflict> => {
  if (ifMatch === undefined || ifMatch === current?.revision) return Either.right(current);
  const name = nameOf(selector);
  return Either.left(
    current === undefined
      ? new RevisionConflict({ message: `${name} is not registered, so it is not at revision ${ifMatch}` })
      : new RevisionConflict({
          message: `${name} is at revision ${current.revision}, not ${ifMatch}: read it again`,
          current: current.revision,
        }),
  );
};

export const nameOf = (selector: EntitySelector): string => (selector._tag === "Uid" ? selector.uid : selector.key);
