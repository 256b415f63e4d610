/**
 * What a document of a batch is by itself, before anything is known of the others or of the catalog.
 */
import type { DocumentResult, ReadDocument } from "@cadastre/domain/Batch";
import { referenceOf } from "@cadastre/domain/Entity";
import { isObject } from "@cadastre/domain/Json";
import * as Reference from "@cadastre/domain/Reference";
import { type Validated, validate } from "@cadastre/domain/Validation";
import * as Either from "effect/Either";

/** A document that can be applied as far as it goes by itself. */
export interface Candidate extends Validated {
  readonly index: number;
  readonly line: number;
  /** As written. */
  readonly reference: string;
}

/** Survives JSON: it is spooled between the passes. */
export type Prepared = Candidate | { readonly invalid: DocumentResult };

export const isInvalid = (prepared: Prepared): prepared is Exclude<Prepared, Candidate> => "invalid" in prepared;

/** The cast is trust in what {@link prepare} made and JSON carried. */
export const parse = (line: string): Prepared => JSON.parse(line) as Prepared;

export const keyOf = ({ document }: Candidate): Reference.ReferenceKey => Reference.key(referenceOf(document));

export const prepare = ({ index, line, content }: ReadDocument): Prepared => {
  if (Either.isLeft(content)) return { invalid: { index, line, action: "invalid", faults: content.left } };
  const validated = validate(content.right);
  if (Either.isLeft(validated)) {
    return { invalid: { index, line, action: "invalid", ...namedIn(content.right), faults: validated.left } };
  }
  const reference = Reference.format(referenceOf(validated.right.document));
  return { index, line, reference, ...validated.right };
};

/** The reference of a document that breaks some rule, where it gets so far. */
const namedIn = (content: unknown): { readonly reference?: string } => {
  if (!isObject(content) || !isObject(content["metadata"])) return {};
  const { kind, metadata } = content;
  const { namespace = Reference.DEFAULT_NAMESPACE, name } = metadata;
  if (typeof kind !== "string" || typeof namespace !== "string" || typeof name !== "string") return {};
  return { reference: Reference.format({ kind, namespace, name }) };
};
