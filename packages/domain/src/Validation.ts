/**
 * Is this JSON value an entity's document? STUB: the signature that the others build on.
 */
import * as Either from "effect/Either";
import type { EntityDocument, EntityState } from "./Entity.ts";
import type { Fault } from "./Fault.ts";

export interface Validated {
  readonly document: EntityDocument;
  /** `status.state` of a document that was read from a catalog and is written back; undefined: leave it as it is. */
  readonly state: EntityState | undefined;
  /** What is legal and yet probably not meant. */
  readonly warnings: ReadonlyArray<Fault>;
}

export const validate = (_input: unknown): Either.Either<Validated, ReadonlyArray<Fault>> => Either.left([]);
