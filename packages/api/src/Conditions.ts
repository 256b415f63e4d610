/**
 * Which entities are meant: the conditions that a list and counts share, and what is told of a filter.
 */
import { EntityState } from "@cadastre/domain/Entity";
import { DEFAULT_LIMIT, type EntityQuery } from "@cadastre/domain/EntityQuery";
import type { Fault } from "@cadastre/domain/Fault";
import * as Reference from "@cadastre/domain/Reference";
import * as Either from "effect/Either";
import * as Schema from "effect/Schema";
import { Integer, many, one, optional, text, word } from "./Parameters.ts";

/** An expression; its length and everything else about it is checked where it is compiled. */
export const expression = (description: string, example: string) => one(Schema.String, { description, example });

/** Conditions of different parameters must all hold. */
export const conditions = {
  kind: many(text(63), { description: "Any of these kinds, in any case.", example: "Component" }),
  namespace: many(text(63), { description: "Any of these namespaces.", example: "default" }),
  owner: many(text(253), {
    description: "Owned by any of these; a name alone is a group of the namespace `default`.",
    example: "group:default/checkout",
  }),
  tag: many(text(63), { description: "All of these tags.", example: "java" }),
  label: many(text(400), {
    description: "All of these labels: `key=value`, or `key` for any value.",
    example: "tier=1",
  }),
  state: many(word(...EntityState.literals), {
    description: "Any of these states; only active entities where neither this nor `filter` speaks of states.",
    example: "inactive",
  }),
  q: one(text(200), {
    description:
      "Words that must all occur in the name, title, description, tags or owner, in any case; the last one as a beginning too.",
    example: "paym",
  }),
  filter: expression(
    "An expression (CEL) that has to be true of the entity, as `docs/cel.md` describes.",
    'kind == "Component" && "java" in tags',
  ),
};

export type Conditions = Schema.Struct.Type<typeof conditions>;

/** What a filter could not be evaluated on. */
export const Unevaluated = Schema.Struct({
  count: Integer.annotations({ description: "How many of those that were evaluated." }),
  sample: Schema.Struct({
    reference: Schema.String.annotations({ examples: ["component:default/payments"] }),
    message: Schema.String.annotations({ examples: ["there is no field lifecycle"] }),
  }).annotations({ description: "The first of them, and why." }),
}).annotations({
  identifier: "Unevaluated",
  description:
    "Entities on which the filter ended in an error, a missing field most often; they are left out. What the store decides by itself is not evaluated and not counted.",
});

/** How a filter was dealt with. */
export const Explanation = Schema.Struct({
  filter: Schema.String,
  exact: Schema.Boolean.annotations({ description: "The store decides on all of it; nothing was evaluated." }),
  cost: Integer.annotations({ description: "Steps that one evaluation is estimated to take on a large entity." }),
  evaluated: Integer.annotations({ description: "Entities that were evaluated for this page." }),
  parts: Schema.Array(
    Schema.Struct({
      start: Integer.annotations({ description: "Where the part stands in the filter: characters from 0." }),
      end: Integer,
      text: Schema.String,
      pushed: Schema.Boolean.annotations({ description: "The store decides on it." }),
      reason: optional(Schema.String.annotations({ description: "Why the store does not." })),
    }),
  ),
}).annotations({ identifier: "Explanation", description: "Which part of a filter went where, and why." });

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
