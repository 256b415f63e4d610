/**
 * What completion scripts are made of.
 */

/** What may stand where a value is wanted. */
export type Value =
  /** Some word that cannot be known beforehand. */
  | { readonly _tag: "Any" }
  | { readonly _tag: "File" }
  | { readonly _tag: "Words"; readonly words: ReadonlyArray<string> };

/** A command, a group of them, or the program itself: what may follow the words that lead there. */
export interface Place {
  /** `entity list`; empty: the program. */
  readonly path: string;
  readonly commands: ReadonlyArray<readonly [name: string, about: string]>;
  /** By each of their names; without a value: a switch. */
  readonly options: ReadonlyArray<{ readonly name: string; readonly about: string; readonly value: Value | undefined }>;
  /** Of its arguments. */
  readonly argument: Value;
}
