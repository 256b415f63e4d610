/**
 * References: how one entity names another. `kind:namespace/name`, compared without regard to case.
 *
 * The grammar is the one of the field's own parser: the first `:` ends the kind unless a `/` comes before it, the first
 * `/` after that ends the namespace, no part may be empty, and the characters of the parts are not checked
 * (`group:default/jane.roe@example.com` is a legal reference).
 */
import * as Either from "effect/Either";

export interface Reference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What the missing parts of a short form stand for, given by the field that holds the reference. */
interface ReferenceDefaults {
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
}

/** A reference in its canonical spelling, all lower case. Two references are equal if and only if their keys are. */
export type ReferenceKey = string;

export const DEFAULT_NAMESPACE = "default";

/** Characters. An entity's own reference has at most 191; the rest is room for references to what is no entity. */
export const MAX_LENGTH = 512;

/** Reads `name`, `namespace/name`, `kind:name` or `kind:namespace/name`. Left: a sentence that says what is wrong. */
export const parse = (text: string, defaults: ReferenceDefaults = {}): Either.Either<Reference, string> => {
  if (text.length > MAX_LENGTH) {
    return Either.left(
      `reference "${text.slice(0, 40)}…" has ${text.length} characters: at most ${MAX_LENGTH} are allowed`,
    );
  }
  const colon = text.indexOf(":");
  const firstSlash = text.indexOf("/");
  const hasKind = colon !== -1 && (firstSlash === -1 || colon < firstSlash);
  const rest = hasKind ? text.slice(colon + 1) : text;
  const slash = rest.indexOf("/");

  const kind = hasKind ? text.slice(0, colon) : defaults.kind;
  const namespace = slash === -1 ? (defaults.namespace ?? DEFAULT_NAMESPACE) : rest.slice(0, slash);
  const name = slash === -1 ? rest : rest.slice(slash + 1);

  const empty = kind === "" ? "kind" : namespace === "" ? "namespace" : name === "" ? "name" : undefined;
  if (empty !== undefined) {
    return Either.left(`reference "${text}" has an empty ${empty}: write [kind:][namespace/]name`);
  }
  if (kind === undefined) {
    return Either.left(
      `reference "${text}" has no kind, and this field implies none: write component:${text}, resource:${text} or the like`,
    );
  }
  return Either.right({ kind, namespace, name });
};

export const format = (reference: Reference): string => `${reference.kind}:${reference.namespace}/${reference.name}`;

export const key = (reference: Reference): ReferenceKey => format(reference).toLowerCase();
