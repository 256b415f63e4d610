/**
 * How entities are found by text: what a word is, and which words an entity has. Stores keep these words as they are, so
 * that every store finds the same.
 *
 * A word is a run of letters and digits (`payments-api` has two), compared without case, diacritics (U+0300 to U+036F)
 * and typographic variants (Unicode NFKD), by its first {@link MAX_WORD} characters.
 */
import type { EntityDocument } from "./Entity.ts";
import * as Relation from "./Relation.ts";

const MAX_WORD = 64;

/** How many words of an entity are looked for, the first: with their fields, in UTF-8, less than the megabyte that fits an index. */
const MAX_ENTITY_WORDS = 4000;

/** How many words of a search count: all that people type. */
const MAX_WORDS = 32;

export interface SearchText {
  /** Each must occur. Without any, and without a beginning, nothing is found. */
  readonly words: ReadonlyArray<string>;
  /** A word that starts with this must occur: the last one may not be finished. */
  readonly beginning: string | undefined;
}

/**
 * Where words are looked for, the most telling first. The fewer of the first fields it takes to have every word, the more
 * relevant an entity is; among equals those come first that have the last word as it is, not only its beginning.
 */
export const FIELDS = ["name", "title", "tags", "owner", "description"] as const;

type SearchField = (typeof FIELDS)[number];

export const parse = (text: string): SearchText => {
  const all = wordsOf(text).slice(0, MAX_WORDS);
  return { words: [...new Set(all.slice(0, -1))], beginning: all.at(-1) };
};

/**
 * The words of an entity by field, each only in the first field that has it, at most {@link MAX_ENTITY_WORDS}. Of an owner's
 * reference the name counts.
 */
export const fieldsOf = (document: EntityDocument): { readonly [Field in SearchField]: ReadonlyArray<string> } => {
  const { name, title, tags, description } = document.metadata;
  const owner = Relation.ownerOf(document);
  const seen = new Set<string>();
  const fresh = (text: string | undefined): ReadonlyArray<string> =>
    text === undefined
      ? []
      : wordsOf(text).filter((word) => !seen.has(word) && seen.size < MAX_ENTITY_WORDS && seen.add(word));
  return {
    name: fresh(name),
    title: fresh(title),
    tags: fresh(tags?.join(" ")),
    owner: fresh(owner?.slice(owner.indexOf("/") + 1)),
    description: fresh(description),
  };
};

/** Upper case, because lower case depends on the place (σ and ς are both Σ) and has more letters (ß is SS). */
const wordsOf = (text: string): ReadonlyArray<string> => {
  const words = ASCII.test(text) ? text.toUpperCase().match(ASCII_WORD) : text.match(WORD)?.map(fold);
  return (words ?? []).map((word) => (word.length > MAX_WORD ? [...word].slice(0, MAX_WORD).join("") : word));
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII.
const ASCII = /^[\x00-\x7f]*$/;

const ASCII_WORD = /[A-Z0-9]+/g;

const WORD = /[\p{L}\p{N}\p{M}]+/gu;

const DIACRITICS = /[\u0300-\u036f]/gu;

const fold = (word: string): string =>
  word.normalize("NFKD").toUpperCase().normalize("NFKD").replaceAll(DIACRITICS, "");
