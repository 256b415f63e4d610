import type { EntityRecord } from "@cadastre/domain/Entity";
import type { PatchOperation } from "@cadastre/domain/Event";
import * as Json from "@cadastre/domain/Json";
import { createPatch, type Pointer } from "rfc6902";

/** Longer lists are replaced whole: finding the least difference takes the product of their lengths. */
const MAX_LIST = 100;

/** What an event tells of a change: the JSON Patch over the document and `status.state`. */
export const difference = (before: EntityRecord, after: EntityRecord): ReadonlyArray<PatchOperation> =>
  createPatch(comparable(before), comparable(after), shortcut);

const comparable = ({ document, state }: EntityRecord): object => ({ ...document, status: { state } });

/**
 * Keeps the library's list difference, which compares every item with every other and descends into both, linear in the size
 * of the documents. A long list and an item of any list are equal or replaced whole. Undefined: the library decides.
 */
const shortcut = (before: Json.Json, after: Json.Json, at: Pointer): Array<Replacement> | undefined => {
  const isItem = INDEX.test(at.tokens.at(-1) ?? "");
  const isLong = Array.isArray(before) && Array.isArray(after) && Math.max(before.length, after.length) > MAX_LIST;
  if (!isItem && !isLong) return undefined;
  return Json.equals(before, after) ? [] : [{ op: "replace", path: at.toString(), value: after }];
};

interface Replacement {
  readonly op: "replace";
  readonly path: string;
  readonly value: Json.Json;
}

/** The key of an object may look like this too; then its value is replaced whole, which is as right. */
const INDEX = /^\d+$/;
