/**
 * What a predicate says in the terms of a list, so that the indexes of lists serve it.
 */
import type { EntityState } from "./Entity.ts";
import type { EntityQuery } from "./EntityQuery.ts";
import { isOneOf, type Place, type Predicate, samePlace } from "./Predicate.ts";

/**
 * What every entity that meets a predicate also meets, in the terms of an {@link EntityQuery}: redundant, and there so that
 * indexes serve. Empty lists ask for nothing.
 */
export interface Narrowing extends Pick<EntityQuery, "kinds" | "namespaces" | "owners" | "tags" | "labels" | "states"> {
  /** Any of these; compared without case will do. */
  readonly names: ReadonlyArray<string>;
}

export const narrowing = (predicate: Predicate): Narrowing => {
  const parts = predicate._tag === "All" ? predicate.of : [predicate];
  const oneOf = (root: Place["root"], ...path: ReadonlyArray<string>): ReadonlyArray<string> => {
    const sets = parts
      .filter(isOneOf)
      .filter((part) => samePlace(part.at, { root, path }) && part.values.every((value) => typeof value === "string"));
    const [first = [], ...rest] = sets.map((part) => part.values.filter((value) => typeof value === "string"));
    return rest.reduce((smallest, values) => (values.length < smallest.length ? values : smallest), first);
  };
  return {
    kinds: oneOf("envelope", "kind"),
    namespaces: oneOf("envelope", "metadata", "namespace"),
    names: oneOf("envelope", "metadata", "name"),
    owners: oneOf("owner").includes("") ? [] : oneOf("owner"),
    states: oneOf("envelope", "status", "state").filter(isState),
    tags: parts.flatMap((part) =>
      part._tag === "Some" && isUnder(part.at, "tags") && part.at.path.length === 2 ? onlyText(part.holds) : [],
    ),
    labels: parts.flatMap((part) => {
      if ((part._tag !== "Present" && part._tag !== "OneOf") || !isUnder(part.at, "labels")) return [];
      const [, , key, ...deeper] = part.at.path;
      if (key === undefined || deeper.length > 0) return [];
      return [{ key, value: onlyText(part)[0] }];
    }),
  };
};

/** The query with what it leaves open narrowed. Names are left to the caller: a query has no place for them. */
export const narrow = (query: EntityQuery, by: Narrowing): EntityQuery => ({
  ...query,
  kinds: query.kinds.length === 0 ? by.kinds : query.kinds,
  namespaces: query.namespaces.length === 0 ? by.namespaces : query.namespaces,
  owners: query.owners.length === 0 ? by.owners : query.owners,
  states: query.states.length === 0 ? by.states : query.states,
  tags: [...new Set([...query.tags, ...by.tags])],
  labels: [
    ...query.labels,
    ...by.labels.filter(({ key, value }) => !query.labels.some((one) => one.key === key && one.value === value)),
  ],
});

const isState = (text: string): text is EntityState => text === "active" || text === "inactive";

const isUnder = ({ root, path }: Place, field: string): boolean =>
  root === "envelope" && path[0] === "metadata" && path[1] === field;

const onlyText = (predicate: Predicate): ReadonlyArray<string> => {
  const [value, ...more] = isOneOf(predicate) ? predicate.values : [];
  return typeof value === "string" && more.length === 0 ? [value] : [];
};
