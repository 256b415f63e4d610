/**
 * The conditions that a list and counts share, as the domain asks them.
 */
import type { conditions } from "@cadastre/api/Conditions";
import { DEFAULT_LIMIT, type EntityQuery } from "@cadastre/domain/EntityQuery";
import type { Fault } from "@cadastre/domain/Fault";
import * as Reference from "@cadastre/domain/Reference";
import * as Either from "effect/Either";
import type * as Schema from "effect/Schema";

export type Conditions = Schema.Struct.Type<typeof conditions>;

/** The query with defaults for all that is no condition; what cannot be read is put to `faults`. */
export const toQuery = (given: Conditions, faults: Array<Fault>): EntityQuery => ({
  kinds: given.kind ?? [],
  namespaces: given.namespace ?? [],
  owners: (given.owner ?? []).flatMap((text) =>
    Either.match(Reference.parse(text, { kind: "group" }), {
      onLeft: (message) => {
        faults.push({ path: "owner", message });
        return [];
      },
      onRight: (reference) => [Reference.key(reference)],
    }),
  ),
  tags: given.tag ?? [],
  labels: (given.label ?? []).map(toLabel),
  states: given.state ?? [],
  text: given.q,
  order: { field: given.q === undefined ? "name" : "relevance", descending: false },
  limit: DEFAULT_LIMIT,
  after: undefined,
});

const toLabel = (text: string) => {
  const equals = text.indexOf("=");
  return equals === -1
    ? { key: text, value: undefined }
    : { key: text.slice(0, equals), value: text.slice(equals + 1) };
};
