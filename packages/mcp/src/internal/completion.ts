/**
 * What a person who is typing may mean.
 */
import { Entities } from "@cadastre/core/Entities";
import { Facets } from "@cadastre/core/Facets";
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import * as Reference from "@cadastre/domain/Reference";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import type { Complete } from "../Resource.ts";
import { foundOf } from "./lookup.ts";

/** The most that the protocol lets one answer have. */
const MAX = 100;

const QUERY: EntityQuery = {
  kinds: [],
  namespaces: [],
  owners: [],
  tags: [],
  labels: [],
  states: [],
  order: { field: "name", descending: false },
  limit: MAX,
  after: undefined,
};

/** The parameters `kind`, `namespace` and `name` of an entity's URI. */
export const parts: Effect.Effect<Complete, never, Entities | Facets> = Effect.gen(function* () {
  const entities = yield* Entities;
  const facets = yield* Facets;
  return (parameter, value, others) => {
    const query = { ...QUERY, kinds: given(others["kind"]), namespaces: given(others["namespace"]) };
    if (parameter === "name") {
      return Effect.map(entities.list(prefixed(query, value)), ({ items }) => {
        const names = items.map((item) => foundOf(item).entity.metadata.name.toLowerCase());
        return [...new Set(names)].filter((name) => name.startsWith(value.toLowerCase()));
      });
    }
    if (parameter !== "kind" && parameter !== "namespace") return Effect.succeed([]);
    return Effect.map(facets.count(query, [{ _tag: "Field", field: parameter }], { limit: MAX }), ({ facets }) =>
      facets
        .flatMap(({ values }) => values.map((it) => it.value.toLowerCase()))
        .filter((it) => it.startsWith(value.toLowerCase())),
    );
  };
});

/** A whole reference. */
export const references: Effect.Effect<(value: string) => ReturnType<Complete>, never, Entities> = Effect.map(
  Entities,
  (entities) => (value) =>
    Effect.map(
      entities.list(
        prefixed(QUERY, Either.match(Reference.parse(value), { onLeft: () => value, onRight: ({ name }) => name })),
      ),
      ({ items }) => items.map((item) => foundOf(item).key),
    ),
);

const given = (value: string | undefined): ReadonlyArray<string> =>
  value === undefined || value === "" ? [] : [value];

const prefixed = (query: EntityQuery, value: string): EntityQuery =>
  value.trim() === "" ? query : { ...query, text: value, order: { field: "relevance", descending: false } };
