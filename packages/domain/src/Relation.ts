/**
 * Relations between entities, derived from their specs.
 *
 * One fact, two readings: `payments ownedBy team-a` is `team-a ownerOf payments`. A fact is kept once, as an {@link Edge}
 * in its canonical direction (from the one that needs to the one that is needed), whichever of the two declared it.
 * Source of the table: the descriptor format's own processors (Backstage `BuiltinKindsEntityProcessor`).
 */
import * as Record from "effect/Record";
import type { EntityDocument } from "./Entity.ts";
import * as Reference from "./Reference.ts";

/**
 * Canonical relation → its inverse. An API needs its provider, as its consumers need the API: so what a component's failure
 * breaks is found by following needs alone.
 */
export const INVERSES = {
  ownedBy: "ownerOf",
  partOf: "hasPart",
  apiProvidedBy: "providesApi",
  consumesApi: "apiConsumedBy",
  dependsOn: "dependencyOf",
  memberOf: "hasMember",
  childOf: "parentOf",
} as const;

export type EdgeType = keyof typeof INVERSES;

export type RelationType = EdgeType | (typeof INVERSES)[EdgeType];

export const EDGE_TYPES: ReadonlyArray<EdgeType> = Record.keys(INVERSES);

/** The edges that relations stand for, in either reading. */
export const edgeTypesOf = (relations: ReadonlyArray<RelationType>): ReadonlyArray<EdgeType> =>
  EDGE_TYPES.filter((type) => relations.includes(type) || relations.includes(INVERSES[type]));

/** `from` needs `to`. Either end may be unregistered: then the edge dangles until it is. */
export interface Edge {
  readonly type: EdgeType;
  readonly from: Reference.ReferenceKey;
  readonly to: Reference.ReferenceKey;
}

/** A spec field that holds references. */
interface RelationField {
  readonly field: string;
  /** Kind of a reference that names none; undefined: it has to name one. */
  readonly defaultKind: string | undefined;
  readonly type: EdgeType;
  /** True where the declaring entity is the needed end (`Group.members`: each member is memberOf the group). */
  readonly reversed: boolean;
}

const field = (name: string, type: EdgeType, defaultKind: string | undefined, reversed = false): RelationField => ({
  field: name,
  type,
  defaultKind,
  reversed,
});

const owner = field("owner", "ownedBy", "Group");
const system = field("system", "partOf", "System");
const dependsOn = field("dependsOn", "dependsOn", undefined);
const dependencyOf = field("dependencyOf", "dependsOn", undefined, true);

const FIELDS = new Map<string, ReadonlyArray<RelationField>>([
  [
    "Component",
    [
      owner,
      system,
      field("subcomponentOf", "partOf", "Component"),
      field("providesApis", "apiProvidedBy", "API", true),
      field("consumesApis", "consumesApi", "API"),
      dependsOn,
      dependencyOf,
    ],
  ],
  ["API", [owner, system]],
  ["Resource", [owner, system, dependsOn, dependencyOf]],
  ["System", [owner, field("domain", "partOf", "Domain")]],
  ["Domain", [owner, field("subdomainOf", "partOf", "Domain")]],
  [
    "Group",
    [
      field("parent", "childOf", "Group"),
      field("children", "childOf", "Group", true),
      field("members", "memberOf", "User", true),
    ],
  ],
  ["User", [field("memberOf", "memberOf", "Group")]],
  ["Location", []],
  ["Template", [owner]],
]);

/** What a kind without rules of its own may declare: a team's custom resource has an owner and dependencies too. */
const OTHER: ReadonlyArray<RelationField> = [owner, system, dependsOn, dependencyOf];

export const fieldsOf = (kind: string): ReadonlyArray<RelationField> => FIELDS.get(kind) ?? OTHER;

/** The edges that a document declares, each once. References that cannot be read are left out: validation reports them. */
export const edgesOf = (document: EntityDocument): ReadonlyArray<Edge> => {
  const self = Reference.key({
    kind: document.kind,
    namespace: document.metadata.namespace,
    name: document.metadata.name,
  });
  const edges = new Map<string, Edge>();
  for (const { field, type, defaultKind, reversed } of fieldsOf(document.kind)) {
    for (const value of [document.spec?.[field]].flat()) {
      if (typeof value !== "string") continue;
      const parsed = Reference.parse(value, { kind: defaultKind, namespace: document.metadata.namespace });
      if (parsed._tag === "Left") continue;
      const other = Reference.key(parsed.right);
      const edge: Edge = reversed ? { type, from: other, to: self } : { type, from: self, to: other };
      edges.set(`${edge.type} ${edge.from} ${edge.to}`, edge);
    }
  }
  return [...edges.values()];
};

/** The key of the owner that a document names in `spec.owner`, whatever its kind; undefined where there is none to be read. */
export const ownerOf = (document: EntityDocument): Reference.ReferenceKey | undefined => {
  const value = document.spec?.["owner"];
  if (typeof value !== "string") return undefined;
  const parsed = Reference.parse(value, { kind: owner.defaultKind, namespace: document.metadata.namespace });
  return parsed._tag === "Left" ? undefined : Reference.key(parsed.right);
};
