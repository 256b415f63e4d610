/**
 * A change in words, for people who read it in a chat.
 */
import type { Callback } from "@cadastre/domain/CallbackChannel";
import { isObject, type Json } from "@cadastre/domain/Json";
import { isPing } from "./adapter.ts";
import { printable } from "./attempts.ts";

/** Text as it is, and what a program wrote: names, paths, values. */
export type Piece = string | { readonly code: string };

export interface Wording {
  readonly title: ReadonlyArray<Piece>;
  readonly changes: ReadonlyArray<ReadonlyArray<Piece>>;
}

/** Changes that are told one by one, and characters of a value that are shown. */
const MAX_CHANGES = 10;
const MAX_VALUE = 120;

export const wordingOf = (callback: Callback): Wording => {
  const { type, reference, actor, revision, patch } = callback.event;
  if (isPing(callback)) return { title: ["A test: what happens in the catalog will be told here."], changes: [] };
  if (typeof reference !== "string") return { title: ["In the catalog: ", { code: type }], changes: [] };
  const operations = Array.isArray(patch) ? patch.filter(isObject) : [];
  const more = operations.length - MAX_CHANGES;
  return {
    title: [
      { code: cut(reference) },
      ` ${WHAT[type] ?? "was changed"}`,
      ...(typeof actor === "string" ? [" by ", { code: cut(actor) }] : []),
      ...(typeof revision === "number" ? [` (revision ${revision})`] : []),
    ],
    changes: [
      ...operations.slice(0, MAX_CHANGES).map(change),
      ...(more > 0 ? [[`and ${more} more ${more === 1 ? "change" : "changes"}`]] : []),
    ],
  };
};

const WHAT: { readonly [type: string]: string } = {
  "entity.created": "was registered",
  "entity.deleted": "was deleted",
  "entity.activated": "is active again",
  "entity.deactivated": "was retired",
};

const change = ({ op, path, value }: { readonly [key: string]: Json }): ReadonlyArray<Piece> => {
  const place = { code: cut(typeof path === "string" ? path : "") };
  if (op === "remove") return [place, " was removed"];
  if (value === undefined) return [place, " was moved here"];
  return [
    place,
    op === "add" ? " was added: " : " is now ",
    { code: cut(typeof value === "string" ? value : JSON.stringify(value)) },
  ];
};

/** One line, at most so many characters; those that would turn the text around or control a terminal are replaced. */
const cut = (text: string): string => {
  const characters = [...printable(text.slice(0, 4 * MAX_VALUE)).replace(/\s+/g, " ")];
  return characters.length <= MAX_VALUE ? characters.join("") : `${characters.slice(0, MAX_VALUE - 1).join("")}…`;
};
